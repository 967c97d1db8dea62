"""Access requests: list, create, review, resolve and watch them.

Lists come from a cache of the server that can be a moment old; a read by ID doesn't. Without the
permission to list requests, Teleport returns empty lists and NotFound instead of an error; see
`teleport_client/visibility.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import uuid4

from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client.errors import DRY_RUN, LimitExceeded, NotFound, TeleportError
from teleport_client.model.access_request import (
    NO_ANNOTATIONS,
    AccessCapabilities,
    AccessRequest,
    Annotations,
    DryRun,
    NewAccessRequest,
    RequestState,
    ResourceId,
    Review,
    Threshold,
)
from teleport_client.rpc.channel import RpcChannel
from teleport_client.rpc.limits import DEADLINE, PAGE_SIZE
from teleport_client.rpc.timestamps import time_from, time_to
from teleport_client.services.events import WatchedKind
from teleport_client.services.known_requests import KnownRequests
from teleport_client.services.resources import resource_to, resources_from

MOST_REVIEWERS, LONGEST_NAME, LONGEST_REASON = 100, 256, 4096
"""Limits of stored text, in characters: many requests are in memory at a time."""
LONGEST_ANNOTATIONS = 4096
"""Limit of all stored annotations of a request, in bytes."""
_STATES = {
    types.RequestState.PENDING: RequestState.PENDING,
    types.RequestState.APPROVED: RequestState.APPROVED,
    types.RequestState.DENIED: RequestState.DENIED,
    types.RequestState.PROMOTED: RequestState.PROMOTED,
}
_STATE_NUMBERS = {state: number for number, state in _STATES.items()}


@dataclass(frozen=True, slots=True)
class NewestRequests:
    """The first page of a list."""

    requests: tuple[AccessRequest, ...]
    """Newest first."""
    complete: bool
    """Whether the list has no more pages."""


class AccessRequestService:
    def __init__(self, channel: RpcChannel) -> None:
        self._auth = channel.auth
        self._known = KnownRequests(request_from)

    async def get(self, request_id: str, *, deadline: float = DEADLINE) -> AccessRequest:
        """Return a request by its full ID, read from storage and not from a cache.

        Raises NotFound. Teleport still returns an expired request until it is cleaned up.
        """
        page, _ = await self._list_page(
            types.AccessRequestFilter(ID=request_id), "", 1, deadline=deadline
        )
        if not page or page[0].Metadata.Name != request_id:
            raise NotFound(
                f'access request "{request_id}" not found',
                method="ListAccessRequests",
                code="NOT_FOUND",
            )
        return request_from(page[0])

    async def list(
        self,
        *,
        user: str = "",
        state: RequestState | None = None,
        deadline: float = DEADLINE,
    ) -> tuple[AccessRequest, ...]:
        """Return all requests, newest first; only those of a user or in a state if given.

        `deadline` is per page.
        """
        wanted = _filter(user, state)
        found: dict[str, AccessRequest] = {}
        key, size = "", PAGE_SIZE
        while True:
            page, key, size = await self._fitting_page(wanted, key, size, deadline=deadline)
            found.update((request.id, request) for request in map(self._known.convert, page))
            if not key:
                return tuple(found.values())

    async def list_newest(
        self,
        *,
        user: str = "",
        state: RequestState | None = None,
        deadline: float = DEADLINE,
    ) -> NewestRequests:
        """Return the first page of `list` with a single call."""
        page, key, _ = await self._fitting_page(
            _filter(user, state), "", PAGE_SIZE, deadline=deadline
        )
        return NewestRequests(tuple(map(self._known.convert, page)), complete=not key)

    async def _fitting_page(
        self, wanted: types.AccessRequestFilter, key: str, size: int, *, deadline: float
    ) -> tuple[Sequence[types.AccessRequestV3], str, int]:
        """Return a page, the key of the next one, and the number of requests that fit."""
        while True:
            try:
                return *await self._list_page(wanted, key, size, deadline=deadline), size
            except LimitExceeded:
                if size == 1:
                    raise
                size //= 2  # the page was too large for the server's or our message limit

    async def _list_page(
        self, wanted: types.AccessRequestFilter, key: str, size: int, *, deadline: float
    ) -> tuple[Sequence[types.AccessRequestV3], str]:
        page = await self._auth.ListAccessRequests(
            proto.ListAccessRequestsRequest(
                Filter=wanted,
                Sort=proto.AccessRequestSort.CREATED,
                Descending=True,
                Limit=size,
                StartKey=key,
            ),
            timeout=deadline,
        )
        return page.AccessRequests, page.NextKey

    async def get_capabilities(
        self, user: str, *, deadline: float = DEADLINE
    ) -> AccessCapabilities:
        """Return the roles that `user` can request. Expensive: the server loads every role."""
        query = types.AccessCapabilitiesRequest(
            User=user, RequestableRoles=True, SuggestedReviewers=True
        )
        return capabilities_from(await self._auth.GetAccessCapabilities(query, timeout=deadline))

    async def roles_for_resources(
        self, user: str, resources: Sequence[ResourceId], *, deadline: float = DEADLINE
    ) -> tuple[str, ...]:
        """Return the roles that `user` can request for at least one of the resources.

        Raises InvalidArgument or PermissionDenied if there are none.
        """
        query = types.AccessCapabilitiesRequest(User=user, ResourceIDs=map(resource_to, resources))
        found = await self._auth.GetAccessCapabilities(query, timeout=deadline)
        return tuple(sorted(found.ApplicableRolesForResources))

    async def create(self, new: NewAccessRequest, *, deadline: float = DEADLINE) -> AccessRequest:
        """Create a request and return it with the ID that the server assigned."""
        message = new_request_to(new, dry_run=False)
        return request_from(await self._auth.CreateAccessRequestV2(message, timeout=deadline))

    async def dry_run(self, new: NewAccessRequest, *, deadline: float = DEADLINE) -> AccessRequest:
        """Return the request as the server would create it, without creating it.

        The server accepts a missing reason here; see `DryRun.reason_required` (from v18 on).
        """
        message = new_request_to(new, dry_run=True)
        try:
            return request_from(await self._auth.CreateAccessRequestV2(message, timeout=deadline))
        except TeleportError as error:
            error.method = DRY_RUN  # unlike the method itself, safe to repeat
            raise

    async def submit_review(
        self, request_id: str, review: Review, *, deadline: float = DEADLINE
    ) -> AccessRequest:
        """Submit a review on behalf of its author and return the request after it.

        Teleport checks the author's own roles. Needs `submit_for_users` and a server with
        gravitational/teleport#66254; an older server raises OnBehalfNotAllowed.
        """
        return request_from(
            await self._auth.SubmitAccessReview(
                types.AccessReviewSubmission(RequestID=request_id, Review=review_to(review)),
                timeout=deadline,
            )
        )

    async def set_state(
        self,
        request_id: str,
        state: RequestState,
        *,
        delegator: str,
        reason: str = "",
        roles: Sequence[str] = (),
        assume_start: datetime | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        """Resolve a request regardless of its thresholds. The audit log names `delegator`.

        An approval can grant only some of the `roles`, and start the access later. The server
        rejects roles outside of the request, and a start outside of its limits (InvalidArgument).
        """
        message = proto.RequestStateSetter(
            ID=request_id,
            State=state_to(state),
            Delegator=delegator,
            Reason=reason,
            Roles=roles,
        )
        if assume_start is not None:
            message.AssumeStartTime.CopyFrom(time_to(assume_start))
        await self._auth.SetAccessRequestState(message, timeout=deadline)

    async def delete(self, request_id: str, *, deadline: float = DEADLINE) -> None:
        await self._auth.DeleteAccessRequest(proto.RequestID(ID=request_id), timeout=deadline)


def _filter(user: str, state: RequestState | None) -> types.AccessRequestFilter:
    wanted = types.AccessRequestFilter(User=user)
    if state is not None:
        wanted.State = state_to(state)
    return wanted


def state_from(number: types.RequestState.ValueType) -> RequestState:
    """Return the state. A stored request always has one; an unknown one counts as pending."""
    return _STATES.get(number, RequestState.PENDING)


def state_to(state: RequestState) -> types.RequestState.ValueType:
    return _STATE_NUMBERS[state]


def request_from(message: types.AccessRequestV3) -> AccessRequest:
    spec = message.Spec
    return AccessRequest(
        id=message.Metadata.Name,
        user=spec.User,
        roles=tuple(spec.Roles),
        state=state_from(spec.State),
        created=time_from(spec.Created),
        access_until=time_from(spec.Expires),
        expires=time_from(spec.ResourceExpiry) or time_from(message.Metadata.Expires),
        reason=spec.RequestReason,
        resolve_reason=spec.ResolveReason,
        thresholds=tuple(_threshold_from(threshold) for threshold in spec.Thresholds),
        role_thresholds=MappingProxyType(
            {
                role: tuple(tuple(one.Indexes) for one in sets.Sets)
                for role, sets in sorted(spec.RoleThresholdMapping.items())
            }
        ),
        reviews=tuple(_review_from(review) for review in spec.Reviews),
        suggested_reviewers=_reviewers_from(spec),
        more_reviewers=max(0, len(spec.SuggestedReviewers) - MOST_REVIEWERS),
        resources=resources_from(spec),
        assume_start=time_from(spec.AssumeStartTime),
        promoted_to=spec.accessList.Title,
        long_term=spec.RequestKind == types.AccessRequestKind.LONG_TERM,
        dry_run=_dry_run_from(spec),
        session_until=time_from(spec.SessionTTL),
        annotations=_annotations_from(spec),
    )


def _annotations_from(spec: types.AccessRequestSpecV3) -> Annotations | None:
    found = spec.SystemAnnotations.Values
    if not found:
        return NO_ANNOTATIONS
    if spec.SystemAnnotations.ByteSize() > LONGEST_ANNOTATIONS:
        return None
    return MappingProxyType({key: tuple(each.Values) for key, each in found.items()})


def _reviewers_from(spec: types.AccessRequestSpecV3) -> tuple[str, ...]:
    """Return the first reviewers. Teleport limits neither their number nor their names."""
    first = spec.SuggestedReviewers[:MOST_REVIEWERS]
    return tuple(name for name in first if len(name) <= LONGEST_NAME)


def new_request_to(new: NewAccessRequest, *, dry_run: bool) -> types.AccessRequestV3:
    """Return the message. The server sets its own name, but rejects a name that isn't a UUID."""
    spec = types.AccessRequestSpecV3(
        User=new.user,
        Roles=new.roles,
        RequestReason=new.reason,
        SuggestedReviewers=new.suggested_reviewers,
        RequestedResourceIDs=map(resource_to, new.resources),
        DryRun=dry_run,
    )
    if new.access_until is not None:
        spec.MaxDuration.CopyFrom(time_to(new.access_until))
    if new.session_until is not None:
        # The server replaces it by the end of the access (lib/services/access_request.go).
        spec.Expires.CopyFrom(time_to(new.session_until))
    if new.assume_start is not None:
        spec.AssumeStartTime.CopyFrom(time_to(new.assume_start))
    metadata = types.Metadata(Name=str(uuid4()))
    if new.expires is not None:
        keeper, field = (spec, "ResourceExpiry") if new.expiry_in_spec else (metadata, "Expires")
        getattr(keeper, field).CopyFrom(time_to(new.expires))
    return types.AccessRequestV3(Kind="access_request", Version="v3", Metadata=metadata, Spec=spec)


