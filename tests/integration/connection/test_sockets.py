"""Socket Mode connections that break and are replaced unnoticed."""

import asyncio
from collections import deque
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.process import running
from bot.settings.settings import load_settings
from sandbox.slack.control.journal import ApiCall, SentEnvelope
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from tests.integration.bot_process import run_bot_here
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, selected
from tests.sandbox.slack.wire import bare_socket


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the backoff of a socket that only an operator can repair."""
    monkeypatch.setattr("bot.sockets.socket_supervisor._PERMANENT_RETRY_SECONDS", 1.0)


@pytest.mark.parametrize("kind", ["disconnect", "cut"])
async def test_closed_socket_is_replaced(stage: Stage, kind: str) -> None:
    """Slack recycles connections every few hours, sometimes without a disconnect message."""
    stage.slack.faults.inject({"sockets": kind, "reason": "refresh_requested"})
    await wait_for_socket_urls(stage, 4)
    await stage.slack.socket_count(2, 10)
    await stage.type("alice", "/teleport-pending mine")
    await stage.response("alice", "You have no pending request")


async def test_used_socket_url_is_not_retried(stage: Stage) -> None:
    """Every attempt uses up a URL. The SDK alone would reuse the same one."""
    stage.slack.faults.inject({"sockets": "refuse", "times": 3})
    stage.slack.faults.inject({"sockets": "cut"})
    await wait_for_socket_urls(stage, 5)
    await stage.slack.socket_count(2, 40)
    await stage.type("alice", "/teleport-pending mine")
    await stage.response("alice", "You have no pending request")


async def test_socket_stays_open_until_its_replacement_is_connected(stage: Stage) -> None:
    """Slack requests a disconnect and returns no new URL for a moment. Commands still arrive."""
    fault = {"method": "apps.connections.open", "error": "internal_error", "times": 2}
    stage.slack.faults.inject(fault)
    stage.slack.faults.inject({"sockets": "disconnect"})
    await wait_for_socket_urls(stage, 4)
    await stage.type("alice", "/teleport-pending mine")
    await stage.response("alice", "You have no pending request")
    await wait_for_socket_urls(stage, 6)
    await stage.slack.socket_count(2, 10)


async def test_app_with_ten_sockets_replaces_them_one_by_one(
    stage: Stage, settings_file: Path
) -> None:
    """Slack allows ten sockets, so with ten a replacement can't open beside the old one."""
    async with AsyncExitStack() as replicas:
        with capture_logs() as startup:
            for _ in range(8):
                await replicas.enter_async_context(running(load_settings(settings_file)))
            # All standby attempts have been closed.
            await startup.until("standby_socket_released", 8)
        await stage.slack.socket_count(10, 10)
        with capture_logs() as log:
            before = len(socket_url_calls(stage))
            stage.slack.faults.inject({"sockets": "disconnect", "times": 1})
            await wait_for_socket_urls(stage, before + 2)
            await stage.slack.socket_count(10, 10)
        assert not log.all("socket_reconnect_blocked")


