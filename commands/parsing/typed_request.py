"""A parsed command line, with the parts that need a lookup: hosts, and the user's time zone."""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from commands.parsing.durations import LONGEST
from commands.parsing.moments import TypedMoment
from commands.parsing.resources import TypedResource
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_name


@dataclass(frozen=True, slots=True)
class TypedRequest:
    """A draft, and the parts of the command line that it doesn't contain yet."""

    draft: RequestDraft
    resources: tuple[TypedResource, ...] = ()
    start: TypedMoment | None = None
    until: TypedMoment | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the user named neither a role nor a resource."""
        return not self.draft.roles and not self.resources

    def resolve(self, now: datetime, zone: tzinfo) -> RequestDraft:
        """Return the draft with instants. Raises UserError with a question or a correction."""
        if self.until is not None and self.draft.duration is not None:
            raise wrong_times("Use either “for” or “until”, not both.")
        start = _start(self.start, now, zone) if self.start else None
        until = _end(self.until, start, now, zone) if self.until else None
        return replace(self.draft, start=start, until=until)


def _start(typed: TypedMoment, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the start, None for `now`: access then starts with the approval."""
    start = typed.resolve(now, zone)
    if start > now:
        return start
    if typed.after is None:
        raise wrong_times(f"“{safe_name(typed.text)}” has passed. Choose a later start.")
    return None


def _end(typed: TypedMoment, start: datetime | None, now: datetime, zone: tzinfo) -> datetime:
    until, text = typed.resolve(now, zone), safe_name(typed.text)
    if until <= now:
        raise wrong_times(f"“{text}” has passed. Choose a later end.")
    if start is not None and until <= start:
        raise wrong_times(f"Access would end ({text}) before it starts.")
    if until - now > LONGEST:
        raise wrong_times(f"“{text}” is more than {LONGEST.days} days from now.")
    return until


def wrong_times(sentence: str) -> UserError:
    return UserError(f"{sentence} Nothing was requested.", reason="bad_time")
