"""Calls for roles."""

from sandbox.teleport.audit import events
from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.calls.lists import first_page
from sandbox.teleport.errors import BadParameter, NotFound, TeleportError
from sandbox.teleport.go_text import quoted
from sandbox.teleport.state.cluster import Cluster
from teleport_client._proto.authservice_pb2 import (
    GetRoleRequest,
    ListRolesRequest,
    ListRolesResponse,
)
from teleport_client._proto.types_pb2 import RoleV6

_PAGE = 200


def get_role(cluster: Cluster, caller: Caller, request: GetRoleRequest) -> RoleV6:
    """Return a role. Users can read the roles that they hold."""
    if request.Name not in caller.identity.roles:
        caller.require("role", "read")
    if not request.Name:
        raise BadParameter("missing role name")
    (role,) = cluster.roles_named([request.Name])
    return role


def list_roles(cluster: Cluster, caller: Caller, request: ListRolesRequest) -> ListRolesResponse:
    """Return one page, by name (ServerWithRoles.ListRoles in lib/auth/auth_with_roles.go)."""
    caller.require("role", "list", "read")
    names = sorted(name for name in cluster.roles if name >= request.StartKey)
    page, next_key = first_page(names, request.Limit or _PAGE, key=str)
    return ListRolesResponse(Roles=[cluster.roles[name] for name in page], NextKey=next_key)


def upsert_role(cluster: Cluster, caller: Caller, role: RoleV6) -> RoleV6:
    """Store a role. Raises BadParameter or AccessDenied if this server rejects it."""
    exists = role.Metadata.Name in cluster.roles
    caller.require("role", "update" if exists else "create")
    if not role.Metadata.Name:
        raise BadParameter("missing parameter Name")
    stored = cluster.put_role(role)
    cluster.audit.emit(events.role_created(caller.actor, stored.Metadata.Name))
    return stored


def delete_role(cluster: Cluster, caller: Caller, name: str) -> None:
    """Delete a role. Raises TeleportError while a user holds it."""
    caller.require("role", "delete")
    if not name:
        raise BadParameter("missing role name")
    if name not in cluster.roles:
        raise NotFound(f"role {quoted(name)} is not found")
    if any(name in user.Spec.Roles for user in cluster.users.values()):
        raise TeleportError(
            "failed to delete a role that is still in use by a user, "
            "check the system server logs for more details"
        )
    cluster.delete_role(name)
    cluster.audit.emit(events.role_deleted(caller.actor, name))
