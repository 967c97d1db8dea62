"""Socket Mode connections that break, and are mended without anybody noticing."""

import asyncio
from collections import deque
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.process import running
from bot.settings.settings import load_settings
from sandbox.slack.journal import ApiCall, SentEnvelope
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from tests.integration.bot_process import watched_here
from tests.integration.conftest import bot_on
from tests.integration.log_capture import listening
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage
from tests.sandbox.slack.wire import bare_socket


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a socket that only a person can mend is tried again."""
    monkeypatch.setattr("bot.sockets.socket_supervisor._PERMANENT_RETRY_SECONDS", 1.0)


@pytest.mark.parametrize("kind", ["disconnect", "cut"])
async def test_a_socket_that_goes_away_comes_back(stage: Stage, kind: str) -> None:
    """Slack recycles connections every few hours, sometimes without a word."""
    stage.slack.faults.inject({"sockets": kind, "reason": "refresh_requested"})
    await addresses(stage, 4)
    await stage.slack.socket_count(2, 10)
    await stage.type("alice", "/teleport-pending mine")
    await stage.answer("alice", "You have no pending request")


@pytest.mark.timeout(60)
async def test_a_spent_address_is_not_tried_for_ever(stage: Stage) -> None:
    """Every attempt uses an address up; the SDK alone would go on with the same one."""
    stage.slack.faults.inject({"sockets": "refuse", "times": 3})
    stage.slack.faults.inject({"sockets": "cut"})
    await addresses(stage, 5)
    await stage.slack.socket_count(2, 40)
    await stage.type("alice", "/teleport-pending mine")
    await stage.answer("alice", "You have no pending request")


async def test_a_socket_is_not_left_before_there_is_another(stage: Stage) -> None:
    """Slack asks to leave and gives no new address for a moment; what is typed still arrives."""
    fault = {"method": "apps.connections.open", "error": "internal_error", "times": 2}
    stage.slack.faults.inject(fault)
    stage.slack.faults.inject({"sockets": "disconnect"})
    await addresses(stage, 4)
    await stage.type("alice", "/teleport-pending mine")
    await stage.answer("alice", "You have no pending request")
    await addresses(stage, 6)
    await stage.slack.socket_count(2, 10)


async def test_a_full_app_renews_its_sockets_one_by_one(stage: Stage, settings_file: Path) -> None:
    """Slack takes ten, so with as many there is no room for a new one beside the old."""
    async with AsyncExitStack() as replicas:
        with listening() as started:
            for _ in range(8):
                await replicas.enter_async_context(running(load_settings(settings_file)))
            # All that tried for a spare have let it go again.
            await started.until("standby_socket_released", 8)
        await stage.slack.socket_count(10, 10)
        with listening() as log:
            before = len(opened(stage))
            stage.slack.faults.inject({"sockets": "disconnect", "times": 1})
            await addresses(stage, before + 2)
            await stage.slack.socket_count(10, 10)
        assert not log.all("socket_reconnect_blocked")


async def test_a_replica_that_finds_no_room_tries_again_at_once(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The socket in its way may be one that another replica just tries, and lets go."""
    async with AsyncExitStack() as others:
        sockets = [await others.enter_async_context(bare_socket(slack)) for _ in range(10)]
        with listening() as log:
            async with running(load_settings(settings_file)):
                await log.until("socket_disconnect_requested", 2)
                for other in sockets:
                    await other.connection.close()
                await slack.socket_count(1, 10)
                stage = Stage(slack, teleport)
                await stage.type("alice", "/teleport-pending mine")
                await stage.answer("alice", "You have no pending request")
        assert not log.all("socket_reconnect_blocked")


