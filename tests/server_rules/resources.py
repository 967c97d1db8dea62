"""Listing resources (ListUnifiedResources in lib/auth/auth_with_roles.go)."""

from grpc import StatusCode

from teleport_client._proto.authservice_pb2 import ListUnifiedResourcesRequest, PingRequest
from teleport_client._proto.types_pb2 import AccessCapabilitiesRequest, ResourceID, SortBy
from tests.server_rules.caches import eventually
from tests.server_rules.requesting import wanted
from tests.server_rules.server import Auth, Server, auth, refusal

_KINDS = ("node", "db", "app", "kube_cluster", "windows_desktop")


async def _listed(caller: Auth, **query: object) -> list[tuple[str, str]]:
    """Return kind and shown name of the listed resources."""
    request = ListUnifiedResourcesRequest(SortBy=SortBy(Field="name"), **query)  # type: ignore[arg-type]
    page = await caller.ListUnifiedResources(request)
    found = []
    for each in page.Resources:
        match each.WhichOneof("resource"):
            case "Node":
                found.append(("node", each.Node.Spec.Hostname))
            case "AppServer":
                found.append(("app", each.AppServer.Spec.App.Metadata.Name))
    return found


async def list_has_only_the_resources_that_the_caller_can_access(server: Server) -> None:
    """It is empty for a caller without any access, instead of an error."""
    everything = await eventually(
        lambda: _listed(auth(server, "admin"), Kinds=_KINDS),
        lambda found: {kind for kind, _ in found} >= {"node", "app"},
    )
    assert {("node", "staging-db"), ("app", "staging-grafana")} <= {*everything}
    assert await _listed(auth(server, "alice"), Kinds=["app"]) == []


async def list_can_be_limited_to_kinds(server: Server) -> None:
    found = await eventually(lambda: _listed(auth(server, "admin"), Kinds=["app"]), bool)
    assert {kind for kind, _ in found} == {"app"}


async def capabilities_name_the_roles_for_a_resource(server: Server) -> None:
    """They are those of the user's `search_as_roles` that give access to it."""
    if not await _has_search_roles(server):
        return
    query = AccessCapabilitiesRequest(User="alice", ResourceIDs=[_app("staging-grafana")])
    found = await auth(server, "bot").GetAccessCapabilities(query)
    assert list(found.ApplicableRolesForResources) == ["staging"]


async def resource_that_no_role_gives_access_to_is_refused(server: Server) -> None:
    """Capabilities and requests have the same error."""
    missing = [_app("no-such-app")]
    query = AccessCapabilitiesRequest(User="alice", ResourceIDs=missing)
    code, text = await refusal(auth(server, "bot").GetAccessCapabilities(query))
    if await _has_search_roles(server):
        assert code == StatusCode.INVALID_ARGUMENT
        assert text.startswith('no roles configured in the "search_as_roles" for this user allow')
    else:
        assert code == StatusCode.PERMISSION_DENIED
        assert text.startswith('Resource Access Requests require usable "search_as_roles"')
    request = wanted(Roles=[], RequestedResourceIDs=missing, DryRun=True)
    assert await refusal(auth(server, "bot").CreateAccessRequestV2(request)) == (code, text)


async def _has_search_roles(server: Server) -> bool:
    """Return whether roles can have `search_as_roles`: Community Edition rejects them."""
    pong = await auth(server, "bot").Ping(PingRequest())
    return pong.ServerFeatures.AdvancedAccessWorkflows


def _app(name: str) -> ResourceID:
    return ResourceID(ClusterName="main", Kind="app", Name=name)
