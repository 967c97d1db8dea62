"""What people may ask for and may review, remembered for a short while.

For lists and menus only: whether somebody really may is Teleport's to say when they do it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from async_lru import alru_cache

from commands.patience import ATTEMPT_SECONDS, patiently
from teleport_client.access_request import AccessCapabilities, AccessRequest
from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound
from teleport_client.review_permission import MayReview, may, may_review
from teleport_client.user import Role

REMEMBERED_SECONDS = 60
_MOST_PEOPLE, _MOST_ROLES = 1_000, 5_000


class Permissions:
    def __init__(self, teleport: TeleportClient) -> None:
        self._teleport = teleport
        self._capabilities = alru_cache(_MOST_PEOPLE, ttl=REMEMBERED_SECONDS)(
            self._read_capabilities
        )
        self._roles = alru_cache(_MOST_PEOPLE, ttl=REMEMBERED_SECONDS)(self._read_roles)
        self._role = alru_cache(_MOST_ROLES, ttl=REMEMBERED_SECONDS)(self._read_role)

    async def capabilities(self, user: str) -> AccessCapabilities:
        return await patiently(lambda _: self._capabilities(user))

    async def reviewable(self, user: str, requests: Sequence[AccessRequest]) -> frozenset[str]:
        """Ids of those that `user` may, or perhaps may, still vote on."""
        open_ones = [each for each in requests if each.pending and each.review_by(user) is None]
        return await self.concerned(user, open_ones)

    async def concerned(self, user: str, requests: Sequence[AccessRequest]) -> frozenset[str]:
        """Ids of those that `user` may, or perhaps may, review by their roles."""
        roles = await patiently(lambda _: self._roles(user))
        return frozenset(
            request.id
            for request in requests
            if may_review(user, roles, request) is not MayReview.NO
        )

    async def sees_all(self, user: str) -> bool:
        """Whether Teleport itself would show this user everybody's requests."""
        roles = await patiently(lambda _: self._roles(user))
        return all(may(roles, "access_request", verb) for verb in ("list", "read"))

    async def _read_capabilities(self, user: str) -> AccessCapabilities:
        return await self._teleport.capabilities(user, deadline=ATTEMPT_SECONDS)

    async def _read_roles(self, user: str) -> tuple[Role, ...]:
        held = await self._teleport.static_access(user, deadline=ATTEMPT_SECONDS)
        roles = await asyncio.gather(*(self._role(name) for name in held.roles))
        return tuple(role for role in roles if role is not None)

    async def _read_role(self, name: str) -> Role | None:
        with suppress(NotFound):
            return await self._teleport.role(name, deadline=ATTEMPT_SECONDS)
        return None
