"""Start and stop the stand-in, and wait for changes in it.

All parts run on one event loop and share one workspace, so a test can act and look without locks.
The waits look again after each announced change; they don't poll.
"""

import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from aiohttp import web

from sandbox.addresses import LOOPBACK, reachable_host
from sandbox.page.side_panel import SidePanel
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

_DEFAULT_TIMEOUT = 10.0
_SHUTDOWN = 1.0
_READY_WITH_BOT = Readiness()


class SlackStandIn:
    """A running Slack workspace, from `start` until `stop`."""

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
        self.sockets = sockets
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
        panel: SidePanel | None = None,
        loopback: bool = False,
    ) -> "SlackStandIn":
        """Serve a new workspace. Port 0 picks a free port.

        `public_url` is the URL for clients if a reverse proxy terminates TLS. `now` is the clock of
        timestamps, triggers, response URLs and rate limits; waits use real time. `panel` is the
        content beside the panes of the page. With `loopback`, the workspace is also served at
        127.0.0.1, for clients that need it. Raises OSError if the port is taken.
        """
        listeners = [socket.create_server((listen, port))]
        port = listeners[0].getsockname()[1]
        local_url = f"http://{reachable_host(listen)}:{port}"
        url = public_url or local_url
        if loopback:
            listeners.append(socket.create_server((LOOPBACK, port)))
            url = f"http://{LOOPBACK}:{port}"
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
            application(backend, sockets, control_api, listen, panel),
            access_log=None,
            shutdown_timeout=_SHUTDOWN,
        )
        await runner.setup()
        for listener in listeners:
            await web.SockSite(runner, listener).start()
        return cls(backend, sockets, acks, control_api, runner, local_url)

    async def stop(self) -> None:
        """Close the sockets and stop serving."""
        await self.delivery.close()
        await self.sockets.close()
        # Wake the long polls of the control API, so that they end.
        self.workspace.changes.announce()
        await self._runner.cleanup()

    def install(self, manifest: object) -> None:
        """Install an app manifest, which defines the app's triggers. Raises ManifestError."""
        self.workspace.app.install(manifest)
        self.workspace.changes.announce()

    async def act(self, body: JsonObject) -> JsonObject:
        """Act as a person, like `POST /sandbox/act`."""
        return await self.control_api.act(body)

    def message_where(
        self,
        channel: str,
        viewer: str,
        predicate: Callable[[JsonObject], object],
        timeout: float = _DEFAULT_TIMEOUT,
    ) -> Awaitable[JsonObject]:
        """Wait for the first matching message that the viewer sees.

        All waits raise TimeoutError.
        """
        return self._first(lambda: self.control_api.messages(channel, viewer), predicate, timeout)

    def call_where(
        self, predicate: Callable[[ApiCall], object], timeout: float = _DEFAULT_TIMEOUT
    ) -> Awaitable[ApiCall]:
        """Wait for the first matching call in the journal."""
        return self._first(lambda: self.journal.calls, predicate, timeout)

    def view_where(
        self,
        person: str,
        predicate: Callable[[JsonObject], object],
        timeout: float = _DEFAULT_TIMEOUT,
    ) -> Awaitable[JsonObject]:
        """Wait for a matching open view. The front modal comes first."""

        def open_views() -> list[JsonObject]:
            views = self.control_api.views(person)
            home = [views["home"]] if views["home"] is not None else []
            return [*reversed(views["modals"]), *home]

        return self._first(open_views, predicate, timeout)

    def socket_count(self, count: int, timeout: float = _DEFAULT_TIMEOUT) -> Awaitable[bool]:
        """Wait until the app has the given number of sockets open."""
        return self.workspace.changes.until(lambda: self.sockets.count == count or None, timeout)

    def _first(
        self,
        things: Callable[[], Iterable[Thing]],
        predicate: Callable[[Thing], object],
        seconds: float,
    ) -> Awaitable[Thing]:
        """Wait for the first match, and look again after each change."""
        return self.workspace.changes.until(
            lambda: next((thing for thing in things() if predicate(thing)), None), seconds
        )
