"""Credentials that are renewed while the bot runs, mostly in the middle of something."""

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
from tests.integration.conftest import bot_on
from tests.integration.log_capture import Log, listening
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage

RENEWALS = 20
LIFE = timedelta(seconds=20)


@pytest.fixture
async def proxy(teleport: TeleportStandIn, tmp_path: Path) -> AsyncIterator[ProxyStandIn]:
    """Counts the connections that are made."""
    running = await ProxyStandIn.start(teleport, tmp_path)
    yield running
    await running.stop()


@pytest.fixture
async def renewing(
    slack: SlackStandIn, teleport: TeleportStandIn, proxy: ProxyStandIn, settings_file: Path
) -> AsyncIterator[tuple[Stage, Log]]:
    """A bot that reads its identity again all the time, with what it logs."""
    # Each renewal ends at the same moment or later.
    teleport.write_identity(BOT_USER, lifetime=LIFE)

    def change(text: str) -> str:
        text = text.replace(teleport.address, proxy.address)
        return text.replace(
            "[teleport]\n",
            "[teleport]\nrefresh_identity = true\nrefresh_identity_interval = 0.1\n",
        )

    with listening() as log:
        async with bot_on(Stage(slack, teleport), settings_file, change) as stage:
            yield stage, log


HOUR_NS = 3600 * 10**9


@pytest.mark.parametrize("hours", [1, 11.9, 12])
async def test_short_certificate_is_logged_once_each(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, hours: float
) -> None:
    """By its total lifetime: 12 hours are enough until the last of them."""
    lifetime = timedelta(hours=hours)
    teleport.write_identity(BOT_USER, lifetime=lifetime)
    refresh = "[teleport]\nrefresh_identity = true\nrefresh_identity_interval = 0.1\n"
    with listening() as log:
        async with bot_on(
            Stage(slack, teleport),
            settings_file,
            lambda text: text.replace("[teleport]\n", refresh),
        ):
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