def review_to(review: Review) -> types.AccessReview:
    """Return the message for a review on behalf of its author."""
    message = types.AccessReview(
        Author=review.author,
        ProposedState=state_to(review.state),
        Reason=review.reason,
        submitted_on_behalf_of_author=True,
    )
    if review.assume_start is not None:
        message.AssumeStartTime.CopyFrom(time_to(review.assume_start))
    return message


def capabilities_from(message: types.AccessCapabilities) -> AccessCapabilities:
    return AccessCapabilities(
        requestable_roles=tuple(message.RequestableRoles),
        suggested_reviewers=tuple(message.SuggestedReviewers),
        request_prompt=message.RequestPrompt,
    )


def _threshold_from(message: types.AccessReviewThreshold) -> Threshold:
    return Threshold(
        approve=message.Approve, deny=message.Deny, name=message.Name, filter=message.Filter
    )


def _review_from(message: types.AccessReview) -> Review:
    return Review(
        author=message.Author,
        state=state_from(message.ProposedState),
        reason=message.Reason[:LONGEST_REASON],
        created=time_from(message.Created),
        threshold_indexes=tuple(message.ThresholdIndexes),
        submitted_by=message.SubmittedBy,
        assume_start=time_from(message.AssumeStartTime),
    )


def _dry_run_from(spec: types.AccessRequestSpecV3) -> DryRun | None:
    if not spec.HasField("DryRunEnrichment"):
        return None
    return DryRun(
        reason_required=spec.DryRunEnrichment.ReasonMode == "required",
        reason_prompts=tuple(spec.DryRunEnrichment.ReasonPrompts),
    )


ACCESS_REQUESTS: WatchedKind[AccessRequest] = WatchedKind(
    "access_request", "AccessRequest", request_from
)
