"""Messages that wait in the outbox: for another outbox, for a slot, and for cancelled work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.patience import PATIENCE_SECONDS
from tests.unit.commands.test_outcome import slack_error
from workspace.conditions import Conditions
from workspace.sending.fence import SendingStopped
from workspace.sending.outbox import Outbox
from workspace.sending.send_queue import MessageRef, Priority
from workspace.views.parts.message import text_message


class Slack:
    """Slack that responds when the test says so, and records the texts that it gets."""

    def __init__(self, error: SlackApiError | None = None) -> None:
        self.error = error
        self.texts: list[str] = []
        self.go = asyncio.Event()
        self._news = asyncio.Event()

    async def api_call(self, _method: str, *, json: dict[str, Any]) -> dict[str, Any]:
        self.texts.append(json["text"])
        self._news.set()
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return {"channel": json["channel"], "ts": "1.1"}

    async def got(self, count: int) -> list[str]:
        while len(self.texts) < count:
            self._news.clear()
            await self._news.wait()
        return self.texts


@asynccontextmanager
async def running_outbox(client: object) -> AsyncIterator[Outbox]:
    slack = cast("AsyncWebClient", client)
    outbox = Outbox(slack, Conditions().component("outbox"), may_send=lambda: True)
    task = asyncio.create_task(outbox.run())
    yield outbox
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def send_later(outbox: Outbox, text: str) -> "asyncio.Task[None]":
    return asyncio.create_task(
        outbox.update(
            MessageRef("C1", "1.1"), lambda: text_message(text), priority=Priority.CARD_UPDATE
        )
    )


async def test_message_that_nobody_waits_for_any_more_is_not_sent() -> None:
    """Slack's slots are taken; then the work that wanted another message is cancelled."""
    slack = Slack()
    async with asyncio.timeout(PATIENCE_SECONDS), running_outbox(slack) as outbox:
        in_flight = [send_later(outbox, f"card {number}") for number in range(8)]
        await slack.got(8)
        unwanted, wanted = send_later(outbox, "unwanted"), send_later(outbox, "wanted")
        await asyncio.sleep(0)
        unwanted.cancel()
        slack.go.set()
        await asyncio.gather(*in_flight, wanted)
    assert slack.texts[8:] == ["wanted"]


@pytest.mark.parametrize("error", [None, slack_error({"error": "fatal_error"})])
async def test_work_cancelled_during_its_call_does_not_break_the_outbox(
    error: SlackApiError | None,
) -> None:
    slack = Slack(error)
    async with asyncio.timeout(PATIENCE_SECONDS), running_outbox(slack) as outbox:
        cancelled = send_later(outbox, "card 1")
        await slack.got(1)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        slack.go.set()
        await slack.got(1)
        slack.error = None
        await send_later(outbox, "card 2")
    assert slack.texts == ["card 1", "card 2"]


async def test_stop_ends_waiting_messages_that_are_not_cancelled_already() -> None:
    slack = Slack()
    async with asyncio.timeout(PATIENCE_SECONDS), running_outbox(slack) as outbox:
        in_flight = [send_later(outbox, f"card {number}") for number in range(8)]
        await slack.got(8)
        cancelled, waiting = send_later(outbox, "cancelled"), send_later(outbox, "waiting")
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        outbox.stop()
        with pytest.raises(SendingStopped):
            await waiting
        slack.go.set()
        await asyncio.gather(*in_flight)
    assert len(slack.texts) == 8


async def test_outbox_that_yields_waits_for_a_free_slot() -> None:
    slack = Slack()
    client = cast("AsyncWebClient", slack)
    first = Outbox(client, Conditions().component("first"), may_send=lambda: True)
    second = Outbox(client, Conditions().component("second"), may_send=lambda: True, yield_to=first)

    async def send(outbox: Outbox, text: str) -> None:
        await outbox.update(
            MessageRef("C1", "1.1"), lambda: text_message(text), priority=Priority.CARD_UPDATE
        )

    running = [asyncio.create_task(outbox.run()) for outbox in (first, second)]
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as sending:
        for number in range(8):
            sending.create_task(send(first, f"card {number}"))
        await slack.got(8)
        sending.create_task(send(second, "home"))
        sending.create_task(send(first, "card 8"))
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(slack.texts) == 8, "all slots are taken"
        slack.go.set()
        assert (await slack.got(10))[8:] == ["card 8", "home"]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
