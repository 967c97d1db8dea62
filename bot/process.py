"""Start, run and stop.

Start: settings, Teleport, Slack's tokens, the mirror, and last the sockets, so that nobody can type
before there is an answer. Stop: new envelopes are left to other replicas, work under way is waited
for, then the rest is closed.
"""

import asyncio
import signal
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from time import monotonic

import structlog

from bot.compose import World, build_app, build_controller, build_listeners, build_people
from bot.health import Readiness, serve_health
from bot.metrics import Metrics
from bot.settings import Settings
from bot.slack_connection import check_installation, http_session, web_client
from bot.sockets import Sockets
from bot.start_error import UNAVAILABLE, StartError
from bot.teleport_connection import check_cluster, load_credentials
from teleport_client.client import TeleportClient
from teleport_client.dialer import dial
from teleport_client.identity import Credentials

_DRAIN_SECONDS = 10.0
"""For commands, clicks and forms; none of them waits longer for Teleport."""
_FINISH_SECONDS = 4.0
"""For cards and messages; what is not sent by then the next holder of the lease sends."""
_ADDRESS_SECONDS = 10.0
"""How long a socket's address may have been kept before it is too old to be used."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


async def run_until_signalled(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises StartError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as failed:
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({stopping, failed}, return_when=FIRST_COMPLETED)
        finally:
            stopping.cancel()
        log.info("stopping")
        if failed.done():
            await failed


@asynccontextmanager
async def running(
    settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator["asyncio.Task[None]"]:
    """Run the bot while the block does. Gives a task that ends only if the bot fails.

    Raises StartError.
    """
    async with AsyncExitStack() as stack:
        bot = await _connect(settings, stack, now)
        await stack.enter_async_context(
            serve_health(settings.health, bot.readiness, bot.world.metrics)
        )
        parts = asyncio.create_task(bot.run())
        try:
            await bot.wait_until_started(parts)
            yield parts
            await bot.drain()
        finally:
            parts.cancel()
            await asyncio.gather(parts, return_exceptions=True)


async def _connect(
    settings: Settings, stack: AsyncExitStack, now: Callable[[], datetime]
) -> "_Bot":
    """Reach both sides, or say in one sentence why not."""
    patience = settings.start_timeout.total_seconds()
    credentials = load_credentials(settings.teleport, now())
    expires = credentials.expires.isoformat(timespec="seconds")
    log.info("identity", user=credentials.user, cluster=credentials.cluster, expires=expires)
    channel = dial(settings.teleport.addr, credentials)
    teleport = await stack.enter_async_context(TeleportClient(channel))
    cluster = await check_cluster(teleport, settings.teleport, patience=patience)
    http = await stack.enter_async_context(http_session())
    slack = web_client(settings, http, settings.slack.token.get_secret_value())
    app_token = settings.app_token.get_secret_value() if settings.app_token else ""
    installation, address = await check_installation(slack, app_token, patience=patience)
    world = World(settings, teleport, cluster, slack, http, installation, now, Metrics())
    return _Bot(world, credentials, app_token, address)


class _Bot:
    """Everything that runs, and the way it starts and stops."""

    def __init__(
        self, world: World, credentials: Credentials, app_token: str, address: str
    ) -> None:
        people = build_people(world)
        self.world = world
        self.controller = build_controller(world, people)
        self.listeners = build_listeners(world, people, self.controller.changed)
        self._credentials = credentials
        self._app_token = app_token
        self._address = address
        self._address_from = monotonic()
        self._sockets: Sockets | None = None
        self._started = asyncio.Event()
        self._draining = False
        self.readiness = Readiness(
            {
                "teleport": lambda: self.controller.mirror.trouble,
                "identity": self._identity_trouble,
                "slack": self._socket_trouble,
            }
        )
        self._expose_metrics()

    async def run(self) -> None:
        """Run until cancelled; an error of any part ends all."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.controller.run())
            await self.controller.mirror.synced.wait()
            if self._app_token:
                self._sockets = self._open_sockets()
                parts.create_task(self._sockets.run())
            self._started.set()

    async def wait_until_started(self, parts: "asyncio.Task[None]") -> None:
        patience = self.world.settings.start_timeout.total_seconds()
        starting = asyncio.create_task(self._started.wait())
        await asyncio.wait({parts, starting}, timeout=patience, return_when=FIRST_COMPLETED)
        if parts.done():
            await parts
        if not starting.done():
            starting.cancel()
            raise StartError(
                f"Teleport did not list its access requests within {patience:g} s:"
                f" {self.controller.mirror.trouble}.",
                exit_code=UNAVAILABLE,
            )
        log.info(
            "ready",
            cluster=self.world.cluster.name,
            teleport=self.world.cluster.version,
            team=self.world.installation.team,
            requests=len(self.controller.mirror),
        )

    async def drain(self) -> None:
        self._draining = True
        log.info("draining", in_flight=self.listeners.in_flight)
        cancelled = await self.listeners.drain(_DRAIN_SECONDS)
        await self.controller.finish(_FINISH_SECONDS)
        log.info("drained", cancelled=cancelled)

    def _open_sockets(self) -> Sockets:
        fresh = monotonic() - self._address_from < _ADDRESS_SECONDS
        return Sockets(
            build_app(self.world, self.listeners, lambda: self._draining),
            self._app_token,
            first_address=self._address if fresh else "",
            helped=self.world.metrics.count_socket_reset,
        )

    def _identity_trouble(self) -> str:
        return "the certificate has ended" if self._identity_seconds_left() <= 0 else ""

    def _identity_seconds_left(self) -> float:
        return (self._credentials.expires - self.world.now()).total_seconds()

    def _socket_trouble(self) -> str:
        if not self._app_token:
            return ""
        return self._sockets.trouble() if self._sockets else "not connected yet"

    def _expose_metrics(self) -> None:
        ask, controller = self.world.metrics.ask, self.controller
        ask("requests", "Access requests in the mirror", lambda: len(controller.mirror))
        ask("queue", "Requests that wait to be looked at", lambda: len(controller.queue))
        ask("outbox", "Messages that wait to be sent", lambda: controller.outbox.waiting)
        ask("lease_held", "1 where this replica notifies", lambda: controller.leadership.held)
        ask("acts_in_flight", "Commands and clicks under way", lambda: self.listeners.in_flight)
        ask(
            "sockets",
            "Socket Mode connections",
            lambda: self._sockets.connected if self._sockets else 0,
        )
        ask(
            "identity_seconds_left",
            "Life left in the Teleport certificate",
            self._identity_seconds_left,
        )
