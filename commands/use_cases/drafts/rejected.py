"""Results of the validation that leave the draft with the user.

Each rejection belongs to a field of the draft, so that the form can show it there.
"""

from dataclasses import dataclass
from enum import Enum, auto

from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError


class DraftField(Enum):
    ROLES = auto()
    REASON = auto()
    REVIEWERS = auto()
    START = auto()
    END = auto()
    RESOURCES = auto()
    EXPIRY = auto()


@dataclass(frozen=True, slots=True)
class ReasonNeeded:
    """Teleport requires a reason. `prompts` are those of the requested roles."""

    draft: RequestDraft
    prompts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing was requested. `field` is the field of the draft to correct."""

    error: UserError
    field: DraftField = DraftField.ROLES
    corrections: tuple[RequestDraft, ...] = ()
    """Drafts that differ from the rejected one in misspelled roles, the most likely one first."""
