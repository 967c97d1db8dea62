"""Slack in memory, as far as one message needs it: an outbox, its history and the recipients."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from notifications.delivery.history_lookup import History, HistoryUnreadable
from notifications.delivery.message_delivery import Delivery
from tests.samples import NOW
from workspace.card_model.record import CardModel
from workspace.sending.outbox import Outbox
from workspace.sending.send_queue import MessageRef, Priority, Render


@dataclass(frozen=True)
class Sent:
    """A message that was posted (with a key) or updated (with a `ts`)."""

    channel: str
    text: str
    priority: Priority
    key: str = ""
    thread_ts: str = ""
    ts: str = ""


@dataclass
class MemorySlack:
    sent: list[Sent] = field(default_factory=list)
    error: Exception | None = None
    """Raised by each call."""
    dm: str | Exception = "D1"
    """Address of the requester's DMs, or the error of its lookup."""
    history: dict[str, MessageRef] | None = field(default_factory=dict)
    """Messages by key. None if the bot can't read them."""
    may_send: asyncio.Event = field(default_factory=asyncio.Event)
    delivered: list[str] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    known_dms: list[str] = field(default_factory=list)
    """Channels of earlier notices that lookups of the requester's DMs got."""

    def __post_init__(self) -> None:
        self.may_send.set()

    def delivery(self, now: Callable[[], datetime] = lambda: NOW) -> Delivery:
        return Delivery(
            cast("Outbox", self), self, _Requester(self), cast("History", _History(self)),
            now=now,
        )  # fmt: skip

    async def post(
        self, channel: str, render: Render, *, priority: Priority, request_id: str, key: str,
        thread_ts: str = "",
    ) -> MessageRef:  # fmt: skip
        assert request_id
        await self._call()
        self.sent.append(Sent(channel, render().text, priority, key, thread_ts))
        return MessageRef(channel, f"{len(self.sent)}.0")

    async def update(self, posted: MessageRef, render: Render, *, priority: Priority) -> None:
        await self._call()
        self.sent.append(Sent(posted.channel, render().text, priority, ts=posted.ts))

    async def _call(self) -> None:
        await self.may_send.wait()
        if self.error is not None:
            raise self.error

    def mark_delivered(self, channel: str) -> None:
        self.delivered.append(channel)

    def mark_rejected(self, channel: str, problem: str) -> bool:
        self.rejected.append((channel, problem))
        return True

    def without_keys(self) -> list[Sent]:
        """Return what was sent, without the random keys."""
        return [replace(each, key="", text="") for each in self.sent]


@dataclass
class _Requester:
    slack: MemorySlack

    async def find(self, _card_model: CardModel, known_dm: str) -> str:
        self.slack.known_dms.append(known_dm)
        if isinstance(self.slack.dm, Exception):
            raise self.slack.dm
        return self.slack.dm


@dataclass
class _History:
    slack: MemorySlack

    async def find(
        self, _channel: str, key: str, _since: datetime, *, request_id: str, thread_ts: str = ""
    ) -> MessageRef | None:
        assert request_id
        if self.slack.history is None:
            raise HistoryUnreadable("no history scope")
        return self.slack.history.get(f"{thread_ts}/{key}" if thread_ts else key)
