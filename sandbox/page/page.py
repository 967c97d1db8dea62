"""The whole page at one location."""

from dataclasses import dataclass, replace
from functools import cached_property

from markupsafe import Markup

from sandbox.page.environment import render
from sandbox.page.first_steps import Step, first_steps, next_things
from sandbox.page.location import (
    ABOUT,
    NO_PANEL,
    PANEL_IN_FRONT,
    TELEPORT,
    Location,
    PaneLocation,
)
from sandbox.page.pane import Pane, actors
from sandbox.page.render.reader import Reader
from sandbox.page.session import Session
from sandbox.page.side_panel import SidePanel
from sandbox.page.sidebar import visible_channel
from sandbox.slack.control.control_api import ControlApi
from sandbox.slack.workspace.state import Workspace


@dataclass(frozen=True)
class Page:
    """Everything that the template of the page shows."""

    workspace: Workspace
    control_api: ControlApi
    session: Session
    panel: SidePanel | None
    location: Location

    @classmethod
    def at(
        cls,
        location: Location,
        workspace: Workspace,
        control_api: ControlApi,
        session: Session,
        panel: SidePanel | None,
    ) -> "Page":
        """Return the page. Unknown people and hidden channels become the default ones."""
        panes = tuple(_existing(workspace, pane) for pane in location.panes)
        is_missing = panel is None and location.panel == TELEPORT
        valid = replace(location, panes=panes, panel=NO_PANEL if is_missing else location.panel)
        return cls(workspace, control_api, session, panel, valid)

    def render(self) -> Markup:
        return render("page.html", page=self)

    @property
    def title(self) -> str:
        return ", ".join(f"{pane.person.real_name}: {pane.title}" for pane in self.panes)

    @property
    def mark(self) -> int:
        """Return the number of changes that the page shows."""
        return self.workspace.changes.count

    @cached_property
    def panes(self) -> list[Pane]:
        return [self._pane(index) for index in range(len(self.location.panes))]

    @property
    def can_write(self) -> bool:
        """Whether the first pane has a message field."""
        composer = self.panes[0].composer
        return composer is not None and composer.problem is None

    @property
    def is_app_connected(self) -> bool:
        return bool(self.control_api.status()["sockets"])

    @property
    def steps(self) -> tuple[Step, ...]:
        return first_steps(self.workspace.app, self.session, self.panel, self.location)

    @property
    def next_things(self) -> tuple[Step, ...]:
        """Return more to try after the first steps, none before."""
        is_finished = bool(self.steps) and self.current_step == len(self.steps)
        return next_things(self.location) if is_finished else ()

    @property
    def current_step(self) -> int:
        """Return the index of the first step that hasn't happened."""
        return next((at for at, step in enumerate(self.steps) if not step.done), len(self.steps))

    @property
    def teleport(self) -> Markup:
        """Return the content of the Teleport panel, if it is open."""
        if self.panel is None:
            return Markup()
        people = tuple(dict.fromkeys(pane.person for pane in self.location.panes))
        return self.panel.render(self.location.tab, people)

    @property
    def has_teleport(self) -> bool:
        return self.panel is not None

    @property
    def teleport_version(self) -> str:
        return self.panel.version if self.panel else ""

    @property
    def shows_teleport(self) -> bool:
        return self.location.panel == TELEPORT

    @property
    def shows_about(self) -> bool:
        return self.location.panel == ABOUT

    @property
    def is_panel_in_front(self) -> bool:
        """Whether a narrow screen shows the panel instead of a pane."""
        return self.location.front == PANEL_IN_FRONT

    @property
    def teleport_url(self) -> str:
        return self.location.with_panel(TELEPORT).url

    @property
    def about_url(self) -> str:
        return self.location.with_panel(ABOUT).url

    @property
    def close_url(self) -> str:
        return self.location.with_panel(NO_PANEL).url

    @property
    def alone_url(self) -> str:
        return self.location.alone(0).url

    @property
    def beside_url(self) -> str:
        """Return the address with a second person: bob, unless bob is the first one."""
        first = self.location.panes[0].person
        return self.location.beside(PaneLocation("alice" if first == "bob" else "bob")).url

    def front_url(self, front: str) -> str:
        return self.location.with_front(front).url

    def _pane(self, index: int) -> Pane:
        person = self.workspace.find_person(self.location.panes[index].person)
        assert person is not None  # noqa: S101 - `at` has replaced unknown people
        reader = Reader(self.workspace, person, self.workspace.now())
        return Pane(self.workspace, self.control_api, self.session, reader, self.location, index)


def _existing(workspace: Workspace, pane: PaneLocation) -> PaneLocation:
    people = actors(workspace)
    person = next((one for one in people if one.name == pane.person), people[0])
    return replace(
        pane, person=person.name, channel=visible_channel(workspace, person, pane.channel)
    )
