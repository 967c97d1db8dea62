"""The list of a person's conversations."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sandbox.cast import Person
from sandbox.page.location import APP_HOME, Location, PaneLocation
from sandbox.page.read_marks import ReadMarks
from sandbox.slack.workspace.conversations import Conversation, Kind
from sandbox.slack.workspace.state import Workspace

_SIGNS = {
    Kind.PUBLIC: "#",
    Kind.PRIVATE: "lock",
    Kind.DIRECT: "",
    Kind.PERSONAL: "lock",
    Kind.GROUP: "lock",
}


@dataclass(frozen=True)
class Entry:
    """A link to a conversation or to the app's Home tab."""

    channel: str
    name: str
    url: str
    is_current: bool
    sign: str = ""
    """`#`, or the name of a shape in the template."""
    unread: int = 0
    is_app: bool = False


@dataclass(frozen=True)
class Sidebar:
    """A person's channels, and the conversations with the app."""

    channels: tuple[Entry, ...]
    apps: tuple[Entry, ...]

    @property
    def unread(self) -> int:
        return sum(entry.unread for entry in (*self.channels, *self.apps))


def sidebar_of(
    workspace: Workspace, marks: ReadMarks, person: Person, location: Location, index: int
) -> Sidebar:
    """Return the sidebar of one pane."""

    def entry(channel: str, name: str, sign: str) -> Entry:
        target = location.with_pane(index, PaneLocation(person.name, channel))
        is_current = location.panes[index].channel == channel
        return Entry(channel, name, target.url, is_current, sign)

    def listed(conversation: Conversation) -> Entry:
        is_direct = conversation.kind is Kind.DIRECT
        name = workspace.app.name if is_direct else conversation.name
        return replace(
            entry(conversation.name, name, _SIGNS[conversation.kind]),
            unread=marks.unread(person.slack_user_id, conversation),
            is_app=is_direct,
        )

    seen = list(_conversations(workspace, person))
    home = (entry(APP_HOME, "App Home", "home"),) if workspace.app.has_home else ()
    return Sidebar(
        channels=tuple(listed(one) for one in seen if one.kind is not Kind.DIRECT),
        apps=(*(listed(one) for one in seen if one.kind is Kind.DIRECT), *home),
    )


def visible_channel(workspace: Workspace, person: Person, channel: str) -> str:
    """Return the channel if the person can open it, otherwise the person's first one."""
    if channel == APP_HOME and workspace.app.has_home:
        return channel
    names = [one.name for one in _conversations(workspace, person)]
    if channel in names:
        return channel
    direct = f"@{person.name}"
    is_direct = channel.startswith("@")
    return direct if is_direct else next((one for one in names if one != direct), direct)


def _conversations(workspace: Workspace, person: Person) -> Iterator[Conversation]:
    """Yield the person's conversations. A DM exists in the sidebar if the app may write there."""
    for one in workspace.conversations.values():
        has_tab = one.kind is not Kind.DIRECT or workspace.app.has_messages_tab
        if workspace.can_see(person, one) and has_tab:
            yield one
