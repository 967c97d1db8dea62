"""The person who sees a rendered surface."""

from dataclasses import dataclass

from sandbox.cast import Person
from sandbox.slack.workspace.state import Workspace


@dataclass(frozen=True)
class Reader:
    """One person at one time. The person's zone is the zone of all dates."""

    workspace: Workspace
    person: Person
    now: float
    """Unix time, in seconds."""
