"""The first-run hint: three steps that show the purpose of the bot."""

from dataclasses import dataclass

from sandbox.page.location import TELEPORT, Location, PaneLocation
from sandbox.page.session import Session
from sandbox.page.side_panel import SidePanel
from sandbox.slack.workspace.app import App

_COMMAND = "/teleport-request"
_EXAMPLE = f"{_COMMAND} staging because redis is stuck"
REQUESTER, _REVIEWER = "alice", "bob"


@dataclass(frozen=True)
class Step:
    """One step, and the link to the part of the page where it happens."""

    before: str
    action: str
    after: str
    done: bool
    url: str
    typed: str = ""
    """Text that a click on the step writes into the requester's message field."""
    button: str = ""
    """Action ID of the button that a click on the step points at."""


def first_steps(
    app: App, session: Session, panel: SidePanel | None, location: Location
) -> tuple[Step, ...]:
    """Return the steps, or none if the user dismissed them or the workspace can't play them."""
    is_installed = app.features is not None and _COMMAND in app.features.commands
    if panel is None or session.hint_dismissed or not is_installed:
        return ()
    progress = panel.progress()
    return (
        Step(
            "As Alice, send ",
            _EXAMPLE,
            "",
            progress.requested,
            _front_of(location, REQUESTER),
            typed=_EXAMPLE,
        ),
        Step(
            "As Bob, click ",
            "Approve",
            "",
            progress.approved,
            _front_of(location, _REVIEWER),
            button="approve",
        ),
        Step(
            "In the ",
            "Teleport panel",
            ", run Alice's login and see her reach staging",
            progress.assumed,
            location.with_panel(TELEPORT).url,
        ),
    )


def _front_of(location: Location, person: str) -> str:
    """Return the address with a pane of the person, in front on a narrow screen."""
    for index, pane in enumerate(location.panes):
        if pane.person == person:
            return location.with_front(str(index + 1)).url
    if len(location.panes) == 1:
        return location.beside(PaneLocation(person)).url
    return location.with_pane(0, PaneLocation(person)).url
