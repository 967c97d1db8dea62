"""One Web API call."""

from dataclasses import dataclass
from enum import Enum, auto

from sandbox.cast import AccountType
from sandbox.slack.backend import Backend
from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.arguments import Arguments
from sandbox.slack.workspace.conversations import Conversation, Kind
from sandbox.slack.workspace.state import Workspace


class TokenKind(Enum):
    BOT = auto()
    """Bot token, `xoxb-`."""
    APP = auto()
    """App-level token, `xapp-`."""


@dataclass(frozen=True)
class Call:
    """The arguments of an authenticated call, and the workspace."""

    backend: Backend
    args: Arguments
    token: TokenKind | None = TokenKind.BOT
    """None for a call without a token."""

    @property
    def workspace(self) -> Workspace:
        return self.backend.workspace

    def require(self, scope: str) -> None:
        """Raise SlackError unless the app has the scope."""
        granted = self.workspace.app.scopes
        if scope not in granted:
            provided = ",".join(sorted(granted))
            raise SlackError("missing_scope", needed=scope, provided=provided)

    def channel(self, name: str = "channel") -> Conversation:
        """Return the conversation with the ID, if it is visible to the app.

        Raises SlackError otherwise. A private channel without the app counts as missing.
        """
        conversation = self.workspace.conversations.get(self.args.text(name))
        if conversation is None:
            raise SlackError("channel_not_found")
        hidden = conversation.kind is not Kind.PUBLIC
        if hidden and self.workspace.app.bot_user not in conversation.members:
            raise SlackError("channel_not_found")
        return conversation

    def direct_with(self, user: str) -> Conversation:
        """Return the DM of a person and the app.

        Raises SlackError for unknown users, deactivated users and bots.
        """
        person = self.workspace.people.get(user)
        if person is None:
            raise SlackError("user_not_found")
        if person.account_type is AccountType.DEACTIVATED:
            raise SlackError("user_disabled")
        if person.account_type is AccountType.BOT:
            raise SlackError("cannot_dm_bot")
        return self.workspace.direct_with(user)
