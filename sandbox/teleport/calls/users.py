"""Calls for users and login states."""

from collections.abc import Iterable, Mapping

from sandbox.teleport.audit import events
from sandbox.teleport.calls.caller import Caller, require_admin_action
from sandbox.teleport.calls.lists import first_page, has_keywords
from sandbox.teleport.errors import (
    AccessDenied,
    AlreadyExists,
    BadParameter,
    NotFound,
)
from sandbox.teleport.go_text import quoted
from sandbox.teleport.state import resources
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.resources import plain
from sandbox.teleport.timestamps import clock_nanoseconds, stamp_at
from teleport_client._proto.types_pb2 import UserFilter, UserV2
from teleport_client._proto.userloginstate_pb2 import GetUserLoginStateRequest, UserLoginState
from teleport_client._proto.users_service_pb2 import ListUsersRequest, ListUsersResponse

_PAGE = 200
_SYSTEM_LABEL = ("teleport.internal/resource-type", "system")


def get_user(cluster: Cluster, caller: Caller, name: str, *, with_secrets: bool) -> UserV2:
    """Return a user. Users can read their own."""
    if with_secrets:
        raise AccessDenied("this request can be only executed by an admin")
    if name != caller.name:
        caller.require("user", "read")
    if not name:
        raise BadParameter("missing user name")
    return cluster.user_named(name)


def list_users(cluster: Cluster, caller: Caller, query: ListUsersRequest) -> ListUsersResponse:
    """Return one page, by name. The token is the name that the next page begins with."""
    if query.with_secrets:
        raise AccessDenied("this request can be only executed by an admin")
    caller.require("user", "list", "read")
    names = sorted(name for name in cluster.users if name >= query.page_token)
    traits = plain(query.filter.Traits) if cluster.features.user_trait_filter else {}
    matching = [name for name in names if _matches(query.filter, traits, cluster.users[name])]
    page, next_page_token = first_page(matching, query.page_size or _PAGE, key=str)
    return ListUsersResponse(
        users=[cluster.users[name] for name in page], next_page_token=next_page_token
    )


def create_user(cluster: Cluster, caller: Caller, message: UserV2) -> UserV2:
    caller.require("user", "create")
    require_admin_action(cluster, caller)
    user = _check_and_complete(cluster, message)
    if user.Metadata.Name in cluster.users:
        raise AlreadyExists(f"user {quoted(user.Metadata.Name)} already registered")
    if not user.Spec.CreatedBy.User.Name:
        user.Spec.CreatedBy.User.Name = caller.name
        user.Spec.CreatedBy.Time.CopyFrom(stamp_at(clock_nanoseconds(cluster.now())))
    return _store(cluster, caller, user)


def upsert_user(cluster: Cluster, caller: Caller, message: UserV2) -> UserV2:
    """Store a user. It replaces a user of the same name, whatever the revision."""
    caller.require("user", "create", "update")
    require_admin_action(cluster, caller)
    return _store(cluster, caller, _check_and_complete(cluster, message))


def delete_user(cluster: Cluster, caller: Caller, name: str) -> None:
    """Delete a user and the login state."""
    caller.require("user", "delete")
    require_admin_action(cluster, caller)
    if not name:
        raise BadParameter("missing parameter Name")
    cluster.user_named(name)
    del cluster.users[name]
    cluster.login_states.pop(name, None)
    cluster.audit.emit(events.user_deleted(caller.actor, name))


def get_user_login_state(
    cluster: Cluster, caller: Caller, request: GetUserLoginStateRequest
) -> UserLoginState:
    """Return a login state. Raises NotFound for a user without a login."""
    caller.require("user_login_state", "read")
    if request.name not in cluster.login_states:
        raise NotFound(f"user_login_state {quoted(request.name)} doesn't exist")
    return cluster.login_states[request.name]


def _store(cluster: Cluster, caller: Caller, user: UserV2) -> UserV2:
    stored = cluster.put_user(user)
    cluster.audit.emit(events.user_created(caller.actor, stored))
    return stored


def _check_and_complete(cluster: Cluster, message: UserV2) -> UserV2:
    """Return the user with the server's fields. Raises NotFound for an unknown role."""
    if not message.Metadata.Name:
        raise BadParameter("missing parameter Name")
    cluster.roles_named(message.Spec.Roles)
    user = resources.user(message.Metadata.Name, ())
    user.MergeFrom(message)
    user.Kind, user.Version = "user", "v2"
    return user


def _matches(query: UserFilter, traits: Mapping[str, Iterable[str]], user: UserV2) -> bool:
    key, system = _SYSTEM_LABEL
    if query.SkipSystemUsers and user.Metadata.Labels.get(key) == system:
        return False
    if traits and not _has_traits(user, traits):
        return False
    return has_keywords(query.SearchKeywords, [user.Metadata.Name, *user.Spec.Roles])


def _has_traits(user: UserV2, wanted: Mapping[str, Iterable[str]]) -> bool:
    """Return whether each trait in the filter has one of its values."""
    traits = user.Spec.Traits.Values
    return all(
        key in traits and not set(values).isdisjoint(traits[key].Values)
        for key, values in wanted.items()
    )
