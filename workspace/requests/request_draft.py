"""What a person asks for, on its way between a command, a form and a button."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter

from workspace.requests.user_error import UserError
from workspace.views.parts.untrusted import safe_text

MOST_REVIEWERS = 20
_REVIEWERS_CHARACTERS = 1000
REASON_BYTES = 4096
"""Teleport's own limit on a reason (api/types/access_request.go)."""
EXACT = ConfigDict(extra="forbid")
"""For values in Slack: a field of another version isn't ignored."""
Duration = Annotated[timedelta, Field(gt=timedelta(), le=timedelta(days=366))]


@dataclass(frozen=True, slots=True)
class RequestDraft:
    __pydantic_config__ = EXACT

    roles: tuple[str, ...] = ()
    reason: str = ""
    duration: Duration | None = None
    reviewers: tuple[str, ...] = ()
    """Teleport user names; also what was typed in place of one."""
    anyway: bool = False
    """Ask although the same is asked for already."""
    shorter: bool = False
    """Ask although Teleport gives it for less long."""
    any_reviewers: bool = False
    """Request although a suggested reviewer can't review it."""
    cut: bool = False
    """The reason is only the beginning of what was written."""

    @property
    def has_reason(self) -> bool:
        """Whether the reason says anything that can be seen."""
        return bool(safe_text(self.reason, REASON_BYTES))

    def packed(self) -> str:
        """Write it down for a button or a form, as short JSON."""
        return _ASKS.dump_json(self, exclude_defaults=True).decode()


_ASKS = TypeAdapter(RequestDraft)


def draft_from_json(text: str) -> RequestDraft:
    """Read what `packed` wrote. Raises ValueError on anything else."""
    return _ASKS.validate_json(text)


def check_reviewers(reviewers: Sequence[str]) -> None:
    """Refuse more than anybody means to ask, and more than a form can carry along."""
    if len(reviewers) > MOST_REVIEWERS or sum(map(len, reviewers)) > _REVIEWERS_CHARACTERS:
        raise UserError(
            f"Name at most {MOST_REVIEWERS} reviewers. Nothing was asked for.",
            reason="too_many_reviewers",
        )


def check_reason(reason: str) -> None:
    """Refuse a reason that Teleport would refuse for its length."""
    size = len(reason.encode())
    if size > REASON_BYTES:
        raise UserError(
            f"The reason is {size} bytes long and Teleport keeps {REASON_BYTES}. Shorten it, for"
            " instance to a link to the ticket.",
            reason="reason_too_long",
        )
