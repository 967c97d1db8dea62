"""The parts of the stand-in that the Web API and user actions share."""

from dataclasses import dataclass

from sandbox.slack.control.faults import Faults
from sandbox.slack.control.journal import Journal
from sandbox.slack.pace import Pace
from sandbox.slack.response_urls.registry import ResponseUrls
from sandbox.slack.socket_mode.delivery import Delivery
from sandbox.slack.socket_mode.tickets import Tickets
from sandbox.slack.triggers import Triggers
from sandbox.slack.workspace.state import Workspace


@dataclass(frozen=True)
class Backend:
    """One running workspace, reachable at `url`."""

    url: str
    workspace: Workspace
    journal: Journal
    faults: Faults
    pace: Pace
    triggers: Triggers
    response_urls: ResponseUrls
    tickets: Tickets
    delivery: Delivery
