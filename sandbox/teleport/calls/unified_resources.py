"""ListUnifiedResources: nodes, databases, apps, Kubernetes clusters and desktops."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import islice
from operator import itemgetter

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.calls.lists import first_page, has_keywords
from sandbox.teleport.errors import Unsupported
from sandbox.teleport.rules.predicates import holds
from sandbox.teleport.rules.resource_access import Target, gives_access, target_of
from sandbox.teleport.state.cluster import Cluster
from teleport_client._proto.authservice_pb2 import (
    ListUnifiedResourcesRequest,
    ListUnifiedResourcesResponse,
)
from teleport_client._proto.types_pb2 import RoleV6

_PAGE = 1000
_SORTED_BY = ("name", "kind")
"""A request needs one of these (getSortTree in lib/services/unified_resource.go)."""


def list_unified_resources(
    cluster: Cluster, caller: Caller, query: ListUnifiedResourcesRequest
) -> ListUnifiedResourcesResponse:
    """Return one page of the resources that the caller's roles can access, by name.

    The page is empty if the roles can access none. Raises BadParameter for an invalid predicate and
    Unsupported without an order.
    """
    if query.SortBy.Field not in _SORTED_BY:
        raise Unsupported(
            "getting sort tree\n"
            f"\tsorting by {query.SortBy.Field} is not supporting in unified resources"
        )
    roles = (*caller.roles, *_additional_roles(cluster, caller, query))
    size = query.Limit or _PAGE
    targets = ((target_of(it), it) for it in cluster.listed_resources())
    ordered = sorted(((_key(target), target, it) for target, it in targets), key=itemgetter(0))
    rest = ordered[bisect_left(ordered, query.StartKey, key=itemgetter(0)) :]
    visible = (
        (key, it)
        for key, target, it in rest
        if _matches(query, target) and gives_access(roles, target)
    )
    page, next_key = first_page(list(islice(visible, size + 1)), size, itemgetter(0))
    return ListUnifiedResourcesResponse(Resources=[it for _, it in page], NextKey=next_key)


def _additional_roles(
    cluster: Cluster, caller: Caller, query: ListUnifiedResourcesRequest
) -> tuple[RoleV6, ...]:
    """Return the roles for searching as a requester, and for previewing as a reviewer."""
    names: set[str] = set()
    for role in caller.account.roles:
        if query.UseSearchAsRoles:
            names.update(role.Spec.Allow.Request.SearchAsRoles)
        if query.UsePreviewAsRoles:
            names.update(role.Spec.Allow.ReviewRequests.PreviewAsRoles)
    return cluster.roles_named(sorted(names))


def _matches(query: ListUnifiedResourcesRequest, target: Target) -> bool:
    return (
        (not query.Kinds or target.kind in query.Kinds)
        and all(target.labels.get(key) == value for key, value in query.Labels.items())
        and has_keywords(query.SearchKeywords, _search_fields(target))
        and holds(query.PredicateExpression, _variables(target))
    )


def _variables(target: Target) -> Mapping[str, str]:
    """Return the names in a predicate. `name` is a node's host name (lib/services/parser.go)."""
    return {"resource.metadata.name": target.name, "name": target.title}


def _search_fields(target: Target) -> Iterator[str]:
    yield from (target.name, target.title, target.address)
    for label in target.labels.items():
        yield from label


def _key(target: Target) -> str:
    return f"{target.title}/{target.name}/{target.kind}"
