"""The workspace: users, conversations, views and the app."""

from collections.abc import Callable

from sandbox.cast import CHANNELS, OTHER_TEAM, PEOPLE, AccountType, Channel, Person
from sandbox.slack.workspace.app import App
from sandbox.slack.workspace.changes import Changes
from sandbox.slack.workspace.conversations import Conversation, Kind
from sandbox.slack.workspace.identifiers import Identifiers
from sandbox.slack.workspace.messages import Content, Message
from sandbox.slack.workspace.views import Screen

_BOT_NAME = "teleport-chatops"
_PAIR = 2


class Workspace:
    """State of the workspace. Each change is announced to the waiters."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.changes = Changes()
        self.ids = Identifiers(now)
        self.app = App()
        self.people: dict[str, Person] = {}
        self.conversations: dict[str, Conversation] = {}
        self.screens: dict[str, Screen] = {}
        self._populate()

    def add_person(self, person: Person) -> None:
        """Add a person, with a DM with the app.

        A person who already exists keeps conversations and views, and can change the account type.
        """
        self.people[person.slack_user_id] = person
        self.screens.setdefault(person.slack_user_id, Screen())
        if person.account_type is not AccountType.BOT:
            self._add(
                Conversation(
                    id="D" + person.slack_user_id[1:],
                    name=f"@{person.name}",
                    kind=Kind.DIRECT,
                    members={person.slack_user_id, self.app.bot_user},
                )
            )

    def set_up(self, channel: Channel) -> None:
        """Create a channel, or a DM of people."""
        members = {
            person.slack_user_id for name in channel.members if (person := self.find_person(name))
        }
        self._add(
            Conversation(
                id=channel.id,
                name=channel.name,
                kind=_kind_of(channel),
                members=members | ({self.app.bot_user} if channel.bot_is_member else set()),
                shared=channel.shared,
            )
        )

    def find_person(self, name: str) -> Person | None:
        """Return a person by name or Slack user ID."""
        if name in self.people:
            return self.people[name]
        return next((one for one in self.people.values() if one.name == name), None)

    def conversation(self, name: str) -> Conversation | None:
        """Return a conversation by ID, channel name, or `@` and a person's name."""
        if name in self.conversations:
            return self.conversations[name]
        wanted = name.removeprefix("#")
        return next((one for one in self.conversations.values() if one.name == wanted), None)

    def direct_with(self, user: str) -> Conversation:
        """Return a user's DM with the app."""
        return self.conversations["D" + user[1:]]

    def team_of(self, person: Person) -> str:
        return OTHER_TEAM if person.account_type is AccountType.STRANGER else self.app.team_id

    def can_see(self, person: Person, conversation: Conversation) -> bool:
        """Return whether a person sees a conversation. Full members also see public channels."""
        if person.slack_user_id in conversation.members:
            return True
        return conversation.kind is Kind.PUBLIC and person.account_type is AccountType.MEMBER

    def post(
        self,
        conversation: Conversation,
        content: Content,
        *,
        user: str | None = None,
        thread_ts: str | None = None,
        shown_to: str | None = None,
    ) -> Message:
        """Add a message, from the app unless `user` is given."""
        message = Message(
            ts=self.ids.ts(),
            channel=conversation.id,
            user=user or self.app.bot_user,
            versions=[content],
            thread_ts=thread_ts,
            shown_to=shown_to,
        )
        conversation.add(message)
        self.changes.announce()
        return message

    def edit(self, message: Message, content: Content) -> None:
        message.edit(content)
        self.changes.announce()

    def delete(self, message: Message) -> None:
        message.deleted = True
        self.changes.announce()

    def _populate(self) -> None:
        bot = Person(_BOT_NAME, self.app.bot_user, "Teleport ChatOps", account_type=AccountType.BOT)
        for person in (*PEOPLE, bot):
            self.add_person(person)
        for channel in CHANNELS:
            self.set_up(channel)

    def _add(self, conversation: Conversation) -> None:
        self.conversations.setdefault(conversation.id, conversation)


def _kind_of(channel: Channel) -> Kind:
    if channel.direct:
        return Kind.PERSONAL if len(channel.members) == _PAIR else Kind.GROUP
    return Kind.PRIVATE if channel.private else Kind.PUBLIC
