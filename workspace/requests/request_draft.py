"""The draft of an access request, on its way between a command, a form and a button.

Drafts travel through Slack as JSON in buttons. Messages outlive versions of the bot, so a field's
name in JSON never changes: a Python field with another name has an alias.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter

from workspace.moment import Moment
from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_text

MOST_REVIEWERS = 20
_REVIEWERS_CHARACTERS = 1000
"""Total length of reviewers' names that a form's private metadata has room for."""
REASON_BYTES = 4096
"""Teleport's limit on a reason (api/types/access_request.go)."""
EXACT = ConfigDict(extra="forbid")
"""For values in Slack: a field of another version isn't ignored."""
Duration = Annotated[timedelta, Field(gt=timedelta(), le=timedelta(days=366))]
AllowDuplicate = Annotated[bool, Field(alias="anyway")]
_LEEWAY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RequestDraft:
    __pydantic_config__ = EXACT

    roles: tuple[str, ...] = ()
    reason: str = ""
    duration: Duration | None = None
    reviewers: tuple[str, ...] = ()
    """Teleport user names, and typed names without a known Teleport user."""
    allow_duplicate: AllowDuplicate = False
    """Create the request even if an equal one is pending."""
    allow_shorter: Annotated[bool, Field(alias="shorter")] = False
    """Create the request even if Teleport allows less than `duration`."""
    any_reviewers: bool = False
    """Create the request even if a suggested reviewer can't review it."""
    truncated: Annotated[bool, Field(alias="cut")] = False
    """Only the beginning of the reason or of the roles is left."""
    start: Moment | None = None
    """Start of the access. None is the approval."""
    until: Moment | None = None
    """End of the access, instead of `duration`."""
    resources: tuple[str, ...] = ()
    """In Teleport's text form, `/cluster/kind/name`."""
    expires: Moment | None = None
    """Time until which the request can be reviewed. None is the longest that Teleport allows."""
    session: Duration | None = None
    """Longest single session. None is the longest that Teleport allows."""

    @property
    def has_reason(self) -> bool:
        """Whether the reason contains visible text."""
        return has_text(self.reason)

    def ends_at(self, requested_at: datetime) -> datetime | None:
        """Return the end of the wanted access, None for the longest that Teleport allows."""
        if self.duration is None:
            return self.until
        return (self.start or requested_at) + self.duration

    def is_longer_than(self, access_until: datetime | None, requested_at: datetime) -> bool:
        """Return whether access ends before the wanted end of this draft."""
        wanted = self.ends_at(requested_at)
        if wanted is None or access_until is None:
            return False
        return access_until + _LEEWAY < wanted

    def to_json(self) -> str:
        """Return short JSON for a button."""
        return _DRAFTS.dump_json(self, by_alias=True, exclude_defaults=True).decode()


_DRAFTS = TypeAdapter(RequestDraft)


def draft_from_json(text: str) -> RequestDraft:
    """Read the JSON of `to_json`. Raises ValueError for any other text."""
    return _DRAFTS.validate_json(text)


def check_reviewers(reviewers: Sequence[str]) -> None:
    """Raise UserError for more reviewers than a form's private metadata has room for."""
    if len(reviewers) > MOST_REVIEWERS or sum(map(len, reviewers)) > _REVIEWERS_CHARACTERS:
        raise UserError(
            f"You can suggest up to {MOST_REVIEWERS} reviewers. Nothing was requested.",
            reason="too_many_reviewers",
        )


def has_text(reason: str) -> bool:
    """Return whether a reason contains visible text."""
    return bool(safe_text(reason, REASON_BYTES))


def check_reason(reason: str) -> None:
    """Raise UserError for a reason that Teleport rejects for its length."""
    size = len(reason.encode())
    if size > REASON_BYTES:
        raise UserError(
            f"Your reason is {size} bytes long; Teleport's limit is {REASON_BYTES}. Shorten it, or"
            " link to a ticket.",
            reason="reason_too_long",
        )
