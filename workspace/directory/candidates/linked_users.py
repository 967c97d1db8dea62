"""The Teleport users that are linked to a Slack account, with the roles that they hold.

The form offers those who can review. Reading all users is expensive, so the list is read when a
form needs it, and remembered. Users who are linked only by their email address aren't in it: they
can be typed as reviewers.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from async_lru import alru_cache

from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError
from teleport_client.model.user import User
from workspace.directory.member_names import MemberNames
from workspace.sending.slack_failure import SLACK_ERRORS, describe

_REMEMBERED_SECONDS = 300
_MOST_LOGIN_STATES = 1_000
"""Users beyond them count with the roles of their user records alone."""
_READS_AT_ONCE = 8

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Linked:
    slack_user_id: str
    name: str
    """Of the Teleport user."""
    slack_name: str
    """Empty if it is unknown."""
    roles: frozenset[str]
    """Names of the roles held without an access request."""


class LinkedUsers:
    """`trait` names the users' trait with the Slack ID."""

    def __init__(self, teleport: TeleportClient, members: MemberNames, trait: str) -> None:
        self._teleport = teleport
        self._members = members
        self._trait = trait
        self.all = alru_cache(ttl=_REMEMBERED_SECONDS)(self._read)
        """Returns the linked users, at most five minutes old. Raises TeleportError."""

    async def _read(self) -> tuple[Linked, ...]:
        users, names = await asyncio.gather(self._teleport.users.list(), self._slack_names())
        accounts = {user.name: account for user in users if (account := self._account(user))}
        often = Counter(accounts.values())
        linked = [
            user
            for user in users
            if often[account := accounts.get(user.name, "")] == 1
            and (not names or account in names)
        ]
        held = await self._held_roles(linked)
        return tuple(
            Linked(accounts[user.name], user.name, names.get(accounts[user.name], ""), roles)
            for user, roles in zip(linked, held, strict=True)
        )

    def _account(self, user: User) -> str:
        """Return the Slack ID of a user that can act, empty for any other user."""
        values = user.traits.get(self._trait, ())
        return values[0] if len(values) == 1 and not user.bot and not user.locked else ""

    async def _slack_names(self) -> Mapping[str, str]:
        """Return the members' names by Slack ID, empty if Slack doesn't list them."""
        try:
            return await self._members.names()
        except SLACK_ERRORS as error:
            log.warning("member_names_read_failed", error=describe(error))
            return {}

    async def _held_roles(self, users: list[User]) -> list[frozenset[str]]:
        places = asyncio.Semaphore(_READS_AT_ONCE)

        async def held(user: User) -> frozenset[str]:
            async with places:
                return await self._roles_of(user)

        first = users[:_MOST_LOGIN_STATES]
        rest = [frozenset(user.roles) for user in users[_MOST_LOGIN_STATES:]]
        return [*await asyncio.gather(*map(held, first)), *rest]

    async def _roles_of(self, user: User) -> frozenset[str]:
        """Return the user's roles, with those that access lists granted at the last login."""
        recorded = frozenset(user.roles)
        try:
            login_state = await self._teleport.users.get_login_state(user.name)
        except TeleportError as error:
            log.info("user_check_failed", resource="user_login_state", error=error.text)
            return recorded
        return login_state.without_removed(recorded) if login_state else recorded
