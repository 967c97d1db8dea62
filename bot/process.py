"""Start, run and stop.

Start: settings, Teleport, Slack's tokens, the mirror, and last the sockets, so that nobody can type
before there is an answer. Stop: the sockets, so that other replicas get what comes, then work under
way is waited for, then the rest is closed.
"""

import asyncio
import gc
import signal
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from importlib.metadata import version
from time import monotonic

import structlog

from bot.compose import (
    Runtime,
    build_app,
    build_contacts,
    build_controller,
    build_host_names,
    build_listeners,
)
from bot.connect.certificate_lifetime import report_short_lifetimes
from bot.connect.guarding_roles import LOOK_AGAIN_SECONDS, keep_up_to_date, warning_of
from bot.connect.other_bots import warn_of_other_bots
from bot.connect.review_mode import find_deciding, may_submit_now
from bot.connect.server_support import UPGRADE, find_missing_method, missing_method
from bot.connect.slack_connection import (
    CALL_SECONDS,
    check_installation,
    first_socket_address,
    http_session,
    web_client,
)
from bot.connect.teleport_connection import check_cluster, first_credentials, open_client
from bot.connect.unknown_names import warn_of_unknown_names
from bot.observe.clock import SlackClock
from bot.observe.health import serve_health
from bot.observe.logs import reopen_log
from bot.observe.metrics import Metrics
from bot.settings.settings import Settings
from bot.sockets.sockets import Sockets
from bot.start_error import MISCONFIGURED, UNAVAILABLE, StartError
from bot.stop_limit import (
    FINISH_SECONDS,
    PARTS_SECONDS,
    SOCKETS_SECONDS,
    limit_stop,
    wait_for_end,
)
from commands.actions.on_behalf import OnBehalfHealth
from teleport_client.credentials.identity import Credentials
from workspace.conditions import Conditions
from workspace.moment import utc_now

_ADDRESS_SECONDS = 10.0
"""How long a socket's address may have been kept before it is too old to be used."""

