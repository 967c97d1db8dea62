"""Recipients from the settings: `[role_to_recipients]`, by role and else by `"*"`.

A recipient that can't be reached delays no other one. It is left out of the routes, reported once
(`RecipientHealth`), and looked up again later. If none of a request's recipients is reachable, its
card goes to the fallback channel.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Protocol

import structlog
from async_lru import alru_cache

from notifications.routing.recipient_lookup import RecipientFinder, address_by_name
from notifications.routing.recipient_problems import NOT_IN_CHANNEL, NOT_LISTED, recipient_hint
from notifications.routing.routes import Routes, gather_routes, merge_routes
from teleport_client.model.access_request import AccessRequest
from workspace.sending.slack_failure import SLACK_ERRORS, describe
from workspace.slack_ids import is_conversation_id

ANY_ROLE = "*"
_CACHE_SECONDS = 600
_RECHECK_SECONDS = 300.0
"""Time until the next lookup of a recipient that wasn't found."""
_NOT_A_MEMBER = frozenset({NOT_IN_CHANNEL, "channel_not_found"})
"""Slack's errors for a channel that the bot isn't in. A lookup may have reported this before."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class RecipientHealth(Protocol):
    """Reports which recipients are unreachable."""

    def __contains__(self, name: str) -> bool: ...

    def mark_unreachable(self, name: str, problem: str) -> None: ...

    def mark_reachable(self, name: str) -> None: ...


class _NotFound(Exception):
    """A recipient that can't get messages, and why."""


class Recipients:
    def __init__(
        self,
        finder: RecipientFinder,
        health: RecipientHealth,
        by_role: Mapping[str, Sequence[str]],
        *,
        fallback: str = "",
    ) -> None:
        self._finder = finder
        self._health = health
        self._by_role = by_role
        self._fallback = fallback
        self._not_found: dict[str, float] = {}
        """Monotonic time of the next lookup, by recipient."""
        self._names: dict[str, str] = {}
        """Recipients by address."""
        self._ids: dict[str, str] = {}
        """Channel IDs by the name that earlier cards may have been posted to."""
        self._resolve = alru_cache(maxsize=1000, ttl=_CACHE_SECONDS)(self._look_up)

    async def routes(self, request: AccessRequest) -> Routes:
        """Return reachable recipients in the order of the settings, or the fallback channel."""
        names = recipients_of(request.roles, self._by_role)
        routes = await self._routes(names)
        reachable = any(self._names[each] not in self._health for each in routes.channels)
        if names and not reachable and not routes.error:
            routes = merge_routes((routes, await self._routes(self._fallback_names())))
        unreachable = (each for each in routes.channels if self._names[each] in self._health)
        return replace(routes, ids=self._ids, unreachable=frozenset(unreachable))

    async def channels_of(self, request: AccessRequest) -> Sequence[str]:
        """Return the addresses of `routes`. Raises one of SLACK_ERRORS if one isn't known."""
        return (await self.routes(request)).require_all()

    async def fallback_channels(self) -> Sequence[str]:
        """Return the fallback channel, if there is one. Raises one of SLACK_ERRORS."""
        return (await self._routes(self._fallback_names())).require_all()

    def mark_rejected(self, channel: str, problem: str) -> bool:
        """Report that Slack rejected a card. Return whether the channel is a recipient's."""
        name = self._names.get(channel)
        if name is not None and not (name in self._health and problem in _NOT_A_MEMBER):
            self._health.mark_unreachable(name, problem)
        return name is not None

    def mark_delivered(self, channel: str) -> None:
        if name := self._names.get(channel):
            self._health.mark_reachable(name)

    async def check(self) -> None:
        """Look up all recipients at startup, before a card needs them.

        This logs recipients that aren't found, and channels that the bot has to be invited to.
        """
        names = dict.fromkeys(name for names in self._by_role.values() for name in names)
        names |= dict.fromkeys(self._fallback_names())
        try:
            (await self._routes(names)).require_all()
            for name in names:
                if is_conversation_id(name) and name not in self._not_found:
                    found = await self._finder.find(name)
                    if not found.bot_is_member:
                        log.warning(
                            "bot_not_in_channel",
                            recipient=name,
                            channel=found.address,
                            hint=recipient_hint(NOT_IN_CHANNEL),
                        )
        except SLACK_ERRORS as error:
            log.warning("recipients_check_failed", error=describe(error))

    async def _routes(self, names: Iterable[str]) -> Routes:
        return await gather_routes(self._channel_of(name) for name in names)

    def _fallback_names(self) -> tuple[str, ...]:
        return (self._fallback,) if self._fallback else ()

    async def _channel_of(self, name: str) -> str:
        """Return the address of a recipient, empty if it isn't found.

        Raises one of SLACK_ERRORS if a retry can help.
        """
        if self._not_found.get(name, 0.0) > monotonic():
            return ""
        try:
            address = await self._resolve(name)
        except _NotFound as error:
            self._not_found[name] = monotonic() + _RECHECK_SECONDS
            self._health.mark_unreachable(name, str(error))
            return ""
        if self._not_found.pop(name, None):
            self._health.mark_reachable(name)
        self._remember(name, address)
        return address

    def _remember(self, name: str, address: str) -> None:
        """Two names can have the same address, which then belongs to the first one."""
        self._names.setdefault(address, name)
        if address == address_by_name(name):
            # The bot can be invited at any time.
            self._resolve.cache_invalidate(name)
            if self._finder.sees_all_channels:
                self._health.mark_unreachable(name, NOT_LISTED)
        elif is_conversation_id(address):
            self._ids[address_by_name(name)] = address

    async def _look_up(self, name: str) -> str:
        """Raise _NotFound rather than return a problem: an exception isn't cached."""
        found = await self._finder.find(name)
        if found.problem:
            raise _NotFound(found.problem)
        return found.address


def recipients_of(roles: Sequence[str], by_role: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the recipients of all roles. A role without its own recipients has those of `"*"`."""
    return tuple(
        dict.fromkeys(
            name for role in roles for name in by_role.get(role) or by_role.get(ANY_ROLE, ())
        )
    )
