"""An outbox that yields to another one."""

import asyncio
from typing import Any, cast

from slack_sdk.web.async_client import AsyncWebClient

from workspace.conditions import Conditions
from workspace.sending.outbox import Outbox
from workspace.sending.send_queue import MessageRef, Priority
from workspace.views.parts.message import text_message


class Slack:
    """Slack that responds when the test says so, and records the texts that it gets."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.go = asyncio.Event()
        self._news = asyncio.Event()

    async def api_call(self, _method: str, *, json: dict[str, Any]) -> dict[str, Any]:
        self.texts.append(json["text"])
        self._news.set()
        await self.go.wait()
        return {"channel": json["channel"], "ts": "1.1"}

    async def got(self, count: int) -> list[str]:
        while len(self.texts) < count:
            self._news.clear()
            await self._news.wait()
        return self.texts


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
    async with asyncio.timeout(5), asyncio.TaskGroup() as sending:
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
