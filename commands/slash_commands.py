"""The slash commands, shortcuts and events as the Slack app's manifest describes them.

`teleport-chatops manifest` imports this module, so it imports no listener, no Bolt and no gRPC.
`register.py` connects each name to its listener.
"""

from dataclasses import dataclass

REQUEST, PENDING = "/teleport-request", "/teleport-pending"
APPROVE, DENY = "/teleport-approve", "/teleport-deny"


@dataclass(frozen=True, slots=True)
class SlashCommand:
    name: str
    description: str
    usage_hint: str


COMMANDS = (
    SlashCommand(REQUEST, "Request access to Teleport roles", "staging for 2h because … | help"),
    SlashCommand(
        PENDING,
        "List access requests",
        "[mine | reviewable | suggested | active | all] [search] | help",
    ),
    SlashCommand(APPROVE, "Approve an access request", "[id] [reason] | help"),
    SlashCommand(DENY, "Deny an access request", "[id] [reason] | help"),
)

HOME_OPENED = "app_home_opened"
"""Event type: a user opened one of the app's tabs."""

REQUEST_SHORTCUT, REQUEST_FOR_MESSAGE = "request_access", "request_access_for_message"


@dataclass(frozen=True, slots=True)
class Shortcut:
    callback_id: str
    for_messages: bool
    """Whether it belongs to a message, instead of the whole workspace."""
    name: str
    description: str


SHORTCUTS = (
    Shortcut(
        REQUEST_SHORTCUT,
        for_messages=False,
        name="Request access",
        description="Request access to Teleport roles or resources",
    ),
    Shortcut(
        REQUEST_FOR_MESSAGE,
        for_messages=True,
        name="Request access",
        description="Request access, with a link to this message as the reason",
    ),
)
