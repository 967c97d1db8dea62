"""Routes: the channels that get the card of a request, from several sources."""

import asyncio
from collections import ChainMap
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from teleport_client.model.access_request import AccessRequest


@dataclass(frozen=True, slots=True)
class Routes:
    channels: tuple[str, ...] = ()
    """Distinct addresses of channels and DMs (`notifications.routing.recipient_names`)."""
    error: Exception | None = None
    """Why further channels can't be looked up now. A retry can find them."""
    ids: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Channel IDs, by the name that earlier cards may have been posted to."""

    unreachable: frozenset[str] = frozenset()
    """Channels among `channels` that don't accept messages at the moment."""

    @property
    def reaches_someone(self) -> bool:
        """Whether a card reaches a recipient, as far as known. Also true while a lookup fails."""
        return self.error is not None or not self.unreachable.issuperset(self.channels)

    def require_all(self) -> tuple[str, ...]:
        """Return the channels. Raises `error` if some are missing."""
        if self.error is not None:
            raise self.error
        return self.channels


class Routing(Protocol):
    async def routes(self, request: AccessRequest) -> Routes:
        """Return the known channels. A failed lookup is part of the result and never raised."""


class CombinedRouting:
    def __init__(self, *routings: Routing) -> None:
        self._routings = routings

    async def routes(self, request: AccessRequest) -> Routes:
        return merge_routes(
            await asyncio.gather(*(each.routes(request) for each in self._routings))
        )


def merge_routes(routes: Iterable[Routes]) -> Routes:
    """Return the channels of all routes, and the first error."""
    several = tuple(routes)
    channels = dict.fromkeys(channel for each in several for channel in each.channels)
    error = next((each.error for each in several if each.error), None)
    return Routes(
        tuple(channels),
        error,
        ChainMap(*(dict(each.ids) for each in several)),
        frozenset[str]().union(*(each.unreachable for each in several)),
    )


async def gather_routes(lookups: Iterable[Awaitable[str]]) -> Routes:
    """Look up several channels concurrently, and ignore empty addresses."""
    calls = tuple(lookups)
    if len(calls) == 1:  # the most frequent case, for which a task would be a waste
        return await _look_up(calls[0])
    return merge_routes(await asyncio.gather(*map(_look_up, calls)))


async def _look_up(lookup: Awaitable[str]) -> Routes:
    try:
        found = await lookup
    except Exception as error:  # noqa: BLE001 - a failed lookup prevents no other one
        return Routes(error=error)
    return Routes((found,) if found else ())
