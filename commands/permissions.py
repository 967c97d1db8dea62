"""What people may ask for and may review, remembered for a short while.

For lists and menus only: whether somebody really may is Teleport's to say when they do it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from async_lru import alru_cache

from commands.patience import ATTEMPT_SECONDS, patiently
from teleport_client.access_request import AccessCapabilities, AccessRequest
from teleport_client.access_rules import sees_requests
from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound
from teleport_client.review_permission import MayReview, may_review
from teleport_client.user import Role
from workspace.deciding import Deciding, Mode

REMEMBERED_SECONDS = 60
_MOST_PEOPLE, _MOST_ROLES = 1_000, 5_000


@dataclass(frozen=True, slots=True)
class _Access:
    user: str
    held: frozenset[str]
    """Names of the roles held without any request."""
    roles: tuple[Role, ...]
    """Those of them that there are."""


class Permissions:
    def __init__(self, teleport: TeleportClient, deciding: Deciding) -> None:
        self._teleport = teleport
        self._deciding = deciding
        self._capabilities = alru_cache(_MOST_PEOPLE, ttl=REMEMBERED_SECONDS)(
            self._read_capabilities
        )
        self._access = alru_cache(_MOST_PEOPLE, ttl=REMEMBERED_SECONDS)(self._read_access)
        self._role = alru_cache(_MOST_ROLES, ttl=REMEMBERED_SECONDS)(self._read_role)

    async def capabilities(self, user: str) -> AccessCapabilities:
        return await patiently(lambda _: self._capabilities(user))

    async def reviewable(self, user: str, requests: Sequence[AccessRequest]) -> frozenset[str]:
        """Ids of those that `user` may, or perhaps may, still vote on."""
        open_ones = [each for each in requests if each.pending and each.review_by(user) is None]
        return await self.concerned(user, open_ones)

    async def concerned(self, user: str, requests: Sequence[AccessRequest]) -> frozenset[str]:
        """Ids of those that `user` may, or perhaps may, decide by roles or by the settings."""
        access = await patiently(lambda _: self._access(user))
        return frozenset(request.id for request in requests if self._may_decide(access, request))

    def _may_decide(self, access: "_Access", request: AccessRequest) -> bool:
        if self._deciding.mode_of(request) is Mode.OVERRIDE:
            return self._deciding.approves(access.user, access.held, request)
        return may_review(access.user, access.roles, request) is not MayReview.NO

    async def held_roles(self, user: str) -> frozenset[str]:
        """Names of the roles that `user` holds without any request, read anew."""
        return frozenset(await patiently(lambda _: self._read_held_roles(user)))

    async def sees_all(self, user: str) -> bool:
        """Whether Teleport itself would show this user everybody's requests."""
        return sees_requests((await patiently(lambda _: self._access(user))).roles)

    async def _read_capabilities(self, user: str) -> AccessCapabilities:
        return await self._teleport.capabilities(user, deadline=ATTEMPT_SECONDS)

    async def _read_access(self, user: str) -> "_Access":
        held = await self._read_held_roles(user)
        roles = await asyncio.gather(*(self._role(name) for name in held))
        return _Access(user, frozenset(held), tuple(role for role in roles if role is not None))

    async def _read_held_roles(self, user: str) -> tuple[str, ...]:
        login_state = await self._teleport.login_state(user, deadline=ATTEMPT_SECONDS)
        if login_state is not None:
            return login_state.roles
        return (await self._teleport.user(user, deadline=ATTEMPT_SECONDS)).roles

    async def _read_role(self, name: str) -> Role | None:
        with suppress(NotFound):
            return await self._teleport.role(name, deadline=ATTEMPT_SECONDS)
        return None
