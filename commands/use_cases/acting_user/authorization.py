"""Authorize users: find the Teleport user of a Slack user, with its locks and deny rules.

Teleport checks the caller of each call, and the caller is the bot. It doesn't check the user that
the bot acts for: it stores a request for a locked user, and for a user with roles that deny
`create` (CreateAccessRequestV2 in lib/auth/auth_with_roles.go). So the bot makes these checks
itself, and every command gets its user here.
"""

import asyncio
from collections.abc import Awaitable, Collection
from typing import TypeVar

import structlog
from async_lru import alru_cache

from commands.log_fields import bind_teleport_user
from commands.use_cases.acting_user.authorized_user import (
    LIST,
    Action,
    AuthorizedUser,
    denials_of,
    ensure_allowed,
)
from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound, NotSupported, PermissionDenied
from teleport_client.model.lock import Lock
from teleport_client.model.user import Role, StaticAccess
from workspace.directory.user_directory import LinkedUser, UserDirectory
from workspace.retry import ATTEMPT_SECONDS, with_retry

CACHE_SECONDS = 60
"""Maximum age of login states and roles for actions that don't read them again."""
_MAX_USERS, _MAX_ROLES = 1_000, 5_000

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")


class Authorization:
    """Reads users, their locks and their roles. Caches login states and roles for a minute."""

    def __init__(self, teleport: TeleportClient, users: UserDirectory) -> None:
        self._teleport = teleport
        self._users = users
        self._login_state = alru_cache(_MAX_USERS, ttl=CACHE_SECONDS)(self._read_login_state)
        self._role = alru_cache(_MAX_ROLES, ttl=CACHE_SECONDS)(self._read_role)

    async def authorize(self, slack_user_id: str, action: Action) -> AuthorizedUser:
        """Return the user behind a Slack account, if they can do this.

        Raises UserError, TeleportError, SlackApiError.
        """
        linked_user = await with_retry(
            lambda _: self._users.linked_user(slack_user_id, fresh=action.fresh)
        )
        bind_teleport_user(slack_user_id, linked_user.name)
        user = await self._read(linked_user, fresh=action.fresh)
        ensure_allowed(user, action)
        return user

    async def authorize_viewer(self, slack_user_id: str) -> AuthorizedUser:
        """Return the user behind a Slack account, if they can see requests in App Home.

        Reads everything again except the Slack account. Raises as `authorize` does.
        """
        linked_user = await with_retry(lambda _: self._users.viewing_user(slack_user_id))
        user = await self._read(linked_user, fresh=True)
        ensure_allowed(user, LIST)
        return user

    async def definitions(self, names: Collection[str], *, fresh: bool = False) -> dict[str, Role]:
        """Return roles by name, at most a minute old, without those that don't exist.

        Raises TeleportError.
        """
        return await self._roles(names, fresh=fresh)

    async def _read(self, linked_user: LinkedUser, *, fresh: bool) -> AuthorizedUser:
        recorded = frozenset(linked_user.user.roles)
        reads = _Reads()
        login_state, (roles, locks) = await asyncio.gather(
            reads.attempt(
                "user_login_state", self._last_login(linked_user.name, fresh=fresh), None
            ),
            self._roles_and_locks(reads, linked_user.name, recorded, fresh=fresh),
        )
        if added := frozenset(login_state.roles if login_state else ()) - recorded:
            more_roles, more_locks = await self._roles_and_locks(
                reads, linked_user.name, added, fresh=fresh
            )
            locks = tuple(dict.fromkeys((*locks, *more_locks)))
            roles = {**roles, **more_roles}
        held = login_state.without_removed(recorded) if login_state else recorded
        static_access = login_state or linked_user.user.static_access
        return AuthorizedUser(
            linked_user,
            held,
            roles=tuple(role for name, role in roles.items() if name in held),
            denying_roles=tuple(roles.values()),
            static_access=None if "user_login_state" in reads.unreadable else static_access,
            locks=locks,
            denials=denials_of(roles.values()),
            unreadable=frozenset(reads.unreadable),
        )

    async def _roles_and_locks(
        self, reads: "_Reads", user: str, names: Collection[str], *, fresh: bool
    ) -> tuple[dict[str, Role], tuple[Lock, ...]]:
        return await asyncio.gather(
            reads.attempt("role", self._roles(names, fresh=fresh), {}),
            reads.attempt("lock", self._locks(user, names), ()),
        )

    async def _last_login(self, user: str, *, fresh: bool) -> StaticAccess | None:
        if fresh:
            self._login_state.cache_invalidate(user)
        return await with_retry(lambda _: self._login_state(user))

    async def _roles(self, names: Collection[str], *, fresh: bool) -> dict[str, Role]:
        """Return definitions by name, without those of roles that don't exist."""
        if fresh:
            for name in names:
                self._role.cache_invalidate(name)
        found = await with_retry(lambda _: asyncio.gather(*map(self._role, names)))
        return {role.name: role for role in found if role is not None}

    async def _locks(self, user: str, roles: Collection[str]) -> tuple[Lock, ...]:
        return await with_retry(
            lambda deadline: self._teleport.locks.list_in_force(
                user, sorted(roles), deadline=deadline
            )
        )

    async def _read_login_state(self, user: str) -> StaticAccess | None:
        return await self._teleport.users.get_login_state(user, deadline=ATTEMPT_SECONDS)

    async def _read_role(self, name: str) -> Role | None:
        try:
            return await self._teleport.roles.get(name, deadline=ATTEMPT_SECONDS)
        except NotFound:
            return None


class _Reads:
    """Collects the kinds of resource that the bot isn't allowed to read."""

    def __init__(self) -> None:
        self.unreadable: set[str] = set()

    async def attempt(self, kind: str, call: Awaitable[T], default: T) -> T:
        try:
            return await call
        except (PermissionDenied, NotSupported) as error:
            log.warning("user_check_failed", resource=kind, error=error.text)
            self.unreadable.add(kind)
            return default
