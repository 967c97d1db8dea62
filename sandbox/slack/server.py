"""Starting and stopping the stand-in, and waiting for what happens in it."""

import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from aiohttp import web

from sandbox.addresses import reachable
from sandbox.slack.backend import Backend
from sandbox.slack.control.control_api import ControlApi, Readiness
from sandbox.slack.control.faults import Faults
from sandbox.slack.control.journal import ApiCall, Journal
from sandbox.slack.pace import Pace
from sandbox.slack.response_urls.registry import ResponseUrls
from sandbox.slack.routes import application
from sandbox.slack.socket_mode.acks import Acks
from sandbox.slack.socket_mode.delivery import Delivery
from sandbox.slack.socket_mode.sockets import Sockets
from sandbox.slack.socket_mode.tickets import Tickets
from sandbox.slack.triggers import Triggers
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.state import Workspace

Thing = TypeVar("Thing")

_DEFAULT_TIMEOUT = 5.0
_SHUTDOWN = 1.0
_READY_WITH_BOT = Readiness()


class SlackStandIn:
    """A running Slack workspace; `start` makes one, whoever started it calls `stop`."""

    def __init__(
        self,
        backend: Backend,
        sockets: Sockets,
        acks: Acks,
        control_api: ControlApi,
        runner: web.AppRunner,
        local_url: str,
    ) -> None:
        self.url = backend.url
        self.local_url = local_url
        self.api_url = f"{backend.url}/api/"
        self.workspace = backend.workspace
        self.journal = backend.journal
        self.faults = backend.faults
        self.triggers = backend.triggers
        self.response_urls = backend.response_urls
        self.delivery = backend.delivery
        self.acks = acks
        self.control_api = control_api
        self._sockets = sockets
        self._runner = runner

    @classmethod
    async def start(
        cls,
        *,
        listen: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], float] = time.time,
        pace: Pace | None = None,
        readiness: Readiness = _READY_WITH_BOT,
        public_url: str = "",
    ) -> "SlackStandIn":
        """Serve a fresh workspace; port 0 picks a free one.

        `public_url` is where clients reach it, if a server before it ends TLS.
        `now` is the clock of timestamps, dates of answers, triggers, response urls and pace; what
        is waited for is waited for in real time. Raises OSError if the port is taken.
        """
        listener = socket.create_server((listen, port))
        local_url = f"http://{reachable(listen)}:{listener.getsockname()[1]}"
        url = public_url or local_url
        workspace = Workspace(now)
        faults, tickets = Faults(), Tickets(workspace.ids, now)
        journal = Journal(workspace.changes)
        acks = Acks(journal)
        sockets = Sockets(workspace, tickets, faults, acks)
        backend = Backend(
            url=url,
            workspace=workspace,
            journal=journal,
            faults=faults,
            pace=pace or Pace(),
            triggers=Triggers(workspace.ids, now),
            response_urls=ResponseUrls(url, workspace),
            tickets=tickets,
            delivery=Delivery(workspace, journal, sockets, acks),
        )
        control_api = ControlApi(backend, readiness)
        runner = web.AppRunner(
            application(backend, sockets, control_api, listen),
            access_log=None,
            shutdown_timeout=_SHUTDOWN,
        )
        await runner.setup()
        await web.SockSite(runner, listener).start()
        return cls(backend, sockets, acks, control_api, runner, local_url)

    async def stop(self) -> None:
        """Hang up and stop serving."""
        await self.delivery.close()
        await self._sockets.close()
        # Whoever waits for a change need not wait any longer.
        self.workspace.changes.announce()
        await self._runner.cleanup()

    def install(self, manifest: object) -> None:
        """Install an app manifest, which decides the triggers of the app. Raises ManifestError."""
        self.workspace.app.install(manifest)
        self.workspace.changes.announce()

    async def act(self, body: JsonObject) -> JsonObject:
        """Let a person do something; the same as `POST /sandbox/act`."""
        return await self.control_api.act(body)

    def message_where(
        self,
        channel: str,
        viewer: str,
        predicate: Callable[[JsonObject], object],
        timeout: float = _DEFAULT_TIMEOUT,
    ) -> Awaitable[JsonObject]:
        """The first message that somebody sees and that fits, now or as soon as there is one.

        This and the other waits raise TimeoutError in the end.
        """
        return self._first(lambda: self.control_api.messages(channel, viewer), predicate, timeout)

    def call_where(
        self, predicate: Callable[[ApiCall], object], timeout: float = _DEFAULT_TIMEOUT
    ) -> Awaitable[ApiCall]:
        """The first call in the journal that fits, now or as soon as there is one."""
        return self._first(lambda: self.journal.calls, predicate, timeout)

    def view_where(
        self,
        person: str,
        predicate: Callable[[JsonObject], object],
        timeout: float = _DEFAULT_TIMEOUT,
    ) -> Awaitable[JsonObject]:
        """A view that somebody has open and that fits, the modal in front before the others."""

        def open_views() -> list[JsonObject]:
            views = self.control_api.views(person)
            home = [views["home"]] if views["home"] is not None else []
            return [*reversed(views["modals"]), *home]

        return self._first(open_views, predicate, timeout)

    def socket_count(self, count: int, timeout: float = _DEFAULT_TIMEOUT) -> Awaitable[bool]:
        """Wait until the app has so many sockets open."""
        return self.workspace.changes.until(lambda: self._sockets.count == count or None, timeout)

    def _first(
        self,
        things: Callable[[], Iterable[Thing]],
        predicate: Callable[[Thing], object],
        seconds: float,
    ) -> Awaitable[Thing]:
        """The first of several things that fits, looked for again after every change."""
        return self.workspace.changes.until(
            lambda: next((thing for thing in things() if predicate(thing)), None), seconds
        )
