"""Users, roles and login states."""

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.calls.lists import first_page, has_keywords
from sandbox.teleport.cluster import Cluster
from sandbox.teleport.errors import (
    AccessDenied,
    BadParameter,
    NotFound,
)
from sandbox.teleport.go_text import quoted
from sandbox.teleport.resources import plain
from teleport_client._proto.authservice_pb2 import (
    GetRoleRequest,
    ListRolesRequest,
    ListRolesResponse,
)
from teleport_client._proto.types_pb2 import RoleV6, UserFilter, UserV2
from teleport_client._proto.userloginstate_pb2 import GetUserLoginStateRequest, UserLoginState
from teleport_client._proto.users_service_pb2 import ListUsersRequest, ListUsersResponse
from teleport_client._proto.wrappers_pb2 import LabelValues

_PAGE = 200
_SYSTEM_LABEL = ("teleport.internal/resource-type", "system")


def get_user(cluster: Cluster, caller: Caller, name: str, *, with_secrets: bool) -> UserV2:
    """Everybody may read their own user."""
    if with_secrets:
        raise AccessDenied("this request can be only executed by an admin")
    if name != caller.name:
        caller.demand("user", "read")
    if not name:
        raise BadParameter("missing user name")
    return cluster.user_named(name)


def list_users(cluster: Cluster, caller: Caller, query: ListUsersRequest) -> ListUsersResponse:
    """One page, by name. The token is the name that the next page begins with."""
    if query.with_secrets:
        raise AccessDenied("this request can be only executed by an admin")
    caller.demand("user", "list", "read")
    names = sorted(name for name in cluster.users if name >= query.page_token)
    matching = [name for name in names if _matches(cluster, query.filter, cluster.users[name])]
    page, next_page_token = first_page(matching, query.page_size or _PAGE, key=str)
    return ListUsersResponse(
        users=[cluster.users[name] for name in page], next_page_token=next_page_token
    )


def get_role(cluster: Cluster, caller: Caller, request: GetRoleRequest) -> RoleV6:
    """Everybody may read the roles they hold."""
    if request.Name not in caller.identity.roles:
        caller.demand("role", "read")
    if not request.Name:
        raise BadParameter("missing role name")
    (role,) = cluster.roles_named([request.Name])
    return role


def list_roles(cluster: Cluster, caller: Caller, request: ListRolesRequest) -> ListRolesResponse:
    """One page, by name (ServerWithRoles.ListRoles in lib/auth/auth_with_roles.go)."""
    caller.demand("role", "list", "read")
    names = sorted(name for name in cluster.roles if name >= request.StartKey)
    page, next_key = first_page(names, request.Limit or _PAGE, key=str)
    return ListRolesResponse(Roles=[cluster.roles[name] for name in page], NextKey=next_key)


def get_user_login_state(
    cluster: Cluster, caller: Caller, request: GetUserLoginStateRequest
) -> UserLoginState:
    """Raises NotFound for somebody who has not logged in since login states exist."""
    caller.demand("user_login_state", "read")
    if request.name not in cluster.login_states:
        raise NotFound(f"user_login_state {quoted(request.name)} doesn't exist")
    return cluster.login_states[request.name]


def _matches(cluster: Cluster, query: UserFilter, user: UserV2) -> bool:
    key, system = _SYSTEM_LABEL
    if query.SkipSystemUsers and user.Metadata.Labels.get(key) == system:
        return False
    if cluster.abilities.user_trait_filter and not _has_traits(user, query.Traits):
        return False
    return has_keywords(query.SearchKeywords, [user.Metadata.Name, *user.Spec.Roles])


def _has_traits(user: UserV2, wanted: LabelValues) -> bool:
    """Every trait asked for must have one of its values."""
    traits = plain(user.Spec.Traits)
    return all(set(values) & set(traits.get(key, ())) for key, values in plain(wanted).items())
