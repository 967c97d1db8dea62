"""An access request as Teleport keeps it: who asks for what, until when, and who said what.

Every time is an absolute moment, aware and in UTC, and None where Teleport gave none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class RequestState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    PROMOTED = "promoted"
    """Granted lastingly, by adding the person to an access list."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What access to a resource is limited to, such as some of a node's logins."""

    principal: str = ""
    """What `allowed` lists: `login` or `role ARN`."""
    allowed: tuple[str, ...] = ()
    readable: bool = True
    """False if the server says more than this version can read."""


@dataclass(frozen=True, slots=True)
class ResourceId:
    """One thing asked for by name; `sub_resource` is `namespace/pod` for a pod."""

    cluster: str
    kind: str
    name: str
    sub_resource: str = ""
    constraints: Constraints | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """How many reviews decide; 0 means that they never do in that direction."""

    approve: int
    deny: int
    name: str = ""
    filter: str = ""
    """A predicate over reviews; the server says which thresholds a review counts for."""


@dataclass(frozen=True, slots=True)
class Review:
    author: str
    state: RequestState
    """What the author proposes: approved or denied."""
    reason: str = ""
    created: datetime | None = None
    threshold_indexes: tuple[int, ...] = ()
    """Positions in the request's `thresholds` that this review counts for."""
    submitted_by: str = ""
    """Who handed it in, when that was not the author. Empty before v18.11."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a server says of a request that it was asked not to store."""

    reason_required: bool
    reason_prompts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessRequest:
    id: str
    user: str
    roles: tuple[str, ...]
    state: RequestState
    created: datetime | None = None
    access_until: datetime | None = None
    """When the elevated access ends (or would end)."""
    expires: datetime | None = None
    """When the request itself ends: the deadline for a decision while it is pending."""
    reason: str = ""
    resolve_reason: str = ""
    thresholds: tuple[Threshold, ...] = ()
    role_thresholds: Mapping[str, tuple[tuple[int, ...], ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """Per role the sets that must all be met; a set is met by any one of its thresholds."""
    reviews: tuple[Review, ...] = ()
    suggested_reviewers: tuple[str, ...] = ()
    more_reviewers: int = 0
    """How many suggested reviewers are left out here, of more than a hundred."""
    resources: tuple[ResourceId, ...] = ()
    assume_start: datetime | None = None
    """The earliest moment at which approved access may be used."""
    promoted_to: str = ""
    """Title of the access list, when promoted."""
    long_term: bool = False
    dry_run: DryRun | None = None

    @property
    def pending(self) -> bool:
        return self.state is RequestState.PENDING

    def review_by(self, author: str) -> Review | None:
        return next((review for review in self.reviews if review.author == author), None)


@dataclass(frozen=True, slots=True)
class NewAccessRequest:
    """What a person asks for. `access_until` is absolute: Teleport caps it."""

    user: str
    roles: tuple[str, ...]
    reason: str = ""
    access_until: datetime | None = None
    suggested_reviewers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessCapabilities:
    """What a user may ask for beyond the roles already held."""

    requestable_roles: tuple[str, ...]
