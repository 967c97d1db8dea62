"""Unreachable recipients. Each problem is reported once: in the log and in the fallback channel."""

import asyncio

import structlog

NO_SUCH_CHANNEL = "the bot is in no channel of that name"
NOT_IN_CHANNEL = "not_in_channel"
"""Slack's word."""
SHARED = "shared with another company; slack.allow_shared_channels is off"
NOT_JOINED = "the bot isn't in it, so it can't check whether another company shares it"
NO_SUCH_USER = "nobody has this user name or display name"
_HINTS = {
    NO_SUCH_CHANNEL: "Invite the bot there, unarchive it, or correct {setting}.",
    NOT_JOINED: "Invite the bot to the channel, or use the channel's ID in {setting}.",
    SHARED: "Turn slack.allow_shared_channels on if that company may read the requests.",
    NO_SUCH_USER: "Correct the name in {setting}, or use the user's ID.",
    NOT_IN_CHANNEL: "Invite the bot there.",
    "channel_not_found": "Invite the bot there, or correct {setting}.",
    "is_archived": "Unarchive the channel, or take it out of {setting}.",
    "messages_tab_disabled": "Switch on the Messages tab of the app's Home.",
    "users_not_found": "Correct the address in {setting}, or take it out.",
    "user_disabled": "Take this person out of {setting}.",
    "user_not_found": "Correct the user's ID in {setting}, or take it out.",
}
_MISSING_SCOPE = "missing_scope"
_SCOPE_HINT = "Add the scope to the app and install it again."
_HINT = "See what the channel or the workspace allows, or correct {setting}."

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def recipient_hint(problem: str, setting: str = "role_to_recipients") -> str:
    """Return what to do about a recipient of this setting that can't be reached."""
    cure = _SCOPE_HINT if problem.startswith(_MISSING_SCOPE) else _HINTS.get(problem, _HINT)
    return cure.format(setting=setting)


class UnreachableRecipients:
    def __init__(self) -> None:
        self._problems: dict[str, str] = {}
        self._unreported: dict[str, str] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._problems)

    def __contains__(self, name: str) -> bool:
        return name in self._problems

    def mark_unreachable(self, name: str, problem: str) -> None:
        """Say that nothing can be posted there, unless that was said."""
        if self._problems.get(name) == problem:
            return
        self._problems[name] = self._unreported[name] = problem
        log.error("recipient_unreachable", recipient=name, error=problem)
        self._news.set()

    def mark_reachable(self, name: str) -> None:
        if self._problems.pop(name, None) is not None:
            self._unreported.pop(name, None)
            log.info("recipient_recovered", recipient=name)

    async def next_unreported(self) -> str:
        """Wait for an unreported problem, and return the sentence that reports it."""
        while not self._unreported:
            self._news.clear()
            await self._news.wait()
        name, problem = self._unreported.popitem()
        return (
            f"Access requests cannot be announced to {name}: {problem}. {recipient_hint(problem)}"
        )
