"""Credentials that change while the bot runs, often during other work."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.process import running
from bot.settings.settings import load_settings
from sandbox.bot_process import write_settings
from sandbox.cast import BOT_USER
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.credentials.authority import Authority
from sandbox.teleport.proxy.server import ProxyStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import utc_now
from teleport_client._proto.types_pb2 import APPROVED
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import Log, capture_logs
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage
from tests.patience import PATIENCE_SECONDS

RENEWALS = 20
LIFE = timedelta(seconds=20)


def refresh_often(settings: str) -> str:
    """Return the settings with a reload of the identity every 0.1 s."""
    refresh = "refresh_identity = true\nrefresh_identity_interval = 0.1\n"
    return settings.replace("[teleport]\n", f"[teleport]\n{refresh}")


@pytest.fixture
async def proxy(teleport: TeleportStandIn, tmp_path: Path) -> AsyncIterator[ProxyStandIn]:
    """Count the connections."""
    running = await ProxyStandIn.start(teleport, tmp_path)
    yield running
    await running.stop()


@pytest.fixture
async def reloading_bot(
    slack: SlackStandIn, teleport: TeleportStandIn, proxy: ProxyStandIn, settings_file: Path
) -> AsyncIterator[tuple[Stage, Log]]:
    """Run a bot that reloads its identity continuously, and yield its log."""
    # Each renewal ends at the same time or later.
    teleport.write_identity(BOT_USER, lifetime=LIFE)

    def change(text: str) -> str:
        return refresh_often(text.replace(teleport.address, proxy.address))

    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file, change) as stage:
            yield stage, log


HOUR_NS = 3600 * 10**9


@pytest.mark.parametrize("hours", [1, 11.9, 12])
async def test_short_certificate_is_logged_once_each(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, hours: float
) -> None:
    """The threshold depends on the total lifetime: 12 hours are enough until the last of them."""
    lifetime = timedelta(hours=hours)
    teleport.write_identity(BOT_USER, lifetime=lifetime)
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file, refresh_often):
            teleport.write_identity(BOT_USER, lifetime=lifetime)
            await log.until("identity_reloaded")
            teleport.write_identity(BOT_USER, lifetime=timedelta(hours=13))
            await log.until("identity_reloaded", 2)
            if hours < 12:
                await log.until("certificate_lifetime_short", 2)
    warned = log.all("certificate_lifetime_short")
    assert len(warned) == (2 if hours < 12 else 0)
    for event in warned:
        assert "credential_ttl" in event["hint"]
        assert 0 <= event["lifetime_seconds"] - hours * 3600 < 120


async def test_certificate_that_is_read_again_is_logged_once(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Its file is read many times while Teleport is slow."""
    teleport.write_identity(BOT_USER, lifetime=timedelta(hours=1))
    teleport.faults.add("ListRoles", delay=0.5, times=10)
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file, refresh_often):
            await log.until("certificate_lifetime_short")
            teleport.faults.clear()
            teleport.write_identity(BOT_USER, lifetime=timedelta(hours=13))
            await log.until("identity_reloaded")
    assert len(log.all("certificate_lifetime_short")) == 1


