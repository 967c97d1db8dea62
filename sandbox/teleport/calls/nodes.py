"""ListUnifiedResources, for nodes."""

from collections.abc import Iterator, Mapping

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.calls.lists import first_page, has_keywords
from sandbox.teleport.errors import Unsupported
from sandbox.teleport.rules.node_access import gives_access
from sandbox.teleport.rules.predicates import holds
from sandbox.teleport.state.cluster import Cluster
from teleport_client._proto.authservice_pb2 import (
    ListUnifiedResourcesRequest,
    ListUnifiedResourcesResponse,
    PaginatedResource,
)
from teleport_client._proto.types_pb2 import RoleV6, ServerV2

_PAGE = 1000
_SORTED_BY = ("name", "kind")
"""A request needs one of these (getSortTree in lib/services/unified_resource.go)."""


def list_unified_resources(
    cluster: Cluster, caller: Caller, query: ListUnifiedResourcesRequest
) -> ListUnifiedResourcesResponse:
    """Return one page of the nodes that the caller's roles can access, by host name.

    The page is empty if the roles can access none. Raises BadParameter for an invalid predicate and
    Unsupported without an order.
    """
    if query.SortBy.Field not in _SORTED_BY:
        raise Unsupported(
            "getting sort tree\n"
            f"\tsorting by {query.SortBy.Field} is not supporting in unified resources"
        )
    roles = (*caller.roles, *_additional_roles(cluster, caller, query))
    nodes = sorted(
        (it for it in cluster.nodes if gives_access(roles, it) and _matches(query, it)), key=_key
    )
    rest = [node for node in nodes if _key(node) >= query.StartKey]
    page, next_key = first_page(rest, query.Limit or _PAGE, _key)
    return ListUnifiedResourcesResponse(
        Resources=[PaginatedResource(Node=node) for node in page], NextKey=next_key
    )


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


def _matches(query: ListUnifiedResourcesRequest, node: ServerV2) -> bool:
    labels = node.Metadata.Labels
    return (
        (not query.Kinds or "node" in query.Kinds)
        and all(labels.get(key) == value for key, value in query.Labels.items())
        and has_keywords(query.SearchKeywords, _search_fields(node))
        and holds(query.PredicateExpression, _variables(node))
    )


def _variables(node: ServerV2) -> Mapping[str, str]:
    """Return the names in a predicate. `name` is the host name (lib/services/parser.go)."""
    return {"resource.metadata.name": node.Metadata.Name, "name": node.Spec.Hostname}


def _search_fields(node: ServerV2) -> Iterator[str]:
    yield from (node.Metadata.Name, node.Spec.Hostname, node.Spec.Addr)
    for label in node.Metadata.Labels.items():
        yield from label


def _key(node: ServerV2) -> str:
    return f"{node.Spec.Hostname}/{node.Metadata.Name}"
