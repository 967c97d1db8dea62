"""An access request: requester, roles, resources, times, thresholds and reviews.

Times are aware and in UTC; None stands for a time that Teleport didn't set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

Annotations: TypeAlias = Mapping[str, tuple[str, ...]]
"""Values by key."""
NO_ANNOTATIONS: Annotations = MappingProxyType({})


class RequestState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    PROMOTED = "promoted"
    """Approved for longer: the requester became a member of an access list."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """A limit on the access to a resource, such as some of a node's logins."""

    principal: str = ""
    """Kind of the entries in `allowed`: `login` or `role ARN`."""
    allowed: tuple[str, ...] = ()
    readable: bool = True
    """False if the message has fields or a version that this client doesn't know."""


@dataclass(frozen=True, slots=True)
class ResourceId:
    """A requested resource; `sub_resource` is `namespace/pod` for a pod."""

    cluster: str
    kind: str
    name: str
    sub_resource: str = ""
    constraints: Constraints | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """Number of approvals and denials that resolve a request; 0 means never."""

    approve: int
    deny: int
    name: str = ""
    filter: str = ""
    """A predicate over reviews. Only the server evaluates it; see `Review.threshold_indexes`."""


@dataclass(frozen=True, slots=True)
class Review:
    author: str
    state: RequestState
    """The state that the author proposes: approved or denied."""
    reason: str = ""
    created: datetime | None = None
    threshold_indexes: tuple[int, ...] = ()
    """Positions in the request's `thresholds` that this review counts for."""
    submitted_by: str = ""
    """The submitter of a review on behalf of the author. Empty before v18.11."""
    assume_start: datetime | None = None
    """Start of the access that an approval sets. It takes effect even if the request stays pending,
    and the last review with a start counts."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """Extra fields of a dry run's response."""

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
    """End of the granted access (or of the access that would be granted)."""
    expires: datetime | None = None
    """Time at which the request expires: until then it can be reviewed."""
    reason: str = ""
    resolve_reason: str = ""
    thresholds: tuple[Threshold, ...] = ()
    role_thresholds: Mapping[str, tuple[tuple[int, ...], ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """Threshold sets per role. All sets must be met; any of its thresholds meets a set."""
    reviews: tuple[Review, ...] = ()
    suggested_reviewers: tuple[str, ...] = ()
    more_reviewers: int = 0
    """Number of suggested reviewers beyond the first hundred, which are left out."""
    resources: tuple[ResourceId, ...] = ()
    assume_start: datetime | None = None
    """Start of the approved access."""
    promoted_to: str = ""
    """Title of the access list, when promoted."""
    long_term: bool = False
    dry_run: DryRun | None = None
    session_until: datetime | None = None
    """End of a session that starts at the creation: the longest session lasts until then."""
    annotations: Annotations | None = field(default_factory=lambda: NO_ANNOTATIONS)
    """Values by key that the requester's roles set (`system_annotations`), None if they're too
    many to remember."""

    @property
    def pending(self) -> bool:
        return self.state is RequestState.PENDING

    def has_expired(self, now: datetime) -> bool:
        """Return whether the request is past its expiry. Teleport deletes it a while later."""
        return self.expires is not None and self.expires <= now

    @property
    def removed_roles(self) -> tuple[str, ...]:
        """Requested roles that an approver left out. Each requested role has its thresholds."""
        return tuple(role for role in self.role_thresholds if role not in self.roles)

    @property
    def original_roles(self) -> tuple[str, ...]:
        """The requested roles, also those that an approver left out (GetOriginalRoles)."""
        if len(self.role_thresholds) in {0, len(self.roles)}:
            return self.roles
        return tuple(sorted(self.role_thresholds))

    def review_by(self, author: str) -> Review | None:
        if not self.reviews:  # by far the most requests in a list
            return None
        return next((review for review in self.reviews if review.author == author), None)


@dataclass(frozen=True, slots=True)
class NewAccessRequest:
    """A request to create. `access_until` is an absolute time, which Teleport caps."""

    user: str
    roles: tuple[str, ...]
    reason: str = ""
    access_until: datetime | None = None
    suggested_reviewers: tuple[str, ...] = ()
    assume_start: datetime | None = None
    """Start of the approved access, at most seven days from now. None is the approval."""
    resources: tuple[ResourceId, ...] = ()
    """Without `roles`, Teleport selects those of the user's `search_as_roles` that apply."""
    expires: datetime | None = None
    """Time until which the request can be reviewed, at most seven days from now and not after
    `access_until`. None is that maximum."""
    session_until: datetime | None = None
    """Limits single sessions: the time from the creation to it. Access can last longer."""
    expiry_in_spec: bool = True
    """See `ClusterInfo.expiry_in_spec`."""


@dataclass(frozen=True, slots=True)
class AccessCapabilities:
    """Roles that a user can request, without those the user has."""

    requestable_roles: tuple[str, ...]
    suggested_reviewers: tuple[str, ...] = ()
    """Users that the user's roles suggest as reviewers."""
    request_prompt: str = ""
    """A text of the user's roles about what to request."""
