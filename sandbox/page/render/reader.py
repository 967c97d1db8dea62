"""The person who reads the rendered text."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sandbox.cast import Person
from sandbox.slack.workspace.state import Workspace


@dataclass(frozen=True)
class Reader:
    """The reader's workspace, account and clock. `now` is in seconds since 1970."""

    workspace: Workspace
    person: Person
    now: float

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.person.timezone)

    def person_name(self, slack_user_id: str) -> str:
        """Return a user's full name, or the ID if the workspace has no such user."""
        person = self.workspace.people.get(slack_user_id)
        return slack_user_id if person is None else person.real_name

    def channel_name(self, channel_id: str) -> str:
        """Return a channel's name, or the ID if the workspace has no such channel."""
        conversation = self.workspace.conversations.get(channel_id)
        return channel_id if conversation is None else conversation.name