async def test_a_full_app_is_told_to_whoever_watches(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, short_pauses: None
) -> None:
    """It stays full: only a person can stop another copy. Then the bot takes its place."""
    async with AsyncExitStack() as others:
        for _ in range(10):
            await others.enter_async_context(bare_socket(slack))
        with listening() as log:
            async with watched_here(settings_file) as health:
                await log.until("socket_reconnect_blocked")
                status, parts = await health.parts()
                assert status == 503
                assert "the app has more than ten sockets open" in parts["slack"]
                await others.aclose()
                await log.until("socket_connected")
                stage = Stage(slack, teleport)
                await stage.type("alice", "/teleport-pending mine")
                await stage.answer("alice", "You have no pending request")
                assert (await health.parts())[1]["slack"] == "ready"


async def test_a_socket_mode_that_is_switched_off_is_told(
    settings_file: Path, slack: SlackStandIn, short_pauses: None
) -> None:
    """Slack says so as it takes the sockets away."""
    with listening() as log:
        async with watched_here(settings_file) as health:
            await slack.socket_count(2)
            slack.faults.inject({"sockets": "disconnect", "reason": "link_disabled"})
            await log.until("socket_reconnect_blocked")
            status, parts = await health.parts()
            assert (status, "Socket Mode is switched off" in parts["slack"]) == (503, True)
            await slack.socket_count(2, 30)