async def test_replica_without_a_free_socket_retries_at_once(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The tenth socket may be a standby attempt of another replica, which closes soon."""
    async with AsyncExitStack() as others:
        sockets = [await others.enter_async_context(bare_socket(slack)) for _ in range(10)]
        with capture_logs() as log:
            async with running(load_settings(settings_file)):
                await log.until("socket_disconnect_requested", 2)
                for other in sockets:
                    await other.connection.close()
                await slack.socket_count(1, 10)
                stage = Stage(slack, teleport)
                await stage.type("alice", "/teleport-pending mine")
                await stage.response("alice", "You have no pending request")
        assert not log.all("socket_reconnect_blocked")


async def test_lack_of_free_sockets_is_reported(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, short_pauses: None
) -> None:
    """Only an operator can stop another copy of the bot. The bot then takes the free socket."""
    async with AsyncExitStack() as others:
        for _ in range(10):
            await others.enter_async_context(bare_socket(slack))
        with capture_logs() as log:
            async with run_bot_here(settings_file) as health:
                await log.until("socket_reconnect_blocked")
                status, parts = await health.parts()
                assert status == 503
                assert "limit of ten sockets" in parts["slack"]
                await others.aclose()
                await log.until("socket_connected")
                stage = Stage(slack, teleport)
                await stage.type("alice", "/teleport-pending mine")
                await stage.response("alice", "You have no pending request")
                assert (await health.parts())[1]["slack"] == "ready"


async def test_disabled_socket_mode_is_reported(
    settings_file: Path, slack: SlackStandIn, short_pauses: None
) -> None:
    """Slack sends the reason when it closes the sockets."""
    with capture_logs() as log:
        async with run_bot_here(settings_file) as health:
            await slack.socket_count(2)
            slack.faults.inject({"sockets": "disconnect", "reason": "link_disabled"})
            await log.until("socket_reconnect_blocked")
            status, parts = await health.parts()
            assert (status, "Socket Mode is off" in parts["slack"]) == (503, True)
            await slack.socket_count(2, 30)


async def test_silent_socket_is_replaced(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A proxy can keep it open indefinitely. Only unanswered pings reveal it."""
    monkeypatch.setattr("bot.sockets.socket_client.PING_SECONDS", 0.25)
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
            slack.faults.inject({"sockets": "swallow"})
            await log.until("socket_connected", 4)
            # Slack also closes a socket that doesn't answer.
            slack.faults.inject({"sockets": "cut", "times": 2})
            await slack.workspace.changes.until(lambda: slack.delivery.sockets <= 2 or None, 5)
            await stage.type("alice", "/teleport-pending mine")
            await stage.response("alice", "You have no pending request")


async def test_replicas_have_one_socket_each_and_a_single_bot_has_two(
    stage: Stage, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first replica closes its standby socket and opens another once it is alone again."""
    monkeypatch.setattr("bot.sockets.standby_supervisor.STANDBY_FIRST_RECHECK_SECONDS", 0.5)
    monkeypatch.setattr("bot.sockets.standby_supervisor.STANDBY_RECHECK_SECONDS", 3.0)
    await stage.slack.socket_count(2)
    async with AsyncExitStack() as replicas:
        for _ in range(3):
            await replicas.enter_async_context(running(load_settings(settings_file)))
        await stage.slack.socket_count(4, 10)
        await stage.type("alice", "/teleport-pending mine")
        await stage.response("alice", "You have no pending request")
    await stage.slack.socket_count(2, 10)


async def test_rolling_restart_of_five_replicas_fits_into_ten_sockets(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Each new replica starts before an old one stops, and briefly tries a standby socket."""
    with capture_logs() as log:
        replicas = deque([await start_replica(settings_file) for _ in range(5)])
        for _ in range(5):
            replicas.append(await start_replica(settings_file))
            await replicas.popleft().aclose()
            await Stage(slack, teleport).type("alice", "/teleport-pending mine")
        while replicas:
            await replicas.popleft().aclose()
    assert max(event["app_connection_count"] for event in log.all("socket_connected")) < 10


async def test_envelope_on_a_closing_standby_socket_is_acked(
    stage: Stage, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second replica opens and closes a standby socket. Slack uses it until the close arrives."""
    sockets = stage.slack.sockets
    with capture_logs() as log:
        async with running(load_settings(settings_file)):
            await stage.slack.socket_count(4)
            spare = sockets._open[-1]
            transport = spare._request.transport
            assert isinstance(transport, asyncio.Transport)
            transport.pause_reading()
            monkeypatch.setattr(sockets, "pick", lambda: spare)
            await log.until("standby_socket_released")
            typing = asyncio.create_task(stage.type("alice", "/teleport-pending mine"))
            await stage.response("alice", "You have no pending request")
            transport.resume_reading()
            await typing


async def test_envelopes_are_acked_while_standby_sockets_change(
    stage: Stage, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two replicas open and close their standby sockets continuously."""
    monkeypatch.setattr("bot.sockets.standby_supervisor.STANDBY_FIRST_RECHECK_SECONDS", 0.0)
    monkeypatch.setattr("bot.sockets.standby_supervisor.STANDBY_RECHECK_SECONDS", 0.0)
    async with running(load_settings(settings_file)):
        before = len(socket_url_calls(stage))
        while len(socket_url_calls(stage)) < before + 20:
            await stage.type("alice", "/teleport-pending mine")


@pytest.mark.parametrize("page", ["application/json", "text/html", "text/plain"])
async def test_html_page_of_a_proxy_is_retried(stage: Stage, page: str) -> None:
    """Its page replaces the responses with a socket URL, a list of channels and a message."""
    for method in ("apps.connections.open", "conversations.list", "chat.postMessage"):
        stage.slack.faults.inject({"method": method, "page": page, "times": 1})
    stage.slack.faults.inject({"sockets": "cut"})
    pending_request(stage.teleport, reason="redis 1")
    await stage.card("redis 1")
    await stage.slack.socket_count(2, 20)


async def test_work_continues_while_one_socket_is_replaced(stage: Stage) -> None:
    """The second socket receives all commands."""
    stage.slack.faults.inject({"sockets": "disconnect", "times": 1})
    done = await asyncio.gather(
        *(
            stage.slack.act(
                {"as": "alice", "do": "command", "channel": "access-requests",
                 "text": "/teleport-pending mine"}
            )
            for _ in range(5)
        )
    )  # fmt: skip
    assert all(each["acked"] for each in done)


async def test_work_continues_when_its_ack_finds_no_socket(stage: Stage) -> None:
    """Slack shows the user an error, but the card shows the result."""
    with capture_logs() as log:
        submitted = await submit_slow_form(stage)
        stage.slack.faults.inject({"method": "apps.connections.open", "error": "internal_error"})
        stage.slack.faults.inject({"sockets": "cut"})
        await log.until("ack_send_failed")
        await stage.card("of 77")
    assert not (await submitted)["acked"]


async def test_ack_uses_another_socket_when_its_own_is_cut(stage: Stage) -> None:
    """The next one opens at most half a second later."""
    submitted = await submit_slow_form(stage, milliseconds=1200)
    stage.slack.faults.inject({"sockets": "cut"})
    assert (await submitted)["acked"]


async def test_first_socket_url_is_not_wasted(stage: Stage) -> None:
    """The start requests one to check the token. The second socket requests its own."""
    assert len(socket_url_calls(stage)) == 2


async def submit_slow_form(
    stage: Stage, *, milliseconds: int = 500
) -> "asyncio.Task[dict[str, Any]]":
    """Submit a form with a check of this duration, and return while it is in flight."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    staging = {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"}
    filled: dict[str, dict[str, object]] = {
        "roles": {"type": "multi_external_select", "selected_options": [staging]},
        "reviewers": selected("U0CAROL001"),
        "reason": {"type": "plain_text_input", "value": "because of 77"},
    }
    stage.slack.faults.inject({"method": "users.info", "delay_ms": milliseconds, "times": 1})
    submitted = asyncio.create_task(stage.submit("alice", form, **filled))
    await stage.slack.workspace.changes.until(lambda: unacked_envelopes(stage), 5)
    return submitted


def unacked_envelopes(stage: Stage) -> list[SentEnvelope] | None:
    return [sent for sent in stage.slack.journal.envelopes if sent.acked_ms is None] or None


async def start_replica(settings_file: Path) -> AsyncExitStack:
    """Run a replica until its exit stack closes."""
    replica = AsyncExitStack()
    await replica.enter_async_context(running(load_settings(settings_file)))
    return replica


def socket_url_calls(stage: Stage) -> list[ApiCall]:
    return [call for call in stage.slack.journal.calls if call.method == "apps.connections.open"]


async def wait_for_socket_urls(stage: Stage, count: int) -> None:
    """Wait for this number of requested socket URLs, including the first two."""
    await stage.slack.call_where(lambda _: len(socket_url_calls(stage)) >= count, 40)
