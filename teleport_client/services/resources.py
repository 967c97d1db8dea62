"""Resources: those that the bot can list, and those that an access request names."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from sys import intern
from types import MappingProxyType

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client.model.access_request import Constraints, ResourceId
from teleport_client.model.resource import KINDS, Resource
from teleport_client.rpc.channel import RpcChannel
from teleport_client.rpc.limits import DEADLINE

_PAGE = 500
"""Resources in one page. Converting more would block the event loop for too long."""


class ResourceService:
    def __init__(self, channel: RpcChannel) -> None:
        self._auth = channel.auth

    async def list_host_names(
        self, ids: Sequence[str], *, deadline: float = DEADLINE
    ) -> Mapping[str, str]:
        """Return host names by ID, of the hosts that the bot's roles show.

        Without the permission, Teleport returns an empty list instead of an error. Roles count with
        those that they search and preview as.
        """
        wanted = " || ".join(f"resource.metadata.name == {json.dumps(each)}" for each in ids)
        page = await self._auth.ListUnifiedResources(
            proto.ListUnifiedResourcesRequest(
                Kinds=["node"],
                Limit=len(ids),
                PredicateExpression=wanted,
                SortBy=types.SortBy(Field="name"),
                UseSearchAsRoles=True,
                UsePreviewAsRoles=True,
            ),
            timeout=deadline,
        )
        return _host_names_from(page)

    async def find_hosts(
        self, host_name: str, *, limit: int = 10, deadline: float = DEADLINE
    ) -> Sequence[str]:
        """Return the IDs of the hosts with a name, of those that the bot's roles show.

        In a predicate about nodes, `name` is the host name (lib/services/parser.go).
        """
        page = await self._auth.ListUnifiedResources(
            proto.ListUnifiedResourcesRequest(
                Kinds=["node"],
                Limit=limit,
                PredicateExpression=f"name == {json.dumps(host_name)}",
                SortBy=types.SortBy(Field="name"),
                UseSearchAsRoles=True,
                UsePreviewAsRoles=True,
            ),
            timeout=deadline,
        )
        return [each.Node.Metadata.Name for each in page.Resources if each.HasField("Node")]

    async def list_pages(
        self, *, deadline: float = DEADLINE
    ) -> AsyncIterator[tuple[Resource, ...]]:
        """Yield all resources that the bot's roles show, in pages. `deadline` is per page.

        Without the permission, Teleport returns an empty list instead of an error. A resource that
        several agents serve is listed several times.
        """
        key = ""
        while True:
            page = await self._auth.ListUnifiedResources(
                proto.ListUnifiedResourcesRequest(
                    Kinds=KINDS,
                    Limit=_PAGE,
                    StartKey=key,
                    SortBy=types.SortBy(Field="name"),
                    UseSearchAsRoles=True,
                    UsePreviewAsRoles=True,
                ),
                timeout=deadline,
            )
            yield tuple(found for each in page.Resources if (found := resource_from(each)))
            key = page.NextKey
            if not key:
                return


def resource_from(message: proto.PaginatedResource) -> Resource | None:
    """Return a listed resource, None for any other kind."""
    match message.WhichOneof("resource"):
        case "Node":
            node = message.Node
            labels = _labels(node.Metadata, node.Spec.CmdLabels)
            return Resource("node", node.Metadata.Name, node.Spec.Hostname, labels)
        case "DatabaseServer":
            database = message.DatabaseServer.Spec.Database
            labels = _labels(database.Metadata, database.Spec.DynamicLabels)
            return Resource("db", database.Metadata.Name, labels=labels)
        case "AppServer":
            app = message.AppServer.Spec.App
            labels = _labels(app.Metadata, app.Spec.DynamicLabels)
            return Resource("app", app.Metadata.Name, labels=labels)
        case "KubernetesServer":
            cluster = message.KubernetesServer.Spec.Cluster
            labels = _labels(cluster.Metadata, cluster.Spec.DynamicLabels)
            return Resource("kube_cluster", cluster.Metadata.Name, labels=labels)
        case "WindowsDesktop":
            metadata = message.WindowsDesktop.Header.Metadata
            return Resource("windows_desktop", metadata.Name, labels=_labels(metadata, {}))
        case _:
            return None


def _labels(
    metadata: types.Metadata, commands: Mapping[str, types.CommandLabelV2]
) -> Mapping[str, str]:
    """Return the labels. Many resources share keys and values, so each text is stored once."""
    found = {intern(key): intern(value) for key, value in metadata.Labels.items()}
    found |= {intern(key): intern(each.Result) for key, each in commands.items()}
    return MappingProxyType(found)


def _host_names_from(page: proto.ListUnifiedResourcesResponse) -> Mapping[str, str]:
    nodes = (each.Node for each in page.Resources if each.HasField("Node"))
    return MappingProxyType(
        {node.Metadata.Name: node.Spec.Hostname for node in nodes if node.Spec.Hostname}
    )


def resources_from(spec: types.AccessRequestSpecV3) -> tuple[ResourceId, ...]:
    """Return each resource once: a plain entry can repeat one that has constraints."""
    constrained = [_constrained_from(each) for each in spec.RequestedResourceAccessIDs]
    known = {replace(each, constraints=None) for each in constrained}
    plain = map(_resource_from, spec.RequestedResourceIDs)
    return (*constrained, *(each for each in plain if each not in known))


def _constrained_from(message: types.ResourceAccessID) -> ResourceId:
    resource = _resource_from(message.id)
    if not message.HasField("constraints") and not _has_unknown_fields(message):
        return resource
    constraints = _constraints_from(message.constraints)
    if resource.constraints is not None or _has_unknown_fields(message):
        constraints = replace(constraints, readable=False)
    return replace(resource, constraints=constraints)


def _constraints_from(message: types.ResourceConstraints) -> Constraints:
    """Read format v1, whose details list the allowed principals of one kind."""
    principal, unknown = "", True
    allowed: tuple[str, ...] = ()
    match message.WhichOneof("details"):
        case "aws_console":
            principal, allowed = "role ARN", tuple(message.aws_console.role_arns)
            unknown = _has_unknown_fields(message.aws_console)
        case "ssh":
            principal, allowed = "login", tuple(message.ssh.logins)
            unknown = _has_unknown_fields(message.ssh)
    readable = bool(allowed) and not unknown and not _has_unknown_fields(message)
    return Constraints(principal, allowed, readable=readable and message.version == "v1")


def _has_unknown_fields(message: Message) -> bool:
    return len(UnknownFieldSet(message)) > 0


def resource_to(resource: ResourceId) -> types.ResourceID:
    """Return the message of a resource without constraints."""
    return types.ResourceID(
        ClusterName=resource.cluster,
        Kind=resource.kind,
        Name=resource.name,
        SubResourceName=resource.sub_resource,
    )


def _resource_from(message: types.ResourceID) -> ResourceId:
    """Return the resource, with unreadable constraints for a field that could limit access."""
    return ResourceId(
        cluster=message.ClusterName,
        kind=message.Kind,
        name=message.Name,
        sub_resource=message.SubResourceName,
        constraints=Constraints(readable=False) if _has_unknown_fields(message) else None,
    )
