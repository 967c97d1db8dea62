"""Doctor's rows about Slack that depend on a single answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.connect import slack_connection
from bot.connect.slack_connection import hint_for
from bot.observe.clock import SlackClock
from bot.observe.health import serve_health
from bot.observe.metrics import Metrics
from bot.settings.settings import HealthSettings, LogSettings
from bot.setup.doctor import slack
from bot.setup.doctor.check import Level
from bot.setup.doctor.machine import authorities, health_port, log_output
from bot.setup.doctor.socket_mode import Greeting, greeting_at, no_socket, response_host, socket_row
from tests.integration.bot_process import free_port
from tests.unit.commands.test_outcome import slack_error
from workspace.conditions import Conditions

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SOCKET = "wss://wss-primary.slack.com/link/?ticket=1"


def test_clock_is_unknown_until_slack_sent_a_date() -> None:
    clock = SlackClock(lambda: NOW)
    assert slack.clock(clock).level is Level.UNKNOWN
    clock.observe("Mon, 04 May 2026 12:00:01 GMT")
    assert slack.clock(clock).level is Level.OK


def test_wrong_clock_is_a_warning_with_its_skew() -> None:
    clock = SlackClock(lambda: NOW)
    clock.observe("Mon, 04 May 2026 12:01:30 GMT")
    row = slack.clock(clock)
    assert (row.level, row.detail) == (Level.WARNING, "90 s off Slack's")
    assert "NTP" in row.hint


@pytest.mark.parametrize(
    ("reason", "is_transient", "expected"),
    [
        ("link_disabled", False, "Socket Mode is off"),
        ("too_many_websockets", True, "the app has 10 sockets open"),
        ("refresh_requested", True, "wss-primary.slack.com: refresh_requested"),
    ],
)
def test_failed_socket_states_slacks_reason(reason: str, is_transient: bool, expected: str) -> None:
    """Only a setting that an administrator has to change is permanent."""
    row = socket_row(SOCKET, Greeting(reason=reason))
    assert (row.level, row.is_transient) == (Level.FAILURE, is_transient)
    assert row.detail.startswith(expected)


def test_open_socket_states_how_many_are_in_use() -> None:
    row = socket_row(SOCKET, Greeting("A1", 3))
    assert (row.level, row.detail) == (
        Level.OK,
        "open at wss-primary.slack.com, 3 of 10 in use",
    )


def test_blocked_host_of_sockets_is_named() -> None:
    """Firewalls often allow only slack.com. Other errors don't have this cause."""
    blocked = no_socket(SOCKET, TimeoutError())
    assert (blocked.is_transient, "a firewall" in blocked.hint) == (True, True)
    refused = no_socket(SOCKET, slack_error({"error": "account_inactive"}))
    assert not refused.is_transient
    assert "no socket at wss-primary.slack.com" in refused.detail


@pytest.mark.parametrize(
    ("apiurl", "host"),
    [
        ("https://slack.com/api/", "https://hooks.slack.com/"),
        ("http://127.0.0.1:8765/api/", "http://127.0.0.1:8765/"),
    ],
)
def test_private_responses_have_a_host_of_their_own(apiurl: str, host: str) -> None:
    assert response_host(apiurl) == host


async def send_odd_frames(socket: web.WebSocketResponse) -> None:
    for text in ("no JSON", "[]", '{"type": "ping"}'):
        await socket.send_str(text)
    await socket.send_bytes(b"{}")


async def send_hello(socket: web.WebSocketResponse) -> None:
    await send_odd_frames(socket)
    await socket.send_json(
        {"type": "hello", "num_connections": 2, "connection_info": {"app_id": "A1"}}
    )


async def send_disconnect(socket: web.WebSocketResponse) -> None:
    await socket.send_json({"type": "disconnect", "reason": "link_disabled"})


@pytest.mark.parametrize(
    ("send", "greeting"),
    [
        (send_hello, Greeting("A1", 2)),
        (send_disconnect, Greeting(reason="link_disabled")),
        (send_odd_frames, Greeting(reason="Slack closed it without a reason")),
    ],
)
async def test_greeting_is_hello_or_a_reason(
    send: Callable[[web.WebSocketResponse], Awaitable[None]], greeting: Greeting
) -> None:
    """Other frames are skipped."""
    async with socket_server(send) as address, aiohttp.ClientSession() as http:
        assert await greeting_at(http, address) == greeting


@asynccontextmanager
async def socket_server(
    send: Callable[[web.WebSocketResponse], Awaitable[None]],
) -> AsyncIterator[str]:
    """Run a server that sends some frames on each WebSocket and closes it."""

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await send(socket)
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _, port = runner.addresses[0][:2]
    try:
        yield f"ws://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()


def test_existing_log_file_stays_and_a_new_one_is_removed_again(tmp_path: Path) -> None:
    """Doctor opens the log file as the bot does, and leaves no trace."""
    old, new = tmp_path / "old.log", tmp_path / "new.log"
    old.write_text("one event\n")
    for path in (old, new):
        assert log_output(LogSettings(output=str(path))).level is Level.OK
    assert (old.read_text(), new.exists()) == ("one event\n", False)


def test_log_output_keeps_a_link_to_a_new_file(tmp_path: Path) -> None:
    link, new = tmp_path / "bot.log", tmp_path / "new.log"
    link.symlink_to(new)
    assert log_output(LogSettings(output=str(link))).level is Level.OK
    assert (link.is_symlink(), new.exists()) == (True, False)


@pytest.mark.parametrize(
    ("listen", "problem"),
    [
        ("a..b", "not a valid host name"),
        ("no-such-host.invalid", "can't listen on no-such-host.invalid:9 ("),
    ],
)
async def test_host_that_nothing_can_listen_on_is_a_failure(listen: str, problem: str) -> None:
    row = await health_port(HealthSettings(listen=listen, port=9))
    assert row.level is Level.FAILURE
    assert problem in row.detail
    assert "Unknown error" not in row.detail


async def test_running_bot_on_an_ipv6_address_is_no_failure() -> None:
    settings = HealthSettings(listen="::1", port=free_port())
    async with serve_health(settings, Conditions(), Metrics()):
        row = await health_port(settings)
    assert (row.level, row.detail) == (Level.OK, f"a bot is running on [::1]:{settings.port}")


def test_unusable_certificate_authorities_are_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL ignores a file that it can't read, so every connection would fail later."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert (authorities().level, authorities().detail) == (Level.OK, "the system's default")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    assert authorities().level is Level.FAILURE


@pytest.mark.parametrize(
    ("error", "is_transient", "hint"),
    [
        (slack_error({"error": "ratelimited"}, 429), True, "a restart loop"),
        (TimeoutError(), True, "slack.com"),
    ],
)
def test_hint_depends_on_the_error_of_slack(
    error: Exception, is_transient: bool, hint: str
) -> None:
    assert (slack_connection.is_transient(error), hint in hint_for(error)) == (is_transient, True)
