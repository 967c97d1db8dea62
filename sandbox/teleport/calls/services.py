"""The gRPC services. Each method identifies the caller and calls a function of another module."""

# ruff: noqa: N802 - gRPC calls a method by its name in the .proto file

from collections.abc import AsyncIterator, Callable

import grpc
from google.protobuf.empty_pb2 import Empty

from sandbox.teleport.calls import (
    locks,
    plugin_data,
    roles,
    semaphores,
    tokens,
    unified_resources,
    user_certificates,
    users,
    watch,
)
from sandbox.teleport.calls.caller import Caller, Context, caller, read_identity
from sandbox.teleport.calls.requests import capabilities, create, listing, reviews, states
from sandbox.teleport.credentials.authority import Authority
from sandbox.teleport.state.cluster import Cluster
from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client._proto import userloginstate_pb2, users_service_pb2
from teleport_client._proto.authservice_pb2_grpc import (
    AuthServiceServicer,
    add_AuthServiceServicer_to_server,
)
from teleport_client._proto.userloginstate_pb2_grpc import (
    UserLoginStateServiceServicer,
    add_UserLoginStateServiceServicer_to_server,
)
from teleport_client._proto.users_service_pb2_grpc import (
    UsersServiceServicer,
    add_UsersServiceServicer_to_server,
)


def add_services(
    server: grpc.aio.Server,
    cluster: Cluster,
    authority: Authority,
    enroll: Callable[[str], object],
) -> None:
    """Add the services. `enroll` creates the credentials of a new user, by name."""
    add_AuthServiceServicer_to_server(_AuthService(cluster, authority), server)
    add_UsersServiceServicer_to_server(_UsersService(cluster, enroll), server)
    add_UserLoginStateServiceServicer_to_server(_UserLoginStateService(cluster), server)


class _AuthService(AuthServiceServicer):
    def __init__(self, cluster: Cluster, authority: Authority) -> None:
        self._cluster = cluster
        self._authority = authority

    def _caller(self, context: Context) -> Caller:
        return caller(self._cluster, context)

    async def Ping(
        self,
        request: proto.PingRequest,  # noqa: ARG002 - the message is empty
        context: Context,
    ) -> proto.PingResponse:
        self._caller(context)
        return proto.PingResponse(
            ClusterName=self._cluster.name,
            ServerVersion=self._cluster.server_version,
            ServerFeatures=proto.Features(
                AdvancedAccessWorkflows=self._cluster.features.advanced_workflows
            ),
            ProxyPublicAddr=self._cluster.proxy_public_address,
            RemoteAddr=context.peer().partition(":")[2],
        )

    async def WatchEvents(
        self, request: proto.Watch, context: Context
    ) -> AsyncIterator[proto.Event]:
        kinds = watch.confirmed_kinds(self._caller(context), request)
        with self._cluster.changes.subscribe() as subscription:
            async for event in watch.events(kinds, subscription):
                yield event

    async def GetAccessRequestsV2(
        self, request: types.AccessRequestFilter, context: Context
    ) -> AsyncIterator[types.AccessRequestV3]:
        for found in listing.all_access_requests(self._cluster, self._caller(context), request):
            yield found

    async def ListAccessRequests(
        self, request: proto.ListAccessRequestsRequest, context: Context
    ) -> proto.ListAccessRequestsResponse:
        return listing.list_access_requests(self._cluster, self._caller(context), request)

    async def CreateAccessRequestV2(
        self, request: types.AccessRequestV3, context: Context
    ) -> types.AccessRequestV3:
        return create.create_access_request(self._cluster, self._caller(context), request)

    async def DeleteAccessRequest(self, request: proto.RequestID, context: Context) -> Empty:
        states.delete_access_request(self._cluster, self._caller(context), request)
        return Empty()

    async def SetAccessRequestState(
        self, request: proto.RequestStateSetter, context: Context
    ) -> Empty:
        states.set_access_request_state(self._cluster, self._caller(context), request)
        return Empty()

    async def SubmitAccessReview(
        self, request: types.AccessReviewSubmission, context: Context
    ) -> types.AccessRequestV3:
        return reviews.submit_access_review(self._cluster, self._caller(context), request)

    async def GetAccessCapabilities(
        self, request: types.AccessCapabilitiesRequest, context: Context
    ) -> types.AccessCapabilities:
        return capabilities.get_access_capabilities(self._cluster, self._caller(context), request)

    async def GetPluginData(
        self, request: types.PluginDataFilter, context: Context
    ) -> proto.PluginDataSeq:
        return plugin_data.get_plugin_data(self._cluster, self._caller(context), request)

    async def UpdatePluginData(
        self, request: types.PluginDataUpdateParams, context: Context
    ) -> Empty:
        plugin_data.update_plugin_data(self._cluster, self._caller(context), request)
        return Empty()

    async def AcquireSemaphore(
        self, request: types.AcquireSemaphoreRequest, context: Context
    ) -> types.SemaphoreLease:
        return semaphores.acquire(self._cluster, self._caller(context), request)

    async def KeepAliveSemaphoreLease(
        self, request: types.SemaphoreLease, context: Context
    ) -> Empty:
        semaphores.keep_alive(self._cluster, self._caller(context), request)
        return Empty()

    async def CancelSemaphoreLease(self, request: types.SemaphoreLease, context: Context) -> Empty:
        semaphores.cancel(self._cluster, self._caller(context), request)
        return Empty()

    async def GetLock(self, request: proto.GetLockRequest, context: Context) -> types.LockV2:
        return locks.get_lock(self._cluster, self._caller(context), request.Name)

    async def UpsertLock(self, request: types.LockV2, context: Context) -> Empty:
        locks.upsert_lock(self._cluster, self._caller(context), request)
        return Empty()

    async def DeleteLock(self, request: proto.DeleteLockRequest, context: Context) -> Empty:
        locks.delete_lock(self._cluster, self._caller(context), request.Name)
        return Empty()

    async def GetToken(
        self, request: types.ResourceRequest, context: Context
    ) -> types.ProvisionTokenV2:
        return tokens.get_token(self._cluster, self._caller(context), request.Name)

    async def GetTokens(
        self,
        request: Empty,  # noqa: ARG002 - the message is empty
        context: Context,
    ) -> types.ProvisionTokenV2List:
        return tokens.get_tokens(self._cluster, self._caller(context))

    async def UpsertTokenV2(self, request: proto.UpsertTokenV2Request, context: Context) -> Empty:
        tokens.upsert_token(self._cluster, self._caller(context), request.V2)
        return Empty()

    async def DeleteToken(self, request: types.ResourceRequest, context: Context) -> Empty:
        tokens.delete_token(self._cluster, self._caller(context), request.Name)
        return Empty()

    async def GetLocks(
        self, request: proto.GetLocksRequest, context: Context
    ) -> proto.GetLocksResponse:
        return locks.get_locks(self._cluster, self._caller(context), request)

    async def GenerateUserCerts(
        self, request: proto.UserCertsRequest, context: Context
    ) -> proto.Certs:
        identity = read_identity(context.auth_context())
        user_certificates.refuse_locked_login(self._cluster, identity, request)
        return user_certificates.generate_user_certs(
            self._cluster, self._authority, self._caller(context), request
        )

    async def GetUser(self, request: proto.GetUserRequest, context: Context) -> types.UserV2:
        return users.get_user(
            self._cluster, self._caller(context), request.Name, with_secrets=request.WithSecrets
        )

    async def GetRole(self, request: proto.GetRoleRequest, context: Context) -> types.RoleV6:
        return roles.get_role(self._cluster, self._caller(context), request)

    async def UpsertRoleV2(
        self, request: proto.UpsertRoleRequest, context: Context
    ) -> types.RoleV6:
        return roles.upsert_role(self._cluster, self._caller(context), request.Role)

    async def DeleteRole(self, request: proto.DeleteRoleRequest, context: Context) -> Empty:
        roles.delete_role(self._cluster, self._caller(context), request.Name)
        return Empty()

    async def ListRoles(
        self, request: proto.ListRolesRequest, context: Context
    ) -> proto.ListRolesResponse:
        return roles.list_roles(self._cluster, self._caller(context), request)

    async def ListUnifiedResources(
        self, request: proto.ListUnifiedResourcesRequest, context: Context
    ) -> proto.ListUnifiedResourcesResponse:
        return unified_resources.list_unified_resources(
            self._cluster, self._caller(context), request
        )


