"""The bot's process: signals, and the block in which the bot runs.

SIGTERM and SIGINT work from the first moment, also during startup: they cancel a startup, and stop
a bot that runs. The stop has a time limit from the signal on (`stop_limit`). SIGHUP reopens the log
file. Only the handlers of asyncio's loop are used, so no signal interrupts other code.
"""

import asyncio
import gc
import signal
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from importlib.metadata import version
from time import monotonic

import structlog

from bot.lifecycle import Bot
from bot.observe.health import serve_health
from bot.observe.logs import reopen_log
from bot.observe.metrics import Metrics
from bot.settings.settings import Settings
from bot.start_error import UNAVAILABLE, StartError
from bot.startup import connect
from bot.stop_limit import PARTS_SECONDS, limit_stop, wait_for_end
from workspace.conditions import Conditions
from workspace.moment import utc_now

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def run_until_signalled(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises StartError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _begin_stop, stop)
    loop.add_signal_handler(signal.SIGHUP, reopen_log)
    log.info("startup_started", version=version("teleport-chatops"))
    started = asyncio.Event()
    bot = asyncio.create_task(_run_until(stop, started, settings))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({bot, stopping}, return_when=FIRST_COMPLETED)
    stopping.cancel()
    if not bot.done() and not started.is_set():
        log.info("startup_cancelled")
        bot.cancel()
        await asyncio.gather(bot, return_exceptions=True)
        return
    await bot


def _begin_stop(stop: asyncio.Event) -> None:
    if not stop.is_set():
        limit_stop()
        stop.set()


async def _run_until(stop: asyncio.Event, started: asyncio.Event, settings: Settings) -> None:
    async with running(settings) as failed:
        started.set()
        _freeze_startup_objects()
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, failed}, return_when=FIRST_COMPLETED)
        stopping.cancel()
        if failed.done() and not failed.cancelled() and (error := failed.exception()):
            log.error("bot_failed", exc_info=error)
            raise StartError(
                "The bot crashed. See bot_failed in its log.", exit_code=UNAVAILABLE
            ) from error
        log.info("shutdown_started")


def _freeze_startup_objects() -> None:
    """Keep modules and classes out of later collections, which would delay acks by 50 ms."""
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def running(
    settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator["asyncio.Task[None]"]:
    """Run the bot during the block. Yields a task that ends only if the bot fails.

    Raises StartError.
    """
    deadline_at = monotonic() + settings.start_timeout.total_seconds()
    async with AsyncExitStack() as stack:
        conditions, metrics = Conditions(now), Metrics()
        conditions.component("start").not_ready("starting")
        metrics.expose(conditions)
        await stack.enter_async_context(serve_health(settings.health, conditions, metrics))
        runtime = await connect(
            settings, stack, conditions, metrics, now=now, deadline_at=deadline_at
        )
        bot = Bot(runtime)
        conditions.remove("start")
        parts = asyncio.create_task(bot.run())
        try:
            await bot.wait_until_started(parts, deadline_at)
            yield parts
            await bot.drain()
        finally:
            parts.cancel()
            await wait_for_end(parts, PARTS_SECONDS)
