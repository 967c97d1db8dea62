"""Why a recipient can't get messages, and how to fix it."""

NOT_LISTED = "the bot isn't in a channel with this name"
NOT_IN_CHANNEL = "not_in_channel"
"""Slack's code."""
SHARED = "shared with another organization; slack.allow_shared_channels is off"
NOT_JOINED = "the bot isn't in it, so it can't check whether another organization shares it"
NO_SUCH_USER = "no user has this user name or display name"
_HINTS = {
    NOT_LISTED: (
        "Invite the bot with /invite in the channel, even if it is public. Or unarchive the"
        " channel, or fix {setting}."
    ),
    NOT_JOINED: "Invite the bot to the channel, or use the channel's ID in {setting}.",
    SHARED: "Turn slack.allow_shared_channels on if that organization may read the requests.",
    NO_SUCH_USER: "Fix the name in {setting}, or use the user's ID.",
    NOT_IN_CHANNEL: "Invite the bot to the channel.",
    "channel_not_found": "Invite the bot to the channel, or fix {setting}.",
    "is_archived": "Unarchive the channel, or remove it from {setting}.",
    "messages_tab_disabled": "Turn on the Messages tab in the app's App Home settings.",
    "users_not_found": "Fix the email address in {setting}, or remove it.",
    "user_disabled": "Remove this user from {setting}.",
    "user_not_found": "Fix the user's ID in {setting}, or remove it.",
}
_MISSING_SCOPE = "missing_scope"
_SCOPE_HINT = "Reinstall the app with the manifest's scopes."
_OTHER_HINT = "Check the channel's posting permissions, or fix {setting}."


def recipient_hint(problem: str, setting: str = "role_to_recipients") -> str:
    """Return how to fix an unreachable recipient of this setting."""
    hint = _SCOPE_HINT if problem.startswith(_MISSING_SCOPE) else _HINTS.get(problem, _OTHER_HINT)
    return hint.format(setting=setting)
