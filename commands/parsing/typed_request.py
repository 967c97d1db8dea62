"""A parsed command line, with the parts that need a lookup: hosts, and the user's time zone."""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from commands.parsing.moments import TypedMoment
from commands.parsing.resources import TypedResource
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError


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
        start = self.start.resolve(now, zone) if self.start else None
        if self.start is not None and self.start.after is not None and start == now:
            start = None
        until = self.until.resolve(now, zone) if self.until else None
        return replace(self.draft, start=start, until=until)


def wrong_times(sentence: str) -> UserError:
    return UserError(f"{sentence} Nothing was requested.", reason="bad_time")
