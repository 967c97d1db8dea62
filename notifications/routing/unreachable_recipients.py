"""Unreachable recipients. Each problem is reported once: in the log and in the fallback channel."""

import asyncio

import structlog

from notifications.routing.recipient_problems import recipient_hint

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class UnreachableRecipients:
    def __init__(self) -> None:
        self._problems: dict[str, str] = {}
        self._unreported: dict[str, str] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._problems)

    def __contains__(self, name: str) -> bool:
        return name in self._problems

    def mark_unreachable(self, name: str, problem: str) -> None:
        """Report a problem, unless it is known already."""
        if self._problems.get(name) == problem:
            return
        self._problems[name] = self._unreported[name] = problem
        log.error(
            "recipient_unreachable", recipient=name, error=problem, hint=recipient_hint(problem)
        )
        self._changed.set()

    def mark_reachable(self, name: str) -> None:
        if self._problems.pop(name, None) is not None:
            self._unreported.pop(name, None)
            log.info("recipient_recovered", recipient=name)

    async def next_unreported(self) -> str:
        """Wait for an unreported problem, and return the text that reports it."""
        while not self._unreported:
            self._changed.clear()
            await self._changed.wait()
        name, problem = self._unreported.popitem()
        return f"Can't post access requests to {name}: {problem}. {recipient_hint(problem)}"
