"""The running bot, from the first watch to the drain.

Start order: the follower lists all requests, then the sockets open. A command therefore always
finds complete data. Without Socket Mode only the notifications flow runs.

Stop order:

1. The sockets close. Slack sends commands and clicks to another replica only when this one has no
   socket; responses don't need one.
2. Interactions and messages in flight finish within a time limit. Queued messages stay for the next
   leader, which finds their intents in the ledger.
3. Everything else is cancelled, and the lease is released.
"""

import asyncio
from asyncio import FIRST_COMPLETED
from time import monotonic

import structlog

from bot.compose import (
    Crossings,
    Runtime,
    build_acting_users,
    build_app,
    build_contacts,
    build_host_names,
    build_listeners,
    build_resource_index,
)
from bot.compose_notifications import build_notifications
from bot.connect.certificate_lifetime import report_short_lifetimes
from bot.connect.guarding_roles import LOOK_AGAIN_SECONDS, keep_up_to_date
from bot.connect.other_bots import warn_of_other_bots
from bot.connect.unknown_names import warn_of_unknown_names
from bot.features.own_roles import RECHECK_SECONDS, follow_own_roles
from bot.reporting import register_conditions, register_gauges
from bot.sockets.sockets import Sockets
from bot.start_error import MISCONFIGURED, UNAVAILABLE, StartError
from bot.startup import identity_fields
from bot.stop_limit import FINISH_SECONDS, SOCKETS_SECONDS, wait_for_end

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Bot:
    """Both flows and everything that they need."""

    def __init__(self, runtime: Runtime) -> None:
        contacts = build_contacts(runtime)
        self._resource_index = build_resource_index(runtime)
        host_names = build_host_names(runtime, self._resource_index)
        self.runtime = runtime
        self.sockets: Sockets | None = None
        """None until they open, and without an app token."""
        self._receiving: asyncio.Task[None] | None = None
        self._started = asyncio.Event()
        self._reloaded = asyncio.Event()
        """Set after a reload of the identity, which can have other roles."""
        register_conditions(runtime, lambda: self.sockets)
        self._host_names = host_names
        acting = build_acting_users(runtime)
        self.notifications = build_notifications(runtime, acting, contacts, host_names)
        self.request_work = self.notifications.request_work
        self.listeners = build_listeners(
            runtime,
            acting,
            contacts,
            host_names,
            self._resource_index,
            Crossings(
                changed=self.request_work.changed,
                home_opened=self.notifications.home.reconciler.opened,
                followed_requests=self.notifications.requests.up_to_date,
                requests_hidden=self._requests_hidden,
            ),
        )
        register_gauges(runtime, self.notifications, self.listeners, lambda: self.sockets)

    async def run(self) -> None:
        """Run until cancelled. The first error of any task ends all of them."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.notifications.controller.run())
            tasks.create_task(self._host_names.run(self.request_work.by_id.add))
            if self.runtime.settings.teleport.refresh_identity:
                tasks.create_task(self._reload_identity())
            await self.notifications.requests.synced.wait()
            self._start_reports(tasks)
            if self.runtime.app_token:
                tasks.create_task(self._resource_index.run())
                self.sockets = self._open_sockets()
                self._receiving = tasks.create_task(self.sockets.run())
            self._started.set()

    async def wait_until_started(self, running: "asyncio.Task[None]", deadline_at: float) -> None:
        """Wait until the sockets open or the bot fails. Raises StartError at `deadline_at`."""
        starting = asyncio.create_task(self._started.wait())
        left = max(0.1, deadline_at - monotonic())
        await asyncio.wait({running, starting}, timeout=left, return_when=FIRST_COMPLETED)
        if running.done():
            await running
        if not starting.done():
            starting.cancel()
            raise self._list_error()
        log.info(
            "bot_started",
            cluster=self.runtime.cluster.name,
            teleport_version=self.runtime.cluster.version,
            slack_team=self.runtime.installation.team,
            request_count=len(self.notifications.requests),
        )

    def _requests_hidden(self) -> bool:
        """Return whether the bot lacks the permission, by its last list and by its roles."""
        return self.notifications.requests.denied or self.runtime.features.hides_requests

    def _list_error(self) -> StartError:
        """Return why the bot didn't start. A denial ends only when an administrator ends it."""
        reason = self.runtime.conditions["watch"].reason
        problem = f"Teleport didn't list access requests in time: {reason}."
        if not self.notifications.requests.denied:
            return StartError(problem, exit_code=UNAVAILABLE)
        hint = (
            f"{self.runtime.features.role_hint()} It runs as Teleport user"
            f" {self.runtime.identity.current.user}. Run doctor to check all permissions."
        )
        return StartError(problem, hint, exit_code=MISCONFIGURED)

    async def drain(self) -> None:
        """Accept nothing more from Slack, and finish interactions and messages in flight."""
        log.info("drain_started", in_flight_count=self.listeners.in_flight)
        deadline_at = monotonic() + FINISH_SECONDS
        if self._receiving is not None:
            self._receiving.cancel()
            await wait_for_end(self._receiving, SOCKETS_SECONDS)
        left = deadline_at - monotonic()
        cancelled, _ = await asyncio.gather(
            self.listeners.drain(left), self.notifications.controller.finish(left)
        )
        log.info("drain_finished", cancelled_count=cancelled)

    def _start_reports(self, tasks: asyncio.TaskGroup) -> None:
        """Start the tasks that only log, and the one that follows roles named in the settings."""
        teleport, settings = self.runtime.teleport, self.runtime.settings
        tasks.create_task(warn_of_other_bots(teleport))
        tasks.create_task(warn_of_unknown_names(teleport, settings))
        tasks.create_task(
            follow_own_roles(
                self.runtime.features,
                teleport,
                lambda: self.runtime.identity.current.roles,
                reloaded=self._reloaded,
                again=RECHECK_SECONDS / settings.pace.factor,
            )
        )
        tasks.create_task(
            keep_up_to_date(
                self.runtime.review_policy.unknown,
                teleport,
                self.request_work.enqueue_pending,
                again=LOOK_AGAIN_SECONDS / settings.pace.factor,
            )
        )
        if self.runtime.app_token and settings.request.enabled:
            tasks.create_task(report_short_lifetimes(teleport, self.runtime.identity))

    def _open_sockets(self) -> Sockets:
        return Sockets(
            build_app(self.runtime, self.listeners),
            self.runtime.app_token,
            first_url=self.runtime.socket_url.if_fresh(),
            on_reset=self.runtime.metrics.count_socket_reset,
        )

    async def _reload_identity(self) -> None:
        await self.runtime.identity.run(
            reloaded=self._identity_reloaded,
            failed=lambda error: log.warning("identity_reload_failed", error=error),
        )

    def _identity_reloaded(self) -> None:
        log.info("identity_reloaded", **identity_fields(self.runtime.identity.current))
        self.runtime.teleport.reconnect()
        self._reloaded.set()