_STANDALONE_WARNING = (
    "Teleport gives the bot no leases, so this has to be the only replica:"
    " give it the role of teleport-role to have more"
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def run_until_signalled(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT, which are heard while starting as well. Raises StartError.

    SIGHUP reopens the log file.
    """
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
        # A collection that visits all modules and classes would hold up acks for 50 ms.
        gc.collect()
        gc.freeze()
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, failed}, return_when=FIRST_COMPLETED)
        stopping.cancel()
        if failed.done() and not failed.cancelled() and (error := failed.exception()):
            log.error("bot_failed", exc_info=error)
            raise StartError(
                "The bot ended by a mistake of its own. Its log says which, as bot_failed.",
                exit_code=UNAVAILABLE,
            ) from error
        log.info("shutdown_started")


@asynccontextmanager
async def running(
    settings: Settings, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator["asyncio.Task[None]"]:
    """Run the bot while the block does. Gives a task that ends only if the bot fails.

    Raises StartError.
    """
    end = monotonic() + settings.start_timeout.total_seconds()
    async with AsyncExitStack() as stack:
        conditions, metrics = Conditions(now), Metrics()
        conditions.component("start").not_ready("starting")
        metrics.expose(conditions)
        await stack.enter_async_context(serve_health(settings.health, conditions, metrics))
        bot = await _connect(settings, stack, conditions, metrics, now, end)
        conditions.remove("start")
        parts = asyncio.create_task(bot.run())
        try:
            await bot.wait_until_started(parts, end)
            yield parts
            await bot.drain()
        finally:
            parts.cancel()
            await wait_for_end(parts, PARTS_SECONDS)


async def _connect(
    settings: Settings,
    stack: AsyncExitStack,
    conditions: Conditions,
    metrics: Metrics,
    now: Callable[[], datetime],
    end: float,
) -> "_Bot":
    """Reach both sides before `end`, or say in one sentence why not."""
    clock = SlackClock(now)
    identity = await first_credentials(settings.teleport, clock.now, end=end)
    _log_identity("identity_loaded", identity.current)
    teleport = await open_client(settings.teleport, lambda: identity.current, stack)
    cluster = await check_cluster(teleport, settings.teleport, end=end)
    if lacks := await find_missing_method(teleport, cluster):
        raise StartError(f"{lacks}.", UPGRADE, exit_code=MISCONFIGURED)
    deciding = await find_deciding(teleport, cluster, identity.current.roles, settings)
    http = await stack.enter_async_context(
        http_session(clock.trace(), seconds=CALL_SECONDS / settings.pace.factor)
    )
    slack = web_client(settings, http, settings.slack.token.get_secret_value())
    app_token = settings.app_token.get_secret_value() if settings.app_token else ""
    installation = await check_installation(slack, end=end)
    address = await first_socket_address(slack, app_token, end=end)
    runtime = Runtime(
        settings, identity, teleport, cluster, deciding, slack, http, installation, clock.now,
        conditions, metrics, clock,
        OnBehalfHealth(
            partial(may_submit_now, teleport, identity), metrics.count_on_behalf_rejection
        ),
    )  # fmt: skip
    return _Bot(runtime, app_token, address)


def _log_identity(event: str, credentials: Credentials) -> None:
    log.info(
        event,
        teleport_user=credentials.user,
        cluster=credentials.cluster,
        expires_at=credentials.expires.isoformat(timespec="seconds"),
    )


def _log_identity_not_renewed(problem: str) -> None:
    log.warning("identity_reload_failed", error=problem)


class _Bot:
    """Everything that runs, and the way it starts and stops."""

    def __init__(self, runtime: Runtime, app_token: str, address: str) -> None:
        contacts = build_contacts(runtime)
        self.runtime = runtime
        names = build_host_names(runtime)
        self.controller = build_controller(runtime, contacts, names)
        self.listeners = build_listeners(runtime, contacts, names, self.controller.changed)
        self._identity = runtime.identity
        self._app_token = app_token
        self._address = address
        self._address_from = monotonic()
        self._sockets: Sockets | None = None
        self._receiving: asyncio.Task[None] | None = None
        self._started = asyncio.Event()
        self._register_conditions()
        self._expose_metrics()

    async def run(self) -> None:
        """Run until cancelled; an error of any part ends all."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.controller.run())
            if self.runtime.settings.teleport.refresh_identity:
                parts.create_task(
                    self._identity.run(
                        renewed=self._identity_renewed, failed=_log_identity_not_renewed
                    )
                )
            await self.controller.mirror.synced.wait()
            parts.create_task(warn_of_other_bots(self.runtime.teleport))
            parts.create_task(warn_of_unknown_names(self.runtime.teleport, self.runtime.settings))
            parts.create_task(self._follow_guarding_roles())
            if self._app_token and self.runtime.settings.request.enabled:
                parts.create_task(report_short_lifetimes(self.runtime.teleport, self._identity))
            if self._app_token:
                self._sockets = self._open_sockets()
                self._receiving = parts.create_task(self._sockets.run())
            self._started.set()

    async def _follow_guarding_roles(self) -> None:
        await keep_up_to_date(
            self.runtime.deciding.unknown,
            self.runtime.teleport,
            self.controller.look_at_pending,
            again=LOOK_AGAIN_SECONDS / self.runtime.settings.pace.factor,
        )

    async def wait_until_started(self, parts: "asyncio.Task[None]", end: float) -> None:
        starting = asyncio.create_task(self._started.wait())
        left = max(0.1, end - monotonic())
        await asyncio.wait({parts, starting}, timeout=left, return_when=FIRST_COMPLETED)
        if parts.done():
            await parts
        if not starting.done():
            starting.cancel()
            raise StartError(
                "Teleport did not list its access requests in time:"
                f" {self.runtime.conditions['watch'].reason}.",
                exit_code=UNAVAILABLE,
            )
        log.info(
            "bot_started",
            cluster=self.runtime.cluster.name,
            teleport_version=self.runtime.cluster.version,
            slack_team=self.runtime.installation.team,
            request_count=len(self.controller.mirror),
        )

    async def drain(self) -> None:
        """Take nothing more from Slack, and finish what was taken.

        The sockets go first: Slack gives commands and clicks to other replicas only once it has no
        socket here. Answers do not need them.
        """
        log.info("drain_started", in_flight_count=self.listeners.in_flight)
        end = monotonic() + FINISH_SECONDS
        if self._receiving is not None:
            self._receiving.cancel()
            await wait_for_end(self._receiving, SOCKETS_SECONDS)
        left = end - monotonic()
        cancelled, _ = await asyncio.gather(
            self.listeners.drain(left), self.controller.finish(left)
        )
        log.info("drain_finished", cancelled_count=cancelled)

    def _open_sockets(self) -> Sockets:
        fresh = monotonic() - self._address_from < _ADDRESS_SECONDS
        return Sockets(
            build_app(self.runtime, self.listeners),
            self._app_token,
            first_address=self._address if fresh else "",
            on_reset=self.runtime.metrics.count_socket_reset,
        )

    def _identity_renewed(self) -> None:
        _log_identity("identity_reloaded", self._identity.current)
        self.runtime.teleport.renew()

    def _missing_method(self) -> str:
        lacks = missing_method(self.runtime.teleport)
        return f"{lacks}. {UPGRADE}" if lacks else ""

    def _certificate_problem(self) -> str:
        return "the certificate has ended" if self._identity_seconds_left() <= 0 else ""

    def _identity_seconds_left(self) -> float:
        return (self._identity.current.expires - self.runtime.now()).total_seconds()

    def _socket_problem(self) -> str:
        if not self._app_token:
            return ""
        return self._sockets.problem() if self._sockets else "not connected yet"

    def _register_conditions(self) -> None:
        computed, runtime = self.runtime.conditions.computed, self.runtime
        computed("teleport_methods", self._missing_method, part="teleport")
        computed("watch", lambda: self.controller.mirror.problem, part="teleport")
        computed("certificate", self._certificate_problem, part="identity")
        computed("sockets", self._socket_problem, part="slack")
        computed("outbox", lambda: self.controller.outbox.problem, part="slack")
        computed("lease", lambda: self.controller.leadership.problem, part="notifications")
        computed("queue", lambda: self.controller.queue.problem, part="notifications")
        computed("reviews", lambda: runtime.on_behalf.problem)
        computed("clock", lambda: runtime.clock.warning, optional=True)
        computed("identity", lambda: self._identity.problem, optional=True)
        computed("requests", lambda: self.controller.queue.warning, optional=True)
        computed("roles", lambda: warning_of(runtime.deciding.unknown.roles), optional=True)
        computed(
            "replicas",
            lambda: _STANDALONE_WARNING if self.controller.leadership.standalone else "",
            optional=True,
        )

    def _expose_metrics(self) -> None:
        gauge, controller = self.runtime.metrics.gauge, self.controller
        gauge(
            "clock_skew_seconds",
            "Clock skew against Slack, in seconds",
            self.runtime.clock.seconds,
        )
        gauge("access_requests", "Access requests in the cache", lambda: len(controller.mirror))
        gauge("queue_depth", "Access requests in the work queue", lambda: len(controller.queue))
        gauge(
            "requests_failing",
            "Access requests whose last reconciliation failed",
            lambda: controller.queue.failing,
        )
        gauge("outbox_depth", "Messages waiting to be sent", lambda: controller.outbox.waiting)
        gauge(
            "recipients_unreachable",
            "Unreachable recipients (leader only)",
            lambda: len(controller.unreachable) if controller.leadership.held else 0,
        )
        gauge("lease_held", "1 on the leader", lambda: controller.leadership.held)
        gauge(
            "interactions_in_flight",
            "Interactions in flight",
            lambda: self.listeners.in_flight,
        )
        gauge(
            "sockets",
            "Open Socket Mode connections",
            lambda: self._sockets.connected if self._sockets else 0,
        )
        gauge(
            "identity_remaining_seconds",
            "Seconds until the Teleport certificate expires",
            self._identity_seconds_left,
        )