class _UsersService(UsersServiceServicer):
    def __init__(self, cluster: Cluster, enroll: Callable[[str], object]) -> None:
        self._cluster = cluster
        self._enroll = enroll

    async def GetUser(
        self, request: users_service_pb2.GetUserRequest, context: Context
    ) -> users_service_pb2.GetUserResponse:
        who = caller(self._cluster, context)
        name = who.name if request.current_user else request.name
        user = users.get_user(self._cluster, who, name, with_secrets=request.with_secrets)
        return users_service_pb2.GetUserResponse(user=user)

    async def ListUsers(
        self, request: users_service_pb2.ListUsersRequest, context: Context
    ) -> users_service_pb2.ListUsersResponse:
        who = caller(self._cluster, context)
        return users.list_users(self._cluster, who, request)

    async def CreateUser(
        self, request: users_service_pb2.CreateUserRequest, context: Context
    ) -> users_service_pb2.CreateUserResponse:
        who = caller(self._cluster, context)
        user = users.create_user(self._cluster, who, request.user)
        self._enroll(user.Metadata.Name)
        return users_service_pb2.CreateUserResponse(user=user)

    async def UpsertUser(
        self, request: users_service_pb2.UpsertUserRequest, context: Context
    ) -> users_service_pb2.UpsertUserResponse:
        who = caller(self._cluster, context)
        user = users.upsert_user(self._cluster, who, request.user)
        return users_service_pb2.UpsertUserResponse(user=user)

    async def DeleteUser(
        self, request: users_service_pb2.DeleteUserRequest, context: Context
    ) -> Empty:
        who = caller(self._cluster, context)
        users.delete_user(self._cluster, who, request.name)
        return Empty()


class _UserLoginStateService(UserLoginStateServiceServicer):
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def GetUserLoginState(
        self, request: userloginstate_pb2.GetUserLoginStateRequest, context: Context
    ) -> userloginstate_pb2.UserLoginState:
        who = caller(self._cluster, context)
        return users.get_user_login_state(self._cluster, who, request)
