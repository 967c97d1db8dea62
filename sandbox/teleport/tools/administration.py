"""An administrator's operations: read, store and delete users, roles, locks and tokens."""

from collections.abc import Iterator
from typing import TypeVar, assert_never, cast
from uuid import uuid4

import grpc
from google.protobuf.empty_pb2 import Empty

from sandbox.teleport.go_text import quoted
from sandbox.teleport.tools import resource_fields
from sandbox.teleport.tools.references import Kind, Reference
from sandbox.teleport.tools.resource_form import Form, FormError, Json
from teleport_client._proto.authservice_pb2 import (
    DeleteLockRequest,
    DeleteRoleRequest,
    GetLockRequest,
    GetLocksRequest,
    GetRoleRequest,
    ListRolesRequest,
    UpsertRoleRequest,
    UpsertTokenV2Request,
)
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from teleport_client._proto.types_pb2 import (
    LockSpecV2,
    LockV2,
    Metadata,
    ProvisionTokenV2,
    ResourceRequest,
    RoleV6,
    UserV2,
)
from teleport_client._proto.users_service_pb2 import (
    CreateUserRequest,
    DeleteUserRequest,
    GetUserRequest,
    ListUsersRequest,
    UpsertUserRequest,
)
from teleport_client._proto.users_service_pb2_grpc import UsersServiceStub

Resource = UserV2 | RoleV6 | LockV2 | ProvisionTokenV2
Read = TypeVar("Read", UserV2, RoleV6, LockV2, ProvisionTokenV2)

FORMS: dict[Kind, Form] = {
    Kind.USER: resource_fields.USER,
    Kind.ROLE: resource_fields.ROLE,
    Kind.LOCK: resource_fields.LOCK,
    Kind.TOKEN: resource_fields.TOKEN,
}


class AlreadyThere(Exception):
    """A resource of the same name exists, and the caller didn't ask to replace it."""


class Administration:
    """Calls to the Auth Service. Each method raises grpc.RpcError if the server rejects it."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._auth = AuthServiceStub(channel)
        self._users = UsersServiceStub(channel)

    def resources(self, wanted: Reference) -> list[Resource]:
        if wanted.name:
            return [self._one(wanted)]
        match wanted.kind:
            case Kind.USER:
                return list(self._all_users())
            case Kind.ROLE:
                return list(self._all_roles())
            case Kind.LOCK:
                return list(self._auth.GetLocks(GetLocksRequest()).Locks)
            case Kind.TOKEN:
                return list(self._auth.GetTokens(Empty()).ProvisionTokens)
            case _:
                assert_never(wanted.kind)

    def store(self, document: Json, *, force: bool) -> str:
        """Store a document's resource, and return tctl's message.

        Raises FormError for an invalid document, and AlreadyThere.
        """
        kind = Kind.by_word(str(document.get("kind", "")))
        if kind is None:
            named = quoted(str(document.get("kind", "")))
            raise FormError(f"creating resources of type {named} is not supported")
        match kind:
            case Kind.USER:
                return self._store_user(_read(kind, document, UserV2(Kind=kind)), force=force)
            case Kind.ROLE:
                return self._store_role(_read(kind, document, RoleV6(Kind=kind)), force=force)
            case Kind.LOCK:
                return self._store_lock(_read(kind, document, LockV2(Kind=kind)), force=force)
            case Kind.TOKEN:
                return self._store_token(_read(kind, document, ProvisionTokenV2(Kind=kind)))
            case _:
                assert_never(kind)

    def delete(self, unwanted: Reference) -> None:
        match unwanted.kind:
            case Kind.USER:
                self._users.DeleteUser(DeleteUserRequest(name=unwanted.name))
            case Kind.ROLE:
                self._auth.DeleteRole(DeleteRoleRequest(Name=unwanted.name))
            case Kind.LOCK:
                self._auth.DeleteLock(DeleteLockRequest(Name=unwanted.name))
            case Kind.TOKEN:
                self._auth.DeleteToken(ResourceRequest(Name=unwanted.name))
            case _:
                assert_never(unwanted.kind)

    def lock(self, spec: LockSpecV2) -> str:
        """Create a lock and return its name."""
        name = str(uuid4())
        self._auth.UpsertLock(LockV2(Kind="lock", Metadata=Metadata(Name=name), Spec=spec))
        return name

    def _one(self, wanted: Reference) -> Resource:
        match wanted.kind:
            case Kind.USER:
                return self._users.GetUser(GetUserRequest(name=wanted.name)).user
            case Kind.ROLE:
                return self._auth.GetRole(GetRoleRequest(Name=wanted.name))
            case Kind.LOCK:
                return self._auth.GetLock(GetLockRequest(Name=wanted.name))
            case Kind.TOKEN:
                return self._auth.GetToken(ResourceRequest(Name=wanted.name))
            case _:
                assert_never(wanted.kind)

    def _all_users(self) -> Iterator[UserV2]:
        token = ""
        while True:
            page = self._users.ListUsers(ListUsersRequest(page_token=token))
            yield from page.users
            if not (token := page.next_page_token):
                return

    def _all_roles(self) -> Iterator[RoleV6]:
        key = ""
        while True:
            page = self._auth.ListRoles(ListRolesRequest(StartKey=key))
            yield from page.Roles
            if not (key := page.NextKey):
                return

    def _store_user(self, user: UserV2, *, force: bool) -> str:
        name = user.Metadata.Name
        existing = self._existing(Reference(Kind.USER, name), force=force)
        if isinstance(existing, UserV2):
            user.Spec.CreatedBy.CopyFrom(existing.Spec.CreatedBy)  # locks can't be changed
            self._users.UpsertUser(UpsertUserRequest(user=user))
            return f"user {quoted(name)} has been updated"
        self._users.CreateUser(CreateUserRequest(user=user))
        return f"user {quoted(name)} has been created"

    def _store_role(self, role: RoleV6, *, force: bool) -> str:
        self._existing(Reference(Kind.ROLE, role.Metadata.Name), force=force)
        self._auth.UpsertRoleV2(UpsertRoleRequest(Role=role))
        return f"role {quoted(role.Metadata.Name)} has been created"

    def _store_lock(self, lock: LockV2, *, force: bool) -> str:
        self._existing(Reference(Kind.LOCK, lock.Metadata.Name), force=force)
        self._auth.UpsertLock(lock)
        return f"lock {quoted(lock.Metadata.Name)} has been created"

    def _store_token(self, token: ProvisionTokenV2) -> str:
        """Store a token. Like the real tctl, replace an existing one without a question."""
        self._auth.UpsertTokenV2(UpsertTokenV2Request(V2=token))
        return f"provision_token {quoted(token.Metadata.Name)} has been created"

    def _existing(self, wanted: Reference, *, force: bool) -> Resource | None:
        """Raise AlreadyThere unless an existing resource can be replaced."""
        try:
            existing = self._one(wanted)
        except grpc.RpcError as error:
            if cast("grpc.Call", error).code() == grpc.StatusCode.NOT_FOUND:
                return None
            raise
        if not force:
            raise AlreadyThere(f"{wanted.kind} {quoted(wanted.name)} already exists")
        return existing


def _read(kind: Kind, document: Json, message: Read) -> Read:
    FORMS[kind].read(document | {"kind": str(kind)}, message)
    if not message.Metadata.Name:
        raise FormError("missing parameter Name")
    return message
