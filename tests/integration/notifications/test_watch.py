"""Teleport's watch in failure cases: late watches, interrupted lists, full buffers."""

from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.conftest import run_bot_on
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import DECISIONS, Stage, decisions

MORE_THAN_A_PAGE = 250


async def test_list_that_fails_midway_is_restarted(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The oldest request is on the last page."""
    pending_request(teleport, reason="the oldest", age=timedelta(hours=4))
    for _ in range(MORE_THAN_A_PAGE):
        pending_request(teleport, age=timedelta(hours=3), state=RequestState.DENIED, user="nobody")
    teleport.faults.add("ListAccessRequests", times=1)
    teleport.faults.add("ListAccessRequests", grpc.StatusCode.UNAVAILABLE, times=1)
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        await stage.card("the oldest")


async def test_watch_confirmed_late_loses_nothing(stage: Stage) -> None:
    """The list contains requests created before the server confirms the watch."""
    stage.teleport.faults.add("WatchEvents", delay=1.0, times=2)
    stage.teleport.faults.cut_watches()
    pending_request(stage.teleport, reason="meanwhile 1")
    await stage.card("meanwhile 1")


async def test_overflowed_watch_is_reopened(stage: Stage) -> None:
    """The server ends the watch of a slow reader and keeps no events for it."""
    await stage.create_request("alice", "staging", "redis 1")
    details = "watcher was closed: buffer overflow"
    stage.teleport.faults.add("WatchEvents", grpc.StatusCode.UNAVAILABLE, times=4)
    stage.teleport.faults.cut_watches(grpc.StatusCode.UNKNOWN, details)
    pending_request(stage.teleport, reason="meanwhile 2")
    await stage.card("meanwhile 2")
    pending_request(stage.teleport, reason="afterwards 3", user="bob")
    await stage.card("afterwards 3")
    assert len(stage.cards()) == 3


async def test_request_missing_in_a_stale_list_is_not_deleted(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The ledger contains the request, but the starting bot hasn't read it yet."""
    teleport.cluster.stale_lists = True
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        pending_request(teleport, reason="redis 1")
        ts = (await stage.card("redis 1"))["ts"]
        await stage.dm("alice", "is waiting")
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        pending_request(teleport, reason="next 2", user="bob")
        await stage.card("next 2")
        await stage.dm("bob", "is waiting")
        (card,) = [m for m in stage.messages() if m["ts"] == ts]
        assert set(decisions(card)) == DECISIONS


@pytest.mark.parametrize("when", ["at start", "while it runs"])
async def test_invalid_utf8_in_one_request_hides_no_other(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, when: str
) -> None:
    """Any user can put such bytes in a reason, and Teleport lists them with all other requests."""
    teleport.faults.corrupt_text("strange")
    if when == "at start":
        pending_request(teleport, reason="strange 1.")
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        pending_request(teleport, reason="strange 2.")
        await stage.card("??????? 2.")
        pending_request(teleport, reason="redis 3.", user="bob")
        await stage.card("redis 3.")
        await stage.type("carol", "/teleport-pending")
        await stage.response("carol", "redis 3.")
