"""A thin client for Teleport's Auth Service: build a message, call, convert.

Every call has a deadline in seconds, gives frozen values and raises only TeleportError.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType, TracebackType
from typing import Self, TypeVar

import grpc
import grpc.aio

from teleport_client import errors
from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client._proto import userloginstate_pb2 as login_states
from teleport_client._proto import users_service_pb2 as users
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from teleport_client._proto.userloginstate_pb2_grpc import UserLoginStateServiceStub
from teleport_client._proto.users_service_pb2_grpc import UsersServiceStub
from teleport_client.model.access_request import (
    AccessCapabilities,
    AccessRequest,
    NewAccessRequest,
    RequestState,
    Review,
)
from teleport_client.model.cluster import ClusterInfo, Lease, PluginData
from teleport_client.model.lock import Lock
from teleport_client.model.user import Role, StaticAccess, User
from teleport_client.services import convert
from teleport_client.services.watch import Resource, WatchedKind, WatchEvent, read_events
from teleport_client.transport.dialer import Connection
from teleport_client.transport.lenient_utf8 import lenient_channel

DEADLINE = 10.0
WHOLE_LEDGER_DEADLINE = 60.0
PAGE = 200

Request = TypeVar("Request")
Response = TypeVar("Response")


class TeleportClient:
    """Speaks over one connection, which it opens and closes with itself.

    Use it as `async with TeleportClient(dial(address, credentials)) as teleport`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._renewed = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()
        self._missing_methods: set[str] = set()
        self._make_stubs()

    async def __aenter__(self) -> Self:
        await self._connection.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection. gRPC cancels calls that are still under way."""
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._connection.close()

    def renew(self) -> None:
        """Go on with a new connection, and so with the credentials of now.

        Calls under way end on the old one. A watch has to be moved by whoever reads it.
        """
        old = self._connection.renew()
        self._make_stubs()
        self._renewed.set()
        self._renewed = asyncio.Event()
        task = asyncio.create_task(old.close(WHOLE_LEDGER_DEADLINE))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def renewed(self) -> None:
        """Wait for the next renewal."""
        await self._renewed.wait()

    @property
    def missing_methods(self) -> frozenset[str]:
        """Methods that the server answered UNIMPLEMENTED to, since the last watch was opened."""
        return frozenset(self._missing_methods)

    def _make_stubs(self) -> None:
        channel = lenient_channel(self._connection.channel)
        self._auth = AuthServiceStub(channel)
        self._users = UsersServiceStub(channel)
        self._login_states = UserLoginStateServiceStub(channel)

    async def ping(self, *, deadline: float = DEADLINE) -> ClusterInfo:
        with self._errors_of("Ping"):
            return convert.cluster_from(
                await self._auth.Ping(proto.PingRequest(), timeout=deadline)
            )

    # ------------------------------------------------------------ requests

    async def capabilities(self, user: str, *, deadline: float = DEADLINE) -> AccessCapabilities:
        """What `user` may ask for. Costly for the server, which loads every role."""
        with self._errors_of("GetAccessCapabilities"):
            return convert.capabilities_from(
                await self._auth.GetAccessCapabilities(
                    types.AccessCapabilitiesRequest(User=user, RequestableRoles=True),
                    timeout=deadline,
                )
            )

    async def create_request(
        self, new: NewAccessRequest, *, deadline: float = DEADLINE
    ) -> AccessRequest:
        """Store a request; the answer carries the id that the server gave it."""
        with self._errors_of("CreateAccessRequestV2"):
            return convert.request_from(
                await self._auth.CreateAccessRequestV2(
                    convert.new_request_to(new, dry_run=False), timeout=deadline
                )
            )

    async def dry_run_request(
        self, new: NewAccessRequest, *, deadline: float = DEADLINE
    ) -> AccessRequest:
        """Let the server check a request and fill in what it would store, storing nothing.

        A missing reason passes here; `dry_run.reason_required` tells, from v18 on.
        """
        with self._errors_of("CreateAccessRequestV2 (dry run)"):
            return convert.request_from(
                await self._auth.CreateAccessRequestV2(
                    convert.new_request_to(new, dry_run=True), timeout=deadline
                )
            )

    async def request(self, request_id: str, *, deadline: float = DEADLINE) -> AccessRequest:
        """One request by its full id, read from storage and not from a cache.

        Raises NotFound. A request that has ended may still be found until it is cleaned up.
        """
        page, _ = await self._list_page(
            types.AccessRequestFilter(ID=request_id), "", 1, deadline=deadline
        )
        if not page or page[0].id != request_id:
            raise errors.NotFound(
                f'access request "{request_id}" not found',
                method="ListAccessRequests",
                code=grpc.StatusCode.NOT_FOUND,
            )
        return page[0]

    async def requests(
        self,
        *,
        user: str = "",
        state: RequestState | None = None,
        deadline: float = DEADLINE,
    ) -> tuple[AccessRequest, ...]:
        """All requests, newest first, of one user and in one state where given.

        They come from a cache of the server's that may be a moment old. `deadline` is per page.
        """
        wanted = types.AccessRequestFilter(User=user)
        if state is not None:
            wanted.State = convert.state_to(state)
        found: dict[str, AccessRequest] = {}
        key, size = "", PAGE
        while True:
            try:
                page, key = await self._list_page(wanted, key, size, deadline=deadline)
            except errors.LimitExceeded:
                if size == 1:
                    raise
                size //= 2
                continue
            found.update((request.id, request) for request in page)
            if not key:
                return tuple(found.values())

    async def _list_page(
        self, wanted: types.AccessRequestFilter, key: str, size: int, *, deadline: float
    ) -> tuple[Sequence[AccessRequest], str]:
        with self._errors_of("ListAccessRequests"):
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
        return [convert.request_from(message) for message in page.AccessRequests], page.NextKey

    async def submit_review(
        self, request_id: str, review: Review, *, deadline: float = DEADLINE
    ) -> AccessRequest:
        """Hand in a review in its author's name; the author's own roles decide whether they may.

        Gives the request as it stands afterwards. Needs `submit_for_users` and a server that
        knows it (gravitational/teleport#66254); an older one answers OnBehalfNotAllowed.
        """
        with self._errors_of("SubmitAccessReview"):
            return convert.request_from(
                await self._auth.SubmitAccessReview(
                    types.AccessReviewSubmission(
                        RequestID=request_id, Review=convert.review_to(review)
                    ),
                    timeout=deadline,
                )
            )

    async def set_request_state(
        self,
        request_id: str,
        state: RequestState,
        *,
        delegator: str,
        reason: str = "",
        deadline: float = DEADLINE,
    ) -> None:
        """Resolve a request past its thresholds. The audit log names `delegator`."""
        with self._errors_of("SetAccessRequestState"):
            await self._auth.SetAccessRequestState(
                proto.RequestStateSetter(
                    ID=request_id,
                    State=convert.state_to(state),
                    Delegator=delegator,
                    Reason=reason,
                ),
                timeout=deadline,
            )

    async def delete_request(self, request_id: str, *, deadline: float = DEADLINE) -> None:
        with self._errors_of("DeleteAccessRequest"):
            await self._auth.DeleteAccessRequest(proto.RequestID(ID=request_id), timeout=deadline)

    @asynccontextmanager
    async def watch(
        self, kind: WatchedKind[Resource], *, deadline: float = DEADLINE
    ) -> AsyncIterator[AsyncIterator[WatchEvent[Resource]]]:
        """Watch all resources of a kind; events from before aren't reported.

        Entered once the server has confirmed the watch, within `deadline`. The iterator ends or
        raises when the stream does: watch again, then list. Leaving cancels the stream.
        """
        with self._errors_of("WatchEvents"):
            call = self._auth.WatchEvents(proto.Watch(Kinds=[types.WatchKind(Kind=kind.name)]))
            try:
                events = await read_events(call, kind, deadline)
                self._missing_methods.clear()  # this may be another server
                yield events
            finally:
                call.cancel()

    # --------------------------------------------------------- plugin data

    async def plugin_data(
        self, plugin: str, *, request_id: str = "", deadline: float = WHOLE_LEDGER_DEADLINE
    ) -> Mapping[str, PluginData]:
        """What `plugin` has kept, by request id; of one request only where that is given."""
        with self._errors_of("GetPluginData"):
            answer = await self._auth.GetPluginData(
                types.PluginDataFilter(Kind="access_request", Resource=request_id, Plugin=plugin),
                timeout=deadline,
            )
        return convert.plugin_data_from(answer.PluginData, plugin)

    async def update_plugin_data(
        self,
        plugin: str,
        request_id: str,
        *,
        change: Mapping[str, str],
        expect: Mapping[str, str],
        deadline: float = DEADLINE,
    ) -> None:
        """Set keys if all of `expect` still hold; an empty value deletes, or expects absence.

        Raises Conflict when an expectation does not hold, NotFound when there is no record yet
        and the request is gone. An empty `expect` is no check at all.
        """
        with self._errors_of("UpdatePluginData"):
            await self._auth.UpdatePluginData(
                types.PluginDataUpdateParams(
                    Kind="access_request",
                    Resource=request_id,
                    Plugin=plugin,
                    Set=change,
                    Expect=expect,
                ),
                timeout=deadline,
            )

    # --------------------------------------------------------- semaphores

    async def acquire_semaphore(
        self, kind: str, name: str, *, holder: str, expires: datetime, deadline: float = DEADLINE
    ) -> Lease:
        """Take the only lease of a semaphore. Raises LimitExceeded while somebody holds it."""
        with self._errors_of("AcquireSemaphore"):
            message = await self._auth.AcquireSemaphore(
                types.AcquireSemaphoreRequest(
                    SemaphoreKind=kind,
                    SemaphoreName=name,
                    MaxLeases=1,
                    Expires=convert.time_to(expires),
                    Holder=holder,
                ),
                timeout=deadline,
            )
        return convert.lease_from(message, fallback=expires)

    async def renew_lease(
        self, lease: Lease, *, expires: datetime, deadline: float = DEADLINE
    ) -> Lease:
        """Hold a lease for longer. Raises NotFound when it has lapsed."""
        kept = replace(lease, expires=expires)
        with self._errors_of("KeepAliveSemaphoreLease"):
            await self._auth.KeepAliveSemaphoreLease(convert.lease_to(kept), timeout=deadline)
        return kept

    async def cancel_lease(self, lease: Lease, *, deadline: float = DEADLINE) -> None:
        with self._errors_of("CancelSemaphoreLease"):
            await self._auth.CancelSemaphoreLease(convert.lease_to(lease), timeout=deadline)

    # ------------------------------------------------------ users and roles

    async def users_with_trait(
        self, trait: str, value: str, *, deadline: float = DEADLINE
    ) -> tuple[User, ...]:
        """Return users that have `value` in `trait`. `deadline` is in seconds per page.

        Servers before gravitational/teleport#66457 ignore the filter and return every user.
        """
        wanted = types.UserFilter(Traits=convert.traits_to(MappingProxyType({trait: (value,)})))
        return await self._users_where(
            wanted, lambda user: value in user.traits.get(trait, ()), deadline
        )

    async def users(self, *, deadline: float = DEADLINE) -> tuple[User, ...]:
        """Return all users but Teleport's own. `deadline` is in seconds per page."""
        return await self._users_where(types.UserFilter(), lambda _: True, deadline)

    async def users_named(self, name: str, *, deadline: float = DEADLINE) -> tuple[User, ...]:
        """Return users with this name in any case. `deadline` is in seconds per page.

        Teleport searches for a part of the name and of labels (UserV2.MatchSearch).
        """
        folded = name.casefold()
        return await self._users_where(
            types.UserFilter(SearchKeywords=[name]),
            lambda user: user.name.casefold() == folded,
            deadline,
        )

    async def _users_where(
        self, wanted: types.UserFilter, fits: Callable[[User], bool], deadline: float
    ) -> tuple[User, ...]:
        """List users by the server's filter and check each one again."""
        wanted.SkipSystemUsers = True
        found: list[User] = []
        token = ""
        while True:
            with self._errors_of("ListUsers"):
                page = await self._users.ListUsers(
                    users.ListUsersRequest(page_size=PAGE, page_token=token, filter=wanted),
                    timeout=deadline,
                )
            found += filter(fits, map(convert.user_from, page.users))
            token = page.next_page_token
            if not token:
                return tuple(found)

    async def user(self, name: str, *, deadline: float = DEADLINE) -> User:
        """Raises NotFound, also for a single sign-on user whose record ended with the login."""
        with self._errors_of("GetUser"):
            answer = await self._users.GetUser(users.GetUserRequest(name=name), timeout=deadline)
        return convert.user_from(answer.user)

    async def login_state(self, name: str, *, deadline: float = DEADLINE) -> StaticAccess | None:
        """Return roles and traits of the last login, with those granted by access lists.

        None if the user never logged in or the server has no login states; the user's record
        counts then (GetUserOrLoginState in lib/services/user_login_state.go).
        """
        try:
            with self._errors_of("GetUserLoginState"):
                return convert.login_state_from(
                    await self._login_states.GetUserLoginState(
                        login_states.GetUserLoginStateRequest(name=name), timeout=deadline
                    )
                )
        except (errors.NotFound, errors.NotSupported):
            return None

    async def role(self, name: str, *, deadline: float = DEADLINE) -> Role:
        with self._errors_of("GetRole"):
            return convert.role_from(
                await self._auth.GetRole(proto.GetRoleRequest(Name=name), timeout=deadline)
            )

    async def roles(self, *, deadline: float = DEADLINE) -> tuple[Role, ...]:
        """Return all roles. Needs list and read on `role`; `deadline` is per page."""
        found: list[Role] = []
        key = ""
        while True:
            with self._errors_of("ListRoles"):
                page = await self._auth.ListRoles(
                    proto.ListRolesRequest(Limit=PAGE, StartKey=key), timeout=deadline
                )
            found += map(convert.role_from, page.Roles)
            key = page.NextKey
            if not key:
                return tuple(found)

    async def host_names(
        self, ids: Sequence[str], *, deadline: float = DEADLINE
    ) -> Mapping[str, str]:
        """Return the names of hosts by ID, of those that the bot's roles show.

        Without the permission, Teleport returns an empty list instead of an error. Roles count with
        those that they search and preview as.
        """
        wanted = " || ".join(f"resource.metadata.name == {json.dumps(each)}" for each in ids)
        with self._errors_of("ListUnifiedResources"):
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
        return convert.host_names_from(page)

    async def locks_in_force(
        self, user: str, roles: Sequence[str], *, deadline: float = DEADLINE
    ) -> tuple[Lock, ...]:
        """Return the locks in force that refuse a user who holds these roles.

        Needs list and read on `lock`.
        """
        with self._errors_of("GetLocks"):
            answer = await self._auth.GetLocks(
                proto.GetLocksRequest(
                    Targets=convert.lock_targets_to(user, roles), InForceOnly=True
                ),
                timeout=deadline,
            )
        return tuple(map(convert.lock_from, answer.Locks))

    # ------------------------------------------------------------- errors

    @contextmanager
    def _errors_of(self, method: str) -> Iterator[None]:
        """The one boundary where gRPC's errors become ours."""
        try:
            yield
            self._missing_methods.discard(method)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                self._missing_methods.add(method)
            raise errors.from_rpc(
                method, error.code(), error.details(), not_connected=self._connection.problem,
                obstacle=self._connection.obstacle,
            ) from error  # fmt: skip
        except grpc.aio.UsageError as error:
            if "closed" not in str(error).lower():
                raise
            raise errors.Unreachable(
                "the connection to Teleport is closed",
                method=method,
                code=grpc.StatusCode.UNAVAILABLE,
                sent=errors.Sent.NO,
            ) from error
