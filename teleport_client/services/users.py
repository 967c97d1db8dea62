"""Users and their login states. `get` needs read on `user`, the lists need list and read."""

from collections.abc import Callable
from types import MappingProxyType

from teleport_client._proto import types_pb2 as types
from teleport_client._proto import userloginstate_pb2 as login_states
from teleport_client._proto import users_service_pb2 as users
from teleport_client._proto import wrappers_pb2 as wrappers
from teleport_client._proto.userloginstate_pb2_grpc import UserLoginStateServiceStub
from teleport_client._proto.users_service_pb2_grpc import UsersServiceStub
from teleport_client.errors import NotFound, NotSupported
from teleport_client.model.user import StaticAccess, Traits, User
from teleport_client.rpc.channel import RpcChannel
from teleport_client.rpc.limits import DEADLINE, PAGE_SIZE
from teleport_client.rpc.timestamps import time_from

BOT_LABEL = "teleport.internal/bot"
"""Label of a Machine ID bot's user (api/types/constants.go)."""


class UserService:
    def __init__(self, channel: RpcChannel) -> None:
        self._users = UsersServiceStub(channel.stubs)
        self._login_states = UserLoginStateServiceStub(channel.stubs)

    async def get(self, name: str, *, deadline: float = DEADLINE) -> User:
        """Raises NotFound, also for a single sign-on user whose record expired with the login."""
        response = await self._users.GetUser(users.GetUserRequest(name=name), timeout=deadline)
        return user_from(response.user)

    async def list(self, *, deadline: float = DEADLINE) -> tuple[User, ...]:
        """Return all users except Teleport's own. `deadline` is per page."""
        return await self._list(types.UserFilter(), lambda _: True, deadline)

    async def find_by_trait(
        self, trait: str, value: str, *, deadline: float = DEADLINE
    ) -> tuple[User, ...]:
        """Return users that have `value` in `trait`. `deadline` is per page.

        Servers before gravitational/teleport#66457 ignore the filter and return every user.
        """
        wanted = types.UserFilter(Traits=traits_to(MappingProxyType({trait: (value,)})))
        return await self._list(wanted, lambda user: value in user.traits.get(trait, ()), deadline)

    async def find_by_name(self, name: str, *, deadline: float = DEADLINE) -> tuple[User, ...]:
        """Return users with this name in any case. `deadline` is per page.

        Teleport searches for a part of the name and of labels (UserV2.MatchSearch).
        """
        folded = name.casefold()
        return await self._list(
            types.UserFilter(SearchKeywords=[name]),
            lambda user: user.name.casefold() == folded,
            deadline,
        )

    async def _list(
        self, wanted: types.UserFilter, fits: Callable[[User], bool], deadline: float
    ) -> tuple[User, ...]:
        """List users by the server's filter and check each one again."""
        wanted.SkipSystemUsers = True
        found: list[User] = []
        token = ""
        while True:
            page = await self._users.ListUsers(
                users.ListUsersRequest(page_size=PAGE_SIZE, page_token=token, filter=wanted),
                timeout=deadline,
            )
            found += filter(fits, map(user_from, page.users))
            token = page.next_page_token
            if not token:
                return tuple(found)

    async def get_login_state(
        self, name: str, *, deadline: float = DEADLINE
    ) -> StaticAccess | None:
        """Return roles and traits of the last login, with those granted by access lists.

        None if the user never logged in or the server has no login states. Then the user's record
        counts (GetUserOrLoginState in lib/services/user_login_state.go).
        """
        try:
            return login_state_from(
                await self._login_states.GetUserLoginState(
                    login_states.GetUserLoginStateRequest(name=name), timeout=deadline
                )
            )
        except (NotFound, NotSupported):
            return None


def user_from(message: types.UserV2) -> User:
    return User(
        name=message.Metadata.Name,
        roles=tuple(message.Spec.Roles),
        traits=_traits_from(message.Spec.Traits),
        locked=message.Spec.Status.IsLocked,
        lock_expires=time_from(message.Spec.Status.LockExpires),
        bot=BOT_LABEL in message.Metadata.Labels,
    )


def login_state_from(message: login_states.UserLoginState) -> StaticAccess:
    return StaticAccess(
        roles=tuple(message.spec.roles),
        traits=MappingProxyType({trait.key: tuple(trait.values) for trait in message.spec.traits}),
        original_roles=tuple(message.spec.original_roles),
    )


def traits_to(traits: Traits) -> wrappers.LabelValues:
    return wrappers.LabelValues(
        Values={name: wrappers.StringValues(Values=values) for name, values in traits.items()}
    )


def _traits_from(message: wrappers.LabelValues) -> Traits:
    return MappingProxyType({name: tuple(values.Values) for name, values in message.Values.items()})
