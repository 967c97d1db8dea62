"""Which channels get the card of a request: one small question, and all that has a say in it."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from teleport_client.access_request import AccessRequest


@dataclass(frozen=True, slots=True)
class Routes:
    channels: tuple[str, ...] = ()
    """Ids without doubles, direct messages included."""
    trouble: BaseException | None = None
    """Why there may be more that are not known now; to be asked again."""


class Routing(Protocol):
    async def channels_for(self, request: AccessRequest) -> tuple[str, ...]:
        """Give the ids of channels. Raises what may pass, such as SlackApiError."""


class United:
    """Asks all of them. One that fails holds up no other."""

    def __init__(self, *routings: Routing) -> None:
        self._routings = routings

    async def routes(self, request: AccessRequest) -> Routes:
        answers = await asyncio.gather(
            *(each.channels_for(request) for each in self._routings), return_exceptions=True
        )
        found = [answer for answer in answers if not isinstance(answer, BaseException)]
        return Routes(
            channels=tuple(dict.fromkeys(channel for each in found for channel in each)),
            trouble=next((each for each in answers if isinstance(each, BaseException)), None),
        )