async def test_short_certificate_is_enough_with_a_max_duration(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """It takes the place of the session's length."""
    teleport.write_identity(BOT_USER, lifetime=timedelta(hours=1))
    teleport.cluster.roles["dev"].Spec.Allow.Request.MaxDuration = 8 * HOUR_NS
    with listening() as log:
        async with bot_on(Stage(slack, teleport), settings_file) as stage:
            await stage.asked("alice", "staging", "redis 1")
            assert teleport.journal.of("ListRoles")
    assert not log.all("certificate_lifetime_short")


async def test_renewals_under_load_are_not_noticed(
    renewing: tuple[Stage, Log], teleport: TeleportStandIn, proxy: ProxyStandIn
) -> None:
    """Twenty, some of which are seen half-written, while people ask and decide."""
    stage, log = renewing
    before = proxy.router.passed_to_auth
    async with working(stage) as done:
        for number in range(RENEWALS):
            path = teleport.identity("bot")
            if number % 3 == 0:
                whole = path.read_bytes()
                path.write_bytes(whole[: len(whole) * number // RENEWALS])
                await log.until("identity_reload_failed", number // 3 + 1)
            teleport.write_identity(BOT_USER, lifetime=LIFE)
            await log.until("identity_reloaded", number + 1)
    assert len(done) >= RENEWALS
    connections = proxy.router.passed_to_auth - before
    assert connections <= 2 * RENEWALS + 1, "for each one to try it and one to use it"
    for problem in ("watch_ended", "teleport_unreachable", "interaction_failed"):
        assert not log.all(problem)
    assert {event["outcome"] for event in log.all("interaction_handled")} == {"done"}


async def test_the_watch_moves_with_the_credentials(
    renewing: tuple[Stage, Log], teleport: TeleportStandIn
) -> None:
    """Or it would hear nothing any more when the old certificate ends."""
    stage, log = renewing
    teleport.write_identity(BOT_USER, lifetime=LIFE)
    await log.until("watch_reconnect_started")
    pending_request(teleport, reason="after the move 1")
    await stage.card("after the move 1")


async def test_a_watch_that_is_being_opened_moves_too(
    renewing: tuple[Stage, Log], teleport: TeleportStandIn
) -> None:
    """On the old connection it would go silent when that is closed."""
    stage, log = renewing
    teleport.faults.add("WatchEvents", delay=1.0)
    teleport.faults.cut_watches()
    await teleport.journal.wait_for_call("WatchEvents", count=2)
    teleport.write_identity(BOT_USER, lifetime=LIFE)
    await log.until("identity_reloaded")
    await log.until("watch_reconnect_started")
    await log.until("watch_started", 3)
    pending_request(teleport, reason="after all that 1")
    await stage.card("after all that 1")


async def test_an_identity_of_another_cluster_is_not_taken(
    renewing: tuple[Stage, Log], teleport: TeleportStandIn,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    """The bot goes on as who it was."""
    stage, log = renewing
    other = await TeleportStandIn.start(tmp_path_factory.mktemp("other"), cluster_name="leaf")
    teleport.identity("bot").write_bytes(other.identity("bot").read_bytes())
    await other.stop()
    await log.until("identity_reload_failed")
    assert "is of the cluster leaf" in log.all("identity_reload_failed")[0]["error"]
    await stage.type("alice", "/teleport-pending mine")
    await stage.answer("alice", "You have no pending request")


def of_another_user(teleport: TeleportStandIn) -> None:
    teleport.identity("bot").write_bytes(teleport.identity("alice").read_bytes())


def that_expires_earlier(teleport: TeleportStandIn) -> None:
    teleport.write_identity(BOT_USER, lifetime=LIFE / 2)


def of_unknown_authorities(teleport: TeleportStandIn, lifetime: timedelta = 2 * LIFE) -> None:
    """As after a file was copied from a cluster that was set up anew under its old name."""
    known, teleport.authority = teleport.authority, Authority.generate("main", utc_now())
    teleport.write_identity(BOT_USER, lifetime=lifetime)
    teleport.authority = known


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (of_another_user, "is of the user alice"),
        (that_expires_earlier, "before the one in use"),
        (of_unknown_authorities, "doesn't work at"),
    ],
)
async def test_renewed_identity_that_cannot_take_over_is_not_used(
    renewing: tuple[Stage, Log], teleport: TeleportStandIn,
    write: Callable[[TeleportStandIn], None], said: str,
) -> None:  # fmt: skip
    """The bot goes on with the one that works, and takes the next good one."""
    stage, log = renewing
    write(teleport)
    await log.until("identity_reload_failed")
    assert said in log.all("identity_reload_failed")[0]["error"]
    await stage.asked("alice", "staging", "redis 1")
    assert not log.all("identity_reloaded")
    teleport.write_identity(BOT_USER, lifetime=3 * LIFE)
    await log.until("identity_reloaded")
    await stage.asked("bob", "staging", "redis 2")
    assert not log.all("watch_ended")


async def test_clock_that_jumps_ahead_lets_no_identity_take_over_that_does_not_work(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The identity in use has expired by this machine's clock, and not by Slack's."""
    off = timedelta()
    teleport.write_identity(BOT_USER, lifetime=timedelta(hours=1))
    settings_file.write_text(
        settings_file.read_text().replace(
            "[teleport]\n",
            "[teleport]\nrefresh_identity = true\nrefresh_identity_interval = 0.1\n",
        )
    )
    with listening() as log:
        async with running(load_settings(settings_file), now=lambda: utc_now() + off):
            await slack.socket_count(2)
            off = timedelta(hours=2)
            of_unknown_authorities(teleport, lifetime=timedelta(days=1))
            await log.until("identity_reload_failed")
            assert not log.all("identity_reloaded")
            await Stage(slack, teleport).asked("alice", "staging", "redis 1")


async def test_a_server_that_sends_everybody_away_is_not_noticed(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """As one behind a balancer does, to spread its clients; here several times a second."""
    teleport = await TeleportStandIn.start(tmp_path, connection_age=timedelta(milliseconds=400))
    settings = write_settings(
        tmp_path,
        teleport=teleport.address,
        identity=teleport.identity("bot"),
        slack_api=slack.api_url,
    )
    with listening() as log:
        async with bot_on(Stage(slack, teleport), settings) as stage, working(stage) as done:
            await log.until("watch_started", 4)
    await teleport.stop()
    assert len(done) >= 5
    assert {event["outcome"] for event in log.all("interaction_handled")} == {"done"}
    assert len(log.all("watch_started")) < 25


@asynccontextmanager
async def working(stage: Stage) -> AsyncIterator[list[str]]:
    """Alice asks and bob approves, one after the other, as long as the block lasts."""
    done: list[str] = []
    enough = asyncio.Event()

    async def work() -> None:
        while not enough.is_set():
            reason = f"number {len(done)}."
            await stage.type("alice", f"/teleport-request staging because {reason}")
            await stage.answer("alice", reason)
            asked = next(each for each in stage.requests if each.Spec.RequestReason == reason)
            await stage.type("bob", f"/teleport-approve {asked.Metadata.Name}")
            await stage.answer("bob", asked.Metadata.Name[-8:])
            assert stage.request(asked.Metadata.Name).Spec.State == APPROVED
            done.append(reason)

    task = asyncio.create_task(work())
    try:
        yield done
    finally:
        enough.set()
        await task