async def test_short_certificate_is_enough_with_a_max_duration(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The setting replaces the session's length."""
    teleport.write_identity(BOT_USER, lifetime=timedelta(hours=1))
    teleport.cluster.roles["dev"].Spec.Allow.Request.MaxDuration = 8 * HOUR_NS
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
            await stage.create_request("alice", "staging", "redis 1")
            assert teleport.journal.of("ListRoles")
    assert not log.all("certificate_lifetime_short")


async def test_reloads_under_load_disturb_no_user(
    reloading_bot: tuple[Stage, Log], teleport: TeleportStandIn, proxy: ProxyStandIn
) -> None:
    """Twenty reloads happen during requests and reviews; some files are incomplete."""
    stage, log = reloading_bot
    before = proxy.router.passed_to_auth
    async with keep_working(stage) as done:
        for number in range(RENEWALS):
            path = teleport.identity("bot")
            if number % 3 == 0:
                whole = path.read_bytes()
                path.write_bytes(whole[: len(whole) * number // RENEWALS])
                await log.until("identity_reload_failed", number // 3 + 1)
            teleport.write_identity(BOT_USER, lifetime=LIFE)
            await log.until("identity_reloaded", number + 1)
            await done.one_more()
    connections = proxy.router.passed_to_auth - before
    assert connections <= 2 * RENEWALS + 1, "for each one to try it and one to use it"
    for problem in ("watch_ended", "teleport_unreachable", "interaction_failed"):
        assert not log.all(problem)
    assert {event["outcome"] for event in log.all("interaction_handled")} == {"done"}


async def test_watch_is_reopened_with_new_credentials(
    reloading_bot: tuple[Stage, Log], teleport: TeleportStandIn
) -> None:
    """Otherwise it would stop silently when the old certificate expires."""
    stage, log = reloading_bot
    teleport.write_identity(BOT_USER, lifetime=LIFE)
    await log.until("watch_reconnect_started")
    pending_request(teleport, reason="after the move 1")
    await stage.card("after the move 1")


async def test_watch_being_opened_uses_the_new_connection(
    reloading_bot: tuple[Stage, Log], teleport: TeleportStandIn
) -> None:
    """The old connection closes, so a watch on it would stay silent."""
    stage, log = reloading_bot
    teleport.faults.add("WatchEvents", delay=1.0, times=2)
    teleport.faults.cut_watches()
    await teleport.journal.wait_for_call("WatchEvents", count=4)
    teleport.write_identity(BOT_USER, lifetime=LIFE)
    await log.until("identity_reloaded")
    await log.until("watch_reconnect_started")
    await log.until("watch_started", 6)
    pending_request(teleport, reason="after all that 1")
    await stage.card("after all that 1")


async def test_identity_of_another_cluster_is_rejected(
    reloading_bot: tuple[Stage, Log], teleport: TeleportStandIn,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    """The bot keeps its current identity."""
    stage, log = reloading_bot
    other = await TeleportStandIn.start(tmp_path_factory.mktemp("other"), cluster_name="leaf")
    teleport.identity("bot").write_bytes(other.identity("bot").read_bytes())
    await other.stop()
    await log.until("identity_reload_failed")
    assert "is for cluster leaf" in log.all("identity_reload_failed")[0]["error"]
    await stage.type("alice", "/teleport-pending mine")
    await stage.response("alice", "You have no pending request")


def use_another_user(teleport: TeleportStandIn) -> None:
    teleport.identity("bot").write_bytes(teleport.identity("alice").read_bytes())


def expire_earlier(teleport: TeleportStandIn) -> None:
    teleport.write_identity(BOT_USER, lifetime=LIFE / 2)


def use_unknown_cas(teleport: TeleportStandIn, lifetime: timedelta = 2 * LIFE) -> None:
    """Write an identity with unknown CAs, as from a recreated cluster with the old name."""
    known, teleport.authority = teleport.authority, Authority.generate("main", utc_now())
    teleport.write_identity(BOT_USER, lifetime=lifetime)
    teleport.authority = known


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (use_another_user, "is for user alice"),
        (expire_earlier, "before the one in use"),
        (use_unknown_cas, "doesn't work at"),
    ],
)
async def test_new_identity_that_does_not_work_is_not_used(
    reloading_bot: tuple[Stage, Log], teleport: TeleportStandIn,
    write: Callable[[TeleportStandIn], None], expected: str,
) -> None:  # fmt: skip
    """The bot keeps the working one and loads the next valid one."""
    stage, log = reloading_bot
    write(teleport)
    await log.until("identity_reload_failed")
    assert expected in log.all("identity_reload_failed")[0]["error"]
    await stage.create_request("alice", "staging", "redis 1")
    assert not log.all("identity_reloaded")
    teleport.write_identity(BOT_USER, lifetime=3 * LIFE)
    await log.until("identity_reloaded")
    await stage.create_request("bob", "staging", "redis 2")
    assert not log.all("watch_ended")


async def test_fast_clock_does_not_activate_a_broken_identity(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """By this machine's clock the current identity has expired, but not by Slack's."""
    off = timedelta()
    teleport.write_identity(BOT_USER, lifetime=timedelta(hours=1))
    settings_file.write_text(refresh_often(settings_file.read_text()))
    with capture_logs() as log:
        async with running(load_settings(settings_file), now=lambda: utc_now() + off):
            await slack.socket_count(2)
            off = timedelta(hours=2)
            use_unknown_cas(teleport, lifetime=timedelta(days=1))
            await log.until("identity_reload_failed")
            assert not log.all("identity_reloaded")
            await Stage(slack, teleport).create_request("alice", "staging", "redis 1")


async def test_server_that_closes_connections_disturbs_no_user(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """A server behind a balancer does so to spread its clients.

    Here it happens several times a second.
    """
    teleport = await TeleportStandIn.start(tmp_path, connection_age=timedelta(milliseconds=400))
    settings = write_settings(
        tmp_path,
        teleport=teleport.address,
        identity=teleport.identity("bot"),
        slack_api=slack.api_url,
    )
    with capture_logs() as log:
        async with (
            run_bot_on(Stage(slack, teleport), settings) as stage,
            keep_working(stage) as done,
        ):
            await log.until("watch_started", 8)
            await done.until(5)
    await teleport.stop()
    assert {event["outcome"] for event in log.all("interaction_handled")} == {"done"}
    assert len(log.all("watch_started")) < 50


class Done:
    """The number of requests that were created and approved."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = asyncio.Event()

    def add(self) -> None:
        self.count += 1
        self._changed.set()

    async def one_more(self) -> None:
        await self.until(self.count + 1)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.count < count:
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def keep_working(stage: Stage) -> AsyncIterator[Done]:
    """Let alice request and bob approve, in a loop until the block ends."""
    done = Done()
    enough = asyncio.Event()

    async def work() -> None:
        while not enough.is_set():
            reason = f"number {done.count}."
            await stage.type("alice", f"/teleport-request staging because {reason}")
            await stage.response("alice", reason)
            request = next(each for each in stage.requests if each.Spec.RequestReason == reason)
            await stage.type("bob", f"/teleport-approve {request.Metadata.Name}")
            await stage.response("bob", request.Metadata.Name[-8:])
            assert stage.request(request.Metadata.Name).Spec.State == APPROVED
            done.add()

    task = asyncio.create_task(work())
    try:
        yield done
    finally:
        enough.set()
        await task
