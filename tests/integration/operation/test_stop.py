"""The bot stops within ten seconds, because `docker stop` then kills it."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from sandbox.slack.control.faults import EVERY_METHOD as EVERY_SLACK_METHOD
from sandbox.slack.control.faults import RESPONSE_URL
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.faults import EVERY_METHOD
from sandbox.teleport.server import TeleportStandIn
from tests.integration.bot_process import Bot, bot
from tests.integration.request_factory import pending_request
from tests.integration.reviews.inputs import boxes, field, text
from tests.integration.slack_driver import Stage, words

LIMIT = 10.0
HANGING = 60.0
FOREVER = 1_000


def hang_web_api(stage: Stage) -> None:
    stage.slack.faults.inject({"method": EVERY_SLACK_METHOD, "delay_ms": HANGING * 1000})


def hang_response_urls(stage: Stage) -> None:
    stage.slack.faults.inject({"method": RESPONSE_URL, "delay_ms": HANGING * 1000})


def hang_sockets(stage: Stage) -> None:
    stage.slack.faults.inject({"sockets": "swallow"})


def hang_teleport(stage: Stage) -> None:
    stage.teleport.faults.add(EVERY_METHOD, delay=HANGING, times=FOREVER)


def hang_all(stage: Stage) -> None:
    for hang in (hang_web_api, hang_response_urls, hang_teleport, hang_sockets):
        hang(stage)


async def stop(process: Bot) -> float:
    """Send SIGTERM, and return the seconds until the process has ended."""
    started = monotonic()
    process.process.send_signal(signal.SIGTERM)
    code, output = await process.end()
    assert code == 0, output
    assert "Traceback" not in output
    return monotonic() - started


@pytest.mark.parametrize("hang", [hang_web_api, hang_sockets, hang_teleport, hang_all])
async def test_bot_stops_within_ten_seconds_when_something_hangs(
    hang: Callable[[Stage], None],
    settings_file: Path,
    slack: SlackStandIn,
    teleport: TeleportStandIn,
) -> None:
    stage = Stage(slack, teleport)
    async with bot("--config", str(settings_file)) as process:
        await process.event("bot_started")
        await slack.socket_count(2)
        await stage.create_request("alice", "staging", "stopping 1")
        if hang is hang_sockets:
            hang(stage)
        else:
            teleport.faults.add("CreateAccessRequestV2", delay=1.0)
            await stage.type("bob", "/teleport-request staging because stopping 2")
            await teleport.journal.wait_for_call("CreateAccessRequestV2")
            hang(stage)
            if hang is not hang_all:
                await stage.type("bob", "/teleport-pending")
        assert await stop(process) < LIMIT


async def test_user_gets_a_response_when_a_stop_interrupts_a_command(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    stage = Stage(slack, teleport)
    async with bot("--config", str(settings_file)) as process:
        await process.event("bot_started")
        await slack.socket_count(2)
        hang_teleport(stage)
        await stage.type("bob", "/teleport-pending")
        stopping = asyncio.create_task(stop(process))
        await stage.slack.message_where(
            "access-requests", "bob", lambda m: "The bot is restarting" in str(m), LIMIT
        )
        await stopping


async def open_form_for_several_reviews(
    stage: Stage, process: Bot, requests: int
) -> dict[str, Any]:
    """Return bob's form for all of so many requests."""
    for number in range(requests):
        pending_request(stage.teleport, reason=f"redis {number}")
    await process.event("bot_started")
    await stage.slack.socket_count(2)
    await stage.type("bob", "/teleport-approve")
    return await stage.form("bob", "bulk_review_form")


async def approve_all(stage: Stage, form: dict[str, Any], reason: str) -> None:
    picked = [option["value"] for option in field(form, "pick_0")["options"]]
    await stage.submit("bob", form, pick_0=boxes(form, "pick_0", *picked), reason=text(reason))


async def test_stop_during_several_reviews_reports_each_one(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    stage = Stage(slack, teleport)
    async with bot("--config", str(settings_file)) as process:
        form = await open_form_for_several_reviews(stage, process, 7)
        teleport.faults.add("SubmitAccessReview", times=1)
        teleport.faults.add("SubmitAccessReview", delay=HANGING, times=FOREVER)
        await approve_all(stage, form, "fine")
        await teleport.journal.wait_for_call("SubmitAccessReview", ended=True)
        stopping = asyncio.create_task(stop(process))
        response = await stage.slack.message_where(
            "access-requests", "bob", lambda m: "You approved 1 of 7 requests." in words(m), LIMIT
        )
        assert response["text"].count("not confirmed, because the bot is restarting") == 4
        assert response["text"].count("not sent, because the bot is restarting") == 2
        assert "fine" in words(response)
        await stopping


async def test_stop_before_the_first_of_several_reviews_returns_the_reason(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    stage = Stage(slack, teleport)
    async with bot("--config", str(settings_file)) as process:
        form = await open_form_for_several_reviews(stage, process, 2)
        hang_teleport(stage)
        await approve_all(stage, form, "a long reason")
        stopping = asyncio.create_task(stop(process))
        response = await stage.slack.message_where(
            "access-requests", "bob", lambda m: "You approved 0 of 2" in words(m), LIMIT
        )
        assert response["text"].count("not sent, because the bot is restarting") == 2
        assert "a long reason" in words(response)
        await stopping