async def test_a_line_that_swallows_all_is_replaced(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A proxy may keep it open for ever; only pings that are not answered tell."""
    monkeypatch.setattr("bot.sockets.socket_client.PING_SECONDS", 0.25)
    with listening() as log:
        async with bot_on(Stage(slack, teleport), settings_file) as stage:
            slack.faults.inject({"sockets": "swallow"})
            await log.until("socket_connected", 4)
            # Slack, too, gives up a line that does not answer.
            slack.faults.inject({"sockets": "cut", "times": 2})
            await slack.workspace.changes.until(lambda: slack.delivery.sockets <= 2 or None, 5)
            await stage.type("alice", "/teleport-pending mine")
            await stage.answer("alice", "You have no pending request")


async def test_of_many_replicas_each_has_one_socket_and_a_lone_one_has_two(
    stage: Stage, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that came first lets its spare go soon, and takes another when it is alone again."""
    monkeypatch.setattr("bot.sockets.socket_supervisor.STANDBY_FIRST_RECHECK_SECONDS", 0.5)
    monkeypatch.setattr("bot.sockets.socket_supervisor.STANDBY_RECHECK_SECONDS", 3.0)
    await stage.slack.socket_count(2)
    async with AsyncExitStack() as replicas:
        for _ in range(3):
            await replicas.enter_async_context(running(load_settings(settings_file)))
        await stage.slack.socket_count(4, 10)
        await stage.type("alice", "/teleport-pending mine")
        await stage.answer("alice", "You have no pending request")
    await stage.slack.socket_count(2, 10)


async def test_a_rolling_restart_of_five_replicas_stays_below_ten_sockets(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Each new replica comes before an old one goes, and tries for its spare meanwhile."""
    with listening() as log:
        replicas = deque([await started(settings_file) for _ in range(5)])
        for _ in range(5):
            replicas.append(await started(settings_file))
            await replicas.popleft().aclose()
            await Stage(slack, teleport).type("alice", "/teleport-pending mine")
        while replicas:
            await replicas.popleft().aclose()
    assert max(event["app_connection_count"] for event in log.all("socket_connected")) < 10


async def test_an_envelope_on_a_socket_that_is_let_go_is_acked(
    stage: Stage, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second replica opens a spare and closes it; Slack sends there until it hears of it."""
    sockets = stage.slack._sockets
    with listening() as log:
        async with running(load_settings(settings_file)):
            await stage.slack.socket_count(4)
            spare = sockets._open[-1]
            transport = spare._request.transport
            assert isinstance(transport, asyncio.Transport)
            transport.pause_reading()
            monkeypatch.setattr(sockets, "pick", lambda: spare)
            await log.until("standby_socket_released")
            typing = asyncio.create_task(stage.type("alice", "/teleport-pending mine"))
            await stage.answer("alice", "You have no pending request")
            transport.resume_reading()
            await typing


async def test_envelopes_are_acked_while_spare_sockets_are_renewed(
    stage: Stage, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two replicas reconsider their spares all the time."""
    monkeypatch.setattr("bot.sockets.socket_supervisor.STANDBY_FIRST_RECHECK_SECONDS", 0.0)
    monkeypatch.setattr("bot.sockets.socket_supervisor.STANDBY_RECHECK_SECONDS", 0.0)
    async with running(load_settings(settings_file)):
        before = len(opened(stage))
        while len(opened(stage)) < before + 20:
            await stage.type("alice", "/teleport-pending mine")


@pytest.mark.parametrize("page", ["application/json", "text/html", "text/plain"])
async def test_what_a_proxy_says_in_slacks_place_ends_nothing(stage: Stage, page: str) -> None:
    """Its page comes where an address was asked for, and a list of channels, and a message."""
    for method in ("apps.connections.open", "conversations.list", "chat.postMessage"):
        stage.slack.faults.inject({"method": method, "page": page, "times": 1})
    stage.slack.faults.inject({"sockets": "cut"})
    pending_request(stage.teleport, reason="redis 1")
    await stage.card("redis 1")
    await stage.slack.socket_count(2, 20)


async def test_work_goes_on_while_one_socket_is_renewed(stage: Stage) -> None:
    """There are two, so that a command always finds one."""
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


async def test_work_goes_on_when_its_ack_finds_no_socket(stage: Stage) -> None:
    """Slack tells the person that nothing came of it; the card tells otherwise."""
    with listening() as log:
        submitted = await form_being_checked(stage)
        stage.slack.faults.inject({"method": "apps.connections.open", "error": "internal_error"})
        stage.slack.faults.inject({"sockets": "cut"})
        await log.until("ack_send_failed")
        await stage.card("of 77")
    assert not (await submitted)["acked"]


async def test_ack_takes_another_socket_when_its_own_is_cut(stage: Stage) -> None:
    """The next one opens at most half a second later."""
    submitted = await form_being_checked(stage, milliseconds=1200)
    stage.slack.faults.inject({"sockets": "cut"})
    assert (await submitted)["acked"]


async def test_the_first_address_is_used_and_not_wasted(stage: Stage) -> None:
    """Start-up asks for one to check the token; the second socket asks for its own."""
    assert len(opened(stage)) == 2


async def form_being_checked(
    stage: Stage, *, milliseconds: int = 500
) -> "asyncio.Task[dict[str, Any]]":
    """Submit a form whose check takes so long, and return while it is under way."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    staging = {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"}
    filled: dict[str, dict[str, object]] = {
        "roles": {"type": "multi_external_select", "selected_options": [staging]},
        "reviewers": {"type": "multi_users_select", "selected_users": ["U0CAROL001"]},
        "reason": {"type": "plain_text_input", "value": "because of 77"},
    }
    stage.slack.faults.inject({"method": "users.info", "delay_ms": milliseconds, "times": 1})
    submitted = asyncio.create_task(stage.submit("alice", form, **filled))
    await stage.slack.workspace.changes.until(lambda: unacked(stage), 5)
    return submitted


def unacked(stage: Stage) -> list[SentEnvelope] | None:
    return [sent for sent in stage.slack.journal.envelopes if sent.acked_ms is None] or None


async def started(settings_file: Path) -> AsyncExitStack:
    """A replica that runs until it is closed."""
    replica = AsyncExitStack()
    await replica.enter_async_context(running(load_settings(settings_file)))
    return replica


def opened(stage: Stage) -> list[ApiCall]:
    return [call for call in stage.slack.journal.calls if call.method == "apps.connections.open"]


async def addresses(stage: Stage, count: int) -> None:
    """Wait until so many addresses for sockets were asked for, the first two included."""
    await stage.slack.call_where(lambda _: len(opened(stage)) >= count, 40)
