"""Socket Mode connections that break, and are mended without anybody noticing."""

import asyncio

import pytest

from sandbox.slack.journal import ApiCall
from tests.integration.stage import Stage


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


async def test_the_first_address_is_used_and_not_wasted(stage: Stage) -> None:
    """Start-up asks for one to check the token; the second socket asks for its own."""
    assert len(opened(stage)) == 2


def opened(stage: Stage) -> list[ApiCall]:
    return [call for call in stage.slack.journal.calls if call.method == "apps.connections.open"]


async def addresses(stage: Stage, count: int) -> None:
    """Wait until so many addresses for sockets were asked for, the first two included."""
    await stage.slack.call_where(lambda _: len(opened(stage)) >= count, 40)
