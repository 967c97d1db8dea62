"""App Home with several replicas: the one that received the user's event publishes the tab."""

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from structlog.contextvars import bound_contextvars

from bot.process import running
from bot.settings.settings import load_settings
from sandbox.slack.server import SlackStandIn
from sandbox.slack.socket_mode.sockets import AppSocket
from sandbox.teleport.server import TeleportStandIn
from tests.integration.home.home_driver import home_where, open_home, opened_home
from tests.integration.log_capture import Log, capture_logs
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, words

BOB, CAROL = "U0BOB00001", "U0CAROL001"
_SOCKETS = 2
"""Of one replica."""


@pytest.fixture
def log() -> Iterator[Log]:
    with capture_logs() as log:
        yield log


@pytest.fixture
def settings_file(settings_file: Path) -> Path:
    """Shorten the terms of the leader, but not as far that a busy machine misses them."""
    settings_file.write_text(f"{settings_file.read_text()}\n[pace]\nfactor = 4\n")
    return settings_file


@asynccontextmanager
async def replica(
    name: str, slack: SlackStandIn, settings_file: Path
) -> AsyncIterator[Collection[AppSocket]]:
    """Run a replica whose log entries have its name. Yield its sockets."""
    others = slack.sockets.open
    async with AsyncExitStack() as stack:
        with bound_contextvars(replica=name):
            await stack.enter_async_context(running(load_settings(settings_file)))
        await slack.socket_count(len(others) + _SOCKETS)
        yield slack.sockets.open - others


def publishers(log: Log, slack_user: str) -> list[str]:
    """Return the replicas that published the user's tab, one for each view."""
    published = log.all("home_published")
    return [each["replica"] for each in published if each["slack_user"] == slack_user]


async def test_replica_without_the_lease_publishes_home_across_a_leader_change(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, log: Log
) -> None:
    stage = Stage(slack, teleport)
    async with AsyncExitStack() as first_replica, AsyncExitStack() as stack:
        await first_replica.enter_async_context(replica("first", slack, settings_file))
        await log.first("lease_acquired", replica="first")
        second = await stack.enter_async_context(replica("second", slack, settings_file))
        await log.first("lease_held_elsewhere", replica="second")
        slack.sockets.prefer(second)
        await opened_home(stage, "bob", "No requests are waiting")
        await log.first("home_published", slack_user=BOB, replica="second")
        pending_request(teleport, reason="redis 1")
        await home_where(stage, "bob", lambda view: "redis 1" in words(view))
        await stage.card("redis 1")

        await first_replica.aclose()
        pending_request(teleport, reason="redis 2")
        await home_where(stage, "bob", lambda view: "redis 2" in words(view))
        await log.first("lease_acquired", replica="second")
        await stage.card("redis 2")
        third = await stack.enter_async_context(replica("third", slack, settings_file))
        await log.first("lease_held_elsewhere", replica="third")
        slack.sockets.prefer(third)
        await opened_home(stage, "carol", "redis 2")
        slack.sockets.prefer(second)
        await opened_home(stage, "dana", "Your pending requests")
        pending_request(teleport, reason="redis 3")
        for who in ("bob", "carol"):
            await home_where(stage, who, lambda view: "redis 3" in words(view))
    assert set(publishers(log, BOB)) == {"second"}
    assert set(publishers(log, CAROL)) == {"third"}
    assert publishers(log, "U0DANA0001")[0] == "second"


async def test_replica_with_the_latest_opening_takes_the_tab_over(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, log: Log
) -> None:
    stage = Stage(slack, teleport)
    async with (
        replica("first", slack, settings_file) as first,
        replica("second", slack, settings_file) as second,
    ):
        slack.sockets.prefer(first)
        await opened_home(stage, "bob", "No requests are waiting")
        slack.sockets.prefer(second)
        await open_home(stage, "bob")
        await log.first("home_published", slack_user=BOB, replica="second")
        pending_request(teleport, reason="redis 1")
        await log.first("home_taken_over", slack_user=BOB, replica="first")
        await home_where(stage, "bob", lambda view: "redis 1" in words(view))
        pending_request(teleport, reason="redis 2")
        await home_where(stage, "bob", lambda view: "redis 2" in words(view))
    assert publishers(log, BOB) == ["first", "second", "second", "second"]
