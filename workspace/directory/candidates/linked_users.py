"""The Teleport users that are linked to a Slack account, with their roles.

The form offers the possible reviewers among them. Reading all users is expensive, so the bot reads
the list only for a form, and caches it. One list contains all members of the workspace, so a link
by email address needs no call for each user.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import structlog
from async_lru import alru_cache

from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError
from teleport_client.model.user import StaticAccess, User
from workspace.directory.candidates.links import link_all
from workspace.directory.member_names import MemberNames
from workspace.directory.user_directory import UserMapping
from workspace.sending.slack_failure import SLACK_ERRORS, describe

_REMEMBERED_SECONDS = 300
_MOST_LOGIN_STATES = 1_000
"""Maximum number of login states to read. Further users count with the roles of their records."""
_READS_AT_ONCE = 8

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


_Held: TypeAlias = tuple[frozenset[str], StaticAccess | None]
"""Names of the held roles, and the roles and traits that Teleport has."""


@dataclass(frozen=True, slots=True)
class Linked:
    slack_user_id: str
    name: str
    """Name of the Teleport user."""
    slack_name: str
    """Empty if it is unknown."""
    roles: frozenset[str]
    """Names of the roles held without an access request."""
    static_access: StaticAccess | None = None
    """Roles and traits as Teleport has them, None if they're unknown."""


class LinkedUsers:
    def __init__(
        self, teleport: TeleportClient, members: MemberNames, matching: UserMapping
    ) -> None:
        self._teleport = teleport
        self._members = members
        self._matching = matching
        self.all = alru_cache(ttl=_REMEMBERED_SECONDS)(self._read)
        """Returns the linked users, at most five minutes old. Raises TeleportError."""

    async def _read(self) -> tuple[Linked, ...]:
        users, (names, emails) = await asyncio.gather(
            self._teleport.users.list(), self._read_members()
        )
        found = link_all(users, self._matching.trait, emails)
        linked = {each: user for each, user in found.items() if not names or each in names}
        held = await self._held_roles([*linked.values()])
        return tuple(
            Linked(slack_user_id, user.name, names.get(slack_user_id, ""), roles, static_access)
            for (slack_user_id, user), (roles, static_access) in zip(
                linked.items(), held, strict=True
            )
        )

    async def _read_members(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return names and addresses by Slack ID, empty if Slack doesn't list the members.

        Without `match_email`, there are no addresses.
        """
        try:
            names = await self._members.names()
            emails = await self._members.emails() if self._matching.match_email else {}
        except SLACK_ERRORS as error:
            log.warning("member_names_read_failed", error=describe(error))
            return {}, {}
        return names, emails

    async def _held_roles(self, users: list[User]) -> list[_Held]:
        places = asyncio.Semaphore(_READS_AT_ONCE)

        async def held(user: User) -> _Held:
            async with places:
                return await self._roles_of(user)

        first = users[:_MOST_LOGIN_STATES]
        rest = [(frozenset(user.roles), None) for user in users[_MOST_LOGIN_STATES:]]
        return [*await asyncio.gather(*map(held, first)), *rest]

    async def _roles_of(self, user: User) -> _Held:
        """Return the user's roles, including roles that access lists granted at the last login."""
        recorded = frozenset(user.roles)
        try:
            login_state = await self._teleport.users.get_login_state(user.name)
        except TeleportError as error:
            log.info("user_check_failed", resource="user_login_state", error=error.text)
            return recorded, None
        if login_state is None:
            return recorded, user.static_access
        return login_state.without_removed(recorded), login_state
