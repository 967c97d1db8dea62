"""Users, roles and login states (lib/services/local, lib/auth/userloginstate)."""

from grpc import StatusCode

from teleport_client._proto.authservice_pb2 import GetRoleRequest
from teleport_client._proto.userloginstate_pb2 import GetUserLoginStateRequest, UserLoginState
from teleport_client._proto.userloginstate_pb2_grpc import UserLoginStateServiceStub
from teleport_client._proto.users_service_pb2 import GetUserRequest
from teleport_client._proto.users_service_pb2_grpc import UsersServiceStub
from tests.server_rules.caches import eventually
from tests.server_rules.server import Server, auth, refusal


async def user_needs_a_name(server: Server) -> None:
    users = UsersServiceStub(server.channel("bot"))
    assert await refusal(users.GetUser(GetUserRequest())) == (
        StatusCode.INVALID_ARGUMENT,
        "missing user name",
    )


async def role_needs_a_name(server: Server) -> None:
    assert await refusal(auth(server, "bot").GetRole(GetRoleRequest())) == (
        StatusCode.INVALID_ARGUMENT,
        "missing role name",
    )


def _traits(state: UserLoginState) -> dict[str, list[str]]:
    return {it.key: list(it.values) for it in state.spec.traits}


async def login_leaves_the_roles_and_traits_of_that_login(server: Server) -> None:
    """Empty traits included, of which a user added with `tctl users add` has many."""
    await server.log_in("alice")
    channel = server.channel("bot")
    user = (await UsersServiceStub(channel).GetUser(GetUserRequest(name="alice"))).user
    traits = {key: list(it.Values) for key, it in user.Spec.Traits.Values.items()}

    async def login_state() -> UserLoginState:
        return await UserLoginStateServiceStub(channel).GetUserLoginState(
            GetUserLoginStateRequest(name="alice")
        )

    state = await eventually(login_state, lambda it: _traits(it) == traits)
    assert _traits(state) == traits
    assert sorted(state.spec.roles) == sorted(user.Spec.Roles)


async def login_state_of_a_stranger_is_not_found(server: Server) -> None:
    states = UserLoginStateServiceStub(server.channel("bot"))
    code, _ = await refusal(states.GetUserLoginState(GetUserLoginStateRequest(name="nobody")))
    assert code == StatusCode.NOT_FOUND
