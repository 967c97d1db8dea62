"""One pane: a person, the person's sidebar, and the open conversation."""

from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from sandbox.cast import AccountType, Person
from sandbox.page.composer import Composer, channel_composer, thread_composer
from sandbox.page.conversation import Messages, Thread, Timeline
from sandbox.page.faces import Face, face_of
from sandbox.page.local_time import zone_name
from sandbox.page.location import APP_HOME, Location, PaneLocation
from sandbox.page.render.home import render_home
from sandbox.page.render.modal import render_modal
from sandbox.page.render.reader import Reader
from sandbox.page.session import Session
from sandbox.page.sidebar import Sidebar, sidebar_of
from sandbox.page.titles import conversation_title
from sandbox.slack.control.control_api import ControlApi
from sandbox.slack.workspace.conversations import Conversation, Kind
from sandbox.slack.workspace.state import Workspace

_ACTORS = {
    AccountType.MEMBER: "",
    AccountType.GUEST: " (guest)",
    AccountType.STRANGER: " (other company)",
}
"""Types of accounts that can act, with the note behind the name."""

_KINDS = {
    Kind.PRIVATE: "Private channel",
    Kind.PERSONAL: "Direct message",
    Kind.GROUP: "Group direct message",
}


@dataclass(frozen=True)
class PersonOption:
    """A person to select, and the address of the page as that person."""

    name: str
    url: str
    is_current: bool


def actors(workspace: Workspace) -> list[Person]:
    """Return the accounts that can use the workspace."""
    return [one for one in workspace.people.values() if one.account_type in _ACTORS]


@dataclass(frozen=True)
class Pane:
    """Everything that the template of a pane shows."""

    workspace: Workspace
    control_api: ControlApi
    session: Session
    reader: Reader
    location: Location
    index: int

    @property
    def person(self) -> Person:
        return self.reader.person

    @property
    def place(self) -> PaneLocation:
        return self.location.panes[self.index]

    @property
    def label(self) -> str:
        """Return an accessible name, which is unique if both panes show one person."""
        return f"Pane {self.index + 1}, {self.person.real_name}"

    @property
    def face(self) -> Face:
        return face_of(self.workspace, self.person.slack_user_id)

    @property
    def zone(self) -> str:
        return zone_name(self.reader)

    @property
    def people(self) -> list[PersonOption]:
        return [
            PersonOption(
                f"{one.real_name}{_ACTORS[one.account_type]}",
                self.location.with_pane(self.index, self._same_place(one)).url,
                one == self.person,
            )
            for one in actors(self.workspace)
        ]

    @cached_property
    def sidebar(self) -> Sidebar:
        return sidebar_of(
            self.workspace, self.session.marks, self.person, self.location, self.index
        )

    @property
    def is_home(self) -> bool:
        return self.place.channel == APP_HOME

    @property
    def title(self) -> str:
        if self.is_home:
            return "App Home"
        if self.channel is None:
            return self.workspace.app.name
        return conversation_title(self.workspace, self.channel)

    @property
    def note(self) -> str:
        """Return the facts about the conversation below its title."""
        if self.channel is None:
            return f"Published by {self.workspace.app.name}"
        if self.channel.kind is Kind.DIRECT:
            return "Messages from the app to you"
        kind = _KINDS.get(self.channel.kind, "Channel")
        shared = ", shared with another company" if self.channel.shared else ""
        return f"{kind} with {len(self.channel.members)} members{shared}"

    @cached_property
    def channel(self) -> Conversation | None:
        return None if self.is_home else self.workspace.conversation(self.place.channel)

    @property
    def unread_here(self) -> int:
        """Return the number of new messages in the open conversation."""
        if self.channel is None:
            return 0
        return self.session.marks.unread(self.person.slack_user_id, self.channel)

    @property
    def home(self) -> Markup:
        view = self.control_api.views(self.person.name)["home"]
        return render_home(self.reader, view)

    @property
    def timeline(self) -> Timeline:
        return self._messages.timeline()

    @cached_property
    def thread(self) -> Thread | None:
        return None if self.is_home else self._messages.thread()

    @property
    def composer(self) -> Composer | None:
        if self.channel is None:
            return None
        return channel_composer(self.workspace, self.person, self.channel, self.index)

    @property
    def thread_composer(self) -> Composer | None:
        if self.channel is None or self.thread is None:
            return None
        ts = self.thread.ts
        return thread_composer(self.workspace, self.person, self.channel, self.index, ts)

    @property
    def modals(self) -> list[Markup]:
        """Return the person's modals, in the person's first pane only."""
        if any(pane.person == self.person.name for pane in self.location.panes[: self.index]):
            return []
        views = self.control_api.views(self.person.name)["modals"]
        return [render_modal(self.reader, view) for view in views]

    @cached_property
    def _messages(self) -> Messages:
        messages = self.control_api.messages(self.place.channel, self.person.name)
        return Messages(self.reader, self.session.bodies, messages, self.location, self.index)

    def _same_place(self, person: Person) -> PaneLocation:
        is_direct = self.place.channel.startswith("@")
        return PaneLocation(person.name, f"@{person.name}" if is_direct else self.place.channel)
