"""The first-run hint: three steps that show the purpose of the bot, and more to try after them."""

from dataclasses import dataclass, replace

from sandbox.page.location import TELEPORT, Location, PaneLocation
from sandbox.page.session import Session
from sandbox.page.side_panel import SidePanel
from sandbox.slack.workspace.app import App

_COMMAND = "/teleport-request"
_EXAMPLE = f"{_COMMAND} staging because redis is stuck"
_PROD_EXAMPLE = f"{_COMMAND} prod because shard 3 is down"
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
    """Name of the button that a click on the step points at."""


def next_things(location: Location) -> tuple[Step, ...]:
    """Return suggestions for the time after the first steps."""
    requester, reviewer = _front_of(location, REQUESTER), _front_of(location, _REVIEWER)
    access = _access_of(location)
    return (
        Step("", "prod needs two approvals", "", False, requester, typed=_PROD_EXAMPLE),
        Step("", "deny", "", False, reviewer, button="deny"),
        Step("", "tsh", "", False, access, button="tsh"),
    )


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
            _access_of(location),
            button="login",
        ),
    )


def _access_of(location: Location) -> str:
    """Return the address with the panel's first tab, which shows who reaches what."""
    return replace(location.with_panel(TELEPORT), tab="").url


def _front_of(location: Location, person: str) -> str:
    """Return the address with a pane of the person, in front on a narrow screen."""
    for index, pane in enumerate(location.panes):
        if pane.person == person:
            return location.with_front(str(index + 1)).url
    if len(location.panes) == 1:
        return location.beside(PaneLocation(person)).url
    return location.with_pane(0, PaneLocation(person)).url
