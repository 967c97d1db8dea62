"""Updates that Slack applies although the bot gets no response, or gets it too late."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import LockTarget, RequestState
from tests.integration.conftest import fast, run_bot_on
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import CHANNEL, Stage, words

_REPEAT_SECONDS = 20.0
"""The bot repeats an update after an uncertain one; at this pace after six seconds."""


@pytest.fixture
async def stage(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> AsyncIterator[Stage]:
    """Run a bot that waits 0.8 seconds for a response."""
    async with run_bot_on(Stage(slack, teleport), settings_file, fast) as ready:
        yield ready


async def test_card_shows_a_removed_lock_after_a_lost_response(stage: Stage) -> None:
    """Slack shows the lock, which no response confirmed. The next model is the recorded one."""
    cluster, request = stage.teleport.cluster, pending_request(stage.teleport, reason="redis 1")
    await stage.card("redis 1")
    cluster.requests.put(with_state(request, RequestState.APPROVED))
    card, notice = await stage.card("Approved"), await stage.dm("alice", "was approved")
    stage.slack.faults.inject({"method": "chat.update", "drop_after_commit": True})
    lock = cluster.lock(LockTarget(AccessRequest=request.Metadata.Name), message="stop it")
    await _show(stage, card, CHANNEL, lambda text: "stop it" in text)
    await _show(stage, notice, "@alice", lambda text: "stop it" in text)
    cluster.delete_lock(lock.Metadata.Name)
    stage.slack.faults.clear()
    await _show(stage, card, CHANNEL, lambda text: "stop it" not in text)
    await _show(stage, notice, "@alice", lambda text: "stop it" not in text)


async def test_late_update_does_not_stay_in_place_of_the_next_one(stage: Stage) -> None:
    request = pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    stage.slack.faults.inject({"method": "chat.update", "delay_ms": 1_500, "times": 1})
    reviewed = with_state(request, RequestState.PENDING)
    reviewed.Spec.Reviews.add(Author="dana", ProposedState=RequestState.APPROVED)
    stage.teleport.cluster.requests.put(reviewed)
    await stage.card("dana")  # the reply, which is sent after the update
    stage.teleport.cluster.requests.put(with_state(request, RequestState.DENIED))
    await _show(stage, card, CHANNEL, lambda text: "Denied" in text)
    await _show(stage, card, CHANNEL, lambda text: "dana" in text)
    await _show(stage, card, CHANNEL, lambda text: "Denied" in text)


async def _show(
    stage: Stage, message: dict[str, Any], channel: str, fits: Callable[[str], bool]
) -> None:
    """Wait until a message has a fitting text."""
    await stage.slack.message_where(
        channel, "alice", lambda m: m["ts"] == message["ts"] and fits(words(m)), _REPEAT_SECONDS
    )
