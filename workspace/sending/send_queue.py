"""The order of waiting messages: by priority, with a turn for the oldest message at intervals."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol, TypeAlias

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from workspace.views.parts.message import Message

_FAIRNESS_INTERVAL = 8
"""Number of turns, of which the last one belongs to the message that has waited longest."""


class Content(Protocol):
    """A message or a Home tab."""

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of a Web API call that show it."""


Render: TypeAlias = Callable[[], Message]
"""Returns the message when its turn comes. The outbox calls it for each attempt."""


class Priority(IntEnum):
    NEW_REQUEST = 0
    BACKLOG_REQUEST = 1
    """Card of a backlog. New requests are sent first."""
    CARD_UPDATE = 2
    BACKLOG_UPDATE = 3
    DIRECT_MESSAGE = 4
    THREAD_REPLY = 5
    SERVICE_MESSAGE = 6
    HOME_OPENED = 7
    """App Home of a user who has just opened it."""
    HOME_REFRESH = 8


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Names a message that Slack has."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A Web API method with its arguments."""

    method: str
    render: Callable[[], Content]
    arguments: dict[str, Any]
    """Arguments that aren't part of the content."""
    done: "asyncio.Future[AsyncSlackResponse]"
    """Gets Slack's response."""
    priority: Priority
    order: int
    """Of coming."""


@dataclass(slots=True)
class Lane:
    """Calls that wait for one channel, all updates, or all Home tabs."""

    key: str
    interval: float
    ready_at: float = 0.0
    waiting: dict[Priority, deque[Call]] = field(default_factory=lambda: defaultdict(deque))
    sent_count: int = 0

    @property
    def empty(self) -> bool:
        return not any(self.waiting.values())

    def next(self) -> Call | None:
        """Return the next call. It stays in the queue until `take`."""
        return next_call((calls[0] for calls in self.waiting.values() if calls), self.sent_count)

    def take(self, call: Call) -> None:
        """Remove a call that `next` returned."""
        self.waiting[call.priority].popleft()
        self.sent_count += 1


def next_call(calls: Iterable[Call], sent_count: int) -> Call | None:
    """Choose a call after `sent_count` earlier ones, None if the queue is empty."""
    longest = sent_count % _FAIRNESS_INTERVAL == _FAIRNESS_INTERVAL - 1
    return min(calls, key=lambda call: (not longest and call.priority, call.order), default=None)
