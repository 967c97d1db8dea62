"""ListAccessRequests and GetAccessRequestsV2."""

from collections.abc import Callable, Iterable, Iterator

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.calls.lists import first_page, has_keywords
from sandbox.teleport.calls.requests.requested_resources import resources_of
from sandbox.teleport.calls.requests.visibility import require_not_denied, sees_all, visible
from sandbox.teleport.errors import BadParameter, ConnectionProblem
from sandbox.teleport.go_text import rfc3339
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.request_expiry import has_expired
from sandbox.teleport.timestamps import moment
from teleport_client._proto.authservice_pb2 import (
    AccessRequestSort,
    ListAccessRequestsRequest,
    ListAccessRequestsResponse,
)
from teleport_client._proto.types_pb2 import (
    NONE,
    PENDING,
    AccessRequestFilter,
    AccessRequestScope,
    AccessRequestV3,
    RequestState,
)

_PAGE = 1000
_LARGEST_PAGE = 16_000

SortKey = Callable[[AccessRequestV3], str]


def list_access_requests(
    cluster: Cluster, caller: Caller, query: ListAccessRequestsRequest
) -> ListAccessRequestsResponse:
    """Return one page. Only a lookup by ID is sure to see the latest write.

    A start key can be any text: it is only compared. A limit below zero ends a real server's
    process, and its clients lose the connection.
    """
    if query.Limit < 0:
        raise ConnectionProblem("a real Auth Service has ended now: index out of range [-1]")
    if query.Limit > _LARGEST_PAGE:
        raise BadParameter(f"page size of {query.Limit} is too large")
    found = _seen(cluster, caller, query.Filter)
    key = _SORT_KEYS[query.Sort]
    rest = sorted(_from(found, query, key), key=key, reverse=query.Descending)
    page, next_key = first_page(rest, query.Limit or _PAGE, key)
    return ListAccessRequestsResponse(AccessRequests=page, NextKey=next_key)


def all_access_requests(
    cluster: Cluster, caller: Caller, query: AccessRequestFilter
) -> list[AccessRequestV3]:
    return sorted(_seen(cluster, caller, query), key=_by_id)


def _seen(
    cluster: Cluster, caller: Caller, query: AccessRequestFilter
) -> Iterator[AccessRequestV3]:
    require_not_denied(caller)
    candidates: Iterable[AccessRequestV3]
    if query.ID:
        stored = cluster.requests.get(query.ID)
        candidates = [stored] if stored is not None else []
    else:
        now, features = cluster.now(), cluster.features
        candidates = (it for it in cluster.requests.listed() if not has_expired(it, now, features))
    everything = sees_all(caller)
    return (
        request
        for request in candidates
        if _matches(query, request, caller.name) and (everything or visible(caller, request))
    )


def _matches(query: AccessRequestFilter, request: AccessRequestV3, requester: str) -> bool:
    spec = request.Spec
    return (
        query.ID in ("", request.Metadata.Name)
        and query.User in ("", spec.User)
        and query.State in (NONE, spec.State)
        and (not query.Scope or _in_scope(query.Scope, request, requester))
        and (
            not query.SearchKeywords or has_keywords(query.SearchKeywords, _search_fields(request))
        )
    )


def _in_scope(
    scope: AccessRequestScope.ValueType, request: AccessRequestV3, requester: str
) -> bool:
    own = request.Spec.User == requester
    reviewed = any(review.Author == requester for review in request.Spec.Reviews)
    match scope:
        case AccessRequestScope.MY_REQUESTS:
            return own
        case AccessRequestScope.NEEDS_REVIEW:
            return request.Spec.State == PENDING and not own and not reviewed
        case AccessRequestScope.REVIEWED:
            return not own and reviewed
        case _:
            return True


def _search_fields(request: AccessRequestV3) -> Iterator[str]:
    spec = request.Spec
    yield from (request.Metadata.Name, spec.User, *spec.Roles)
    for label in request.Metadata.Labels.items():
        yield from label
    yield from (resource.Name for resource in resources_of(spec))


def _from(
    found: Iterator[AccessRequestV3], query: ListAccessRequestsRequest, key: SortKey
) -> Iterator[AccessRequestV3]:
    if not query.StartKey:
        yield from found
        return
    for request in found:
        reached = (
            key(request) <= query.StartKey if query.Descending else key(request) >= query.StartKey
        )
        if reached:
            yield request


def _by_id(request: AccessRequestV3) -> str:
    return request.Metadata.Name


def _by_creation(request: AccessRequestV3) -> str:
    return f"{rfc3339(moment(request.Spec.Created))}/{request.Metadata.Name}"


def _by_state(request: AccessRequestV3) -> str:
    return f"{RequestState.Name(request.Spec.State)}/{request.Metadata.Name}"


def _by_user(request: AccessRequestV3) -> str:
    return f"{request.Spec.User}/{request.Metadata.Name}"


_SORT_KEYS: dict[AccessRequestSort.ValueType, SortKey] = {
    AccessRequestSort.DEFAULT: _by_id,
    AccessRequestSort.CREATED: _by_creation,
    AccessRequestSort.STATE: _by_state,
    AccessRequestSort.USER: _by_user,
}
