"""Readiness of reviews on behalf of users: whether Teleport accepts them from the bot."""

from collections.abc import Awaitable, Callable
from time import monotonic

import structlog

_REPORT_SECONDS = 600.0
"""Seconds for which a rejection counts as a current problem."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class OnBehalfHealth:
    """Keeps the last rejection: the mode stays, until an operator corrects the bot's role.

    `can_submit_on_behalf` returns whether the bot's role lets it submit reviews for any user.
    """

    def __init__(
        self,
        can_submit_on_behalf: Callable[[], Awaitable[bool]],
        count_rejection: Callable[[], None],
    ) -> None:
        self._can_submit = can_submit_on_behalf
        self._count_rejection = count_rejection
        self._error = ""
        self._until = 0.0

    @property
    def problem(self) -> str:
        """Teleport's error, until it accepts a review again, or for ten minutes."""
        return self._error if monotonic() < self._until else ""

    async def record_rejection(self, text: str, author: str) -> None:
        """Count a rejection, and report a problem unless it concerns only this author."""
        self._count_rejection()
        if await self._can_submit():
            log.warning("on_behalf_review_rejected", teleport_user=author, error=text)
            return
        self._error = f"Teleport rejects reviews from the bot: {text}"
        self._until = monotonic() + _REPORT_SECONDS

    def record_success(self) -> None:
        self._until = 0.0
