"""Which channels get the card of a request: one small question, and all that has a say in it."""

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
    """Addresses without doubles, direct messages included (`notifications.routing.address`)."""
    error: Exception | None = None
    """Why there may be more that are not known now; to be asked again."""
    ids: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """IDs of channels that were addressed by name before, by that address."""

    def require_all(self) -> tuple[str, ...]:
        """Give the channels if no other is missing. Raises what stands in the way."""
        if self.error is not None:
            raise self.error
        return self.channels


class Routing(Protocol):
    async def routes(self, request: AccessRequest) -> Routes:
        """What cannot be known now is said, and holds up nothing that can."""


class CombinedRouting:
    """Asks all of them."""

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
    return Routes(tuple(channels), error, ChainMap(*(dict(each.ids) for each in several)))


async def gather_routes(look_ups: Iterable[Awaitable[str]]) -> Routes:
    """Look for several channels at once; an empty id is none. A single one needs no task."""
    calls = tuple(look_ups)
    if len(calls) == 1:
        return await _routes_of(calls[0])
    return merge_routes(await asyncio.gather(*map(_routes_of, calls)))


async def _routes_of(look_up: Awaitable[str]) -> Routes:
    try:
        found = await look_up
    except Exception as error:  # noqa: BLE001 - what stands in the way of one is said of that one
        return Routes(error=error)
    return Routes((found,) if found else ())
