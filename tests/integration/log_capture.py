"""Log entries of the bot during a test, with waiting for an entry."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import structlog
from structlog.testing import LogCapture
from structlog.typing import EventDict, WrappedLogger

from tests.patience import PATIENCE_SECONDS


class Log(LogCapture):
    def __init__(self) -> None:
        super().__init__()
        self._news = asyncio.Event()

    def __call__(self, logger: WrappedLogger, method_name: str, event_dict: EventDict) -> NoReturn:
        self._news.set()
        super().__call__(logger, method_name, event_dict)

    def all(self, event: str) -> list[EventDict]:
        return [entry for entry in self.entries if entry["event"] == event]

    async def first(self, event: str, **fields: object) -> EventDict:
        """Return the first entry with these fields once it is logged."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for entry in self.all(event):
                    if fields.items() <= entry.items():
                        return entry
                self._news.clear()
                await self._news.wait()

    async def until(self, event: str, count: int = 1) -> None:
        """Wait until an event has been logged this many times."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.all(event)) < count:
                self._news.clear()
                await self._news.wait()


@contextmanager
def capture_logs() -> Iterator[Log]:
    before = structlog.get_config()["processors"]
    log = Log()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, log])
    try:
        yield log
    finally:
        structlog.configure(processors=before)
