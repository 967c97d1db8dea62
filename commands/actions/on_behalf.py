"""Whether Teleport takes the reviews that the bot submits on behalf of users."""

from collections.abc import Awaitable, Callable
from time import monotonic

import structlog

_REPORT_SECONDS = 600.0
"""Seconds after which a refusal says nothing of now."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class OnBehalfHealth:
    """The mode does not change while the bot runs: an operator has to correct the bot's role.

    `can_submit_on_behalf` returns whether the bot's role lets it submit reviews for any user.
    """

    def __init__(
        self,
        can_submit_on_behalf: Callable[[], Awaitable[bool]],
        count_rejection: Callable[[], None],
    ) -> None:
        self._may_submit = can_submit_on_behalf
        self._count_rejection = count_rejection
        self._words = ""
        self._until = 0.0

    @property
    def problem(self) -> str:
        """Teleport's words, until it takes a review again, or for ten minutes."""
        return self._words if monotonic() < self._until else ""

    async def record_rejection(self, text: str, author: str) -> None:
        """Note a refusal. One that concerns this author alone is logged and nothing else."""
        self._count_rejection()
        if await self._may_submit():
            log.warning("on_behalf_review_rejected", teleport_user=author, error=text)
            return
        self._words = f"Teleport takes no reviews from the bot: {text}"
        self._until = monotonic() + _REPORT_SECONDS

    def record_success(self) -> None:
        self._until = 0.0
