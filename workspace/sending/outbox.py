"""The only sender of cards, DMs and Home tabs, at the pace that Slack allows.

Each channel gets one message a second; updates have a separate lane and don't use that pace. A
rate-limited method pauses completely, and afterwards updates go one a second until none is left.
Home tabs have a lane, too. New requests go first and reminders last, but every eighth turn belongs
to the message that has waited longest, so every message is sent eventually. The caller handles the
calls that Slack rejects (`slack_failure`).
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import chain, count
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from workspace.conditions import Component
from workspace.sending.fence import SendingStopped, fenced, is_stopped
from workspace.sending.send_queue import (
    Call,
    Content,
    Lane,
    MessageRef,
    Priority,
    Render,
    next_call,
)
from workspace.sending.slack_failure import (
    SLACK_ERRORS,
    Failure,
    classify,
    describe,
    retry_delay,
)

SECONDS_BETWEEN_POSTS = 1.0
"""To one channel (docs.slack.dev/apis/web-api/rate-limits)."""
METADATA_EVENT = "teleport_access_request"
_MAX_CALLS, _MAX_POSTS = 8, 6
"""Calls; however many channels there are to post to, cards are kept up to date."""
_LONG_RATE_LIMIT = 60.0
"""Seconds of a rate limit that users notice."""
_UPDATES = "edits"
_HOMES = "homes"
_POST, _UPDATE, _PUBLISH = "chat.postMessage", "chat.update", "views.publish"
_PACE_AFTER_LIMIT = {_PUBLISH: 0.6}
"""Intervals after a rate limit, as a multiple of the interval between posts.

Slack allows 50 updates a minute (chat.update: Tier 3), and 100 Home tabs (views.publish: Tier 4).
"""


class Outbox:
    """Takes messages from anywhere on the loop, and sends them while `run` runs.

    `may_send` is asked before every call, and again right before it is written (`fence`). An outbox
    with `yield_to` starts a call only while the other outbox has a free slot.
    """

    def __init__(
        self,
        slack: AsyncWebClient,
        condition: Component,
        *,
        may_send: Callable[[], bool],
        seconds_between_posts: float = SECONDS_BETWEEN_POSTS,
        yield_to: "Outbox | None" = None,
    ) -> None:
        self._slack = slack
        self._condition = condition
        self._may_send = may_send
        self._seconds_between_posts = seconds_between_posts
        self._ahead = yield_to
        self._slot_handlers: list[Callable[[], None]] = []
        if yield_to is not None:
            yield_to.on_slot(self._wake)
        self._lanes: dict[str, Lane] = {}
        self._ids: dict[str, str] = {}
        """Of conversations that are addressed by name or by person: each has one pace."""
        self._rate_limited_until: dict[str, float] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._posting = 0
        self._sent_count = 0
        self._waiting: Counter[Priority] = Counter()
        self._order = count()
        self._stopped = False
        self._news = asyncio.Event()

    def long_rate_limit(self) -> str:
        """Return which method Slack limits for over a minute; empty if it limits none."""
        now = asyncio.get_running_loop().time()
        methods = {call.method for lane in self._lanes.values() if (call := lane.next())}
        rests = {method: self._rate_limited_until.get(method, 0.0) - now for method in methods}
        longest = max(rests, key=lambda method: rests[method], default="")
        if longest and rests[longest] > _LONG_RATE_LIMIT:
            return f"Slack is rate limiting {longest} for {rests[longest]:.0f} s"
        return ""

    @property
    def waiting(self) -> int:
        return self._waiting.total()

    @property
    def backlog_waiting(self) -> int:
        """Of those that wait, cards of the backlog."""
        return self._waiting[Priority.BACKLOG_REQUEST]

    @property
    def has_slot(self) -> bool:
        """Whether another call can start now."""
        free = len(self._sending) < _MAX_CALLS
        return free and (self._ahead is None or self._ahead.has_slot)

    def on_slot(self, handler: Callable[[], None]) -> None:
        """Call a handler whenever a call ends, after this outbox had the chance to start one."""
        self._slot_handlers.append(handler)

    @property
    def lanes(self) -> int:
        """Channels with something to send, or to which something was just sent."""
        return len(self._lanes)

    async def post(
        self,
        channel: str,
        render: Render,
        *,
        priority: Priority,
        request_id: str,
        key: str,
        thread_ts: str = "",
    ) -> MessageRef:
        """Post a message. Its metadata contains `request_id` and the opaque `key`.

        `channel` is any address that Slack accepts. With `thread_ts` the message is a reply to that
        message.

        Raises SendingStopped, or the error of the call.
        """
        payload = {"request_id": request_id, "key": key}
        arguments: dict[str, Any] = {
            "channel": channel,
            "metadata": {"event_type": METADATA_EVENT, "event_payload": payload},
        }
        if thread_ts:
            arguments["thread_ts"] = thread_ts
        key = self._ids.get(channel, channel)
        lane = self._lanes.setdefault(key, Lane(key, self._seconds_between_posts))
        answer = await self._submit(_POST, render, arguments, lane, priority)
        posted = MessageRef(answer["channel"], answer["ts"])
        if posted.channel != channel:
            self._ids[channel] = posted.channel
        return posted

    async def update(self, posted: MessageRef, render: Render, *, priority: Priority) -> None:
        """Show something else in a message. Raises as `post` does."""
        arguments = {"channel": posted.channel, "ts": posted.ts}
        lane = self._lanes.setdefault(_UPDATES, Lane(_UPDATES, 0.0))
        await self._submit(_UPDATE, render, arguments, lane, priority)

    async def publish(
        self,
        slack_user_id: str,
        render: Callable[[], Content],
        *,
        priority: Priority,
        view_hash: str = "",
    ) -> str:
        """Publish a user's Home tab, and return the hash of the new view.

        With `view_hash`, Slack rejects the call if the tab has changed since that view. Raises as
        `post` does.
        """
        arguments = {"user_id": slack_user_id} | ({"hash": view_hash} if view_hash else {})
        lane = self._lanes.setdefault(_HOMES, Lane(_HOMES, 0.0))
        answer = await self._submit(_PUBLISH, render, arguments, lane, priority)
        return str((answer.get("view") or {}).get("hash") or "")

    async def run(self) -> None:
        """Send until cancelled; calls that are on their way by then are waited for."""
        self._stopped = False
        try:
            while True:
                self._news.clear()
                pause = await self._start_ready()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._news.wait()
        finally:
            self.stop()
            await asyncio.gather(*self._sending, return_exceptions=True)
            self._condition.ready()

    async def _submit(
        self,
        method: str,
        render: Callable[[], Content],
        arguments: dict[str, Any],
        lane: Lane,
        priority: Priority,
    ) -> AsyncSlackResponse:
        if self._stopped or not self._may_send():
            raise SendingStopped
        done: asyncio.Future[AsyncSlackResponse] = asyncio.get_running_loop().create_future()
        call = Call(method, render, arguments, done, priority, next(self._order))
        lane.waiting[priority].append(call)
        self._waiting[priority] += 1
        self._news.set()
        return await done

    def _requeue(self, lane: Lane, call: Call) -> None:
        """Let a call have its turn again that Slack asked to wait."""
        lane = self._lanes.setdefault(lane.key, lane)
        lane.interval = self._seconds_between_posts * _PACE_AFTER_LIMIT.get(call.method, 1.0)
        lane.waiting[call.priority].appendleft(call)
        self._waiting[call.priority] += 1

    async def _start_ready(self) -> float | None:
        """Start all calls that are due. Return the seconds until the next one, None if unknown.

        Each call starts before the next message is rendered: a card doesn't wait for other
        messages.
        """
        now = asyncio.get_running_loop().time()
        self._forget_idle_lanes(now)
        while self.has_slot:
            ready = {
                call: lane
                for lane in self._lanes.values()
                if self._ready_at(lane) <= now and (call := lane.next())
            }
            call = next_call(ready, self._sent_count)
            if call is None:
                break
            self._start(ready[call], call, now)
            await asyncio.sleep(0)
        soonest = min(map(self._ready_at, self._lanes.values()), default=float("inf"))
        if soonest == float("inf") or not self.has_slot:
            return None
        return max(0.0, soonest - now)

    def _start(self, lane: Lane, call: Call, now: float) -> None:
        lane.ready_at = now + lane.interval
        lane.take(call)
        self._sent_count += 1
        self._waiting[call.priority] -= 1
        self._posting += call.method == _POST
        task = asyncio.create_task(self._send(lane, call))
        self._sending.add(task)
        task.add_done_callback(partial(self._on_call_done, call.method))

    def _forget_idle_lanes(self, now: float) -> None:
        """Remove idle lanes: every user who gets a DM has a channel, so they would accumulate."""
        for key, lane in list(self._lanes.items()):
            if lane.empty and lane.ready_at <= now:
                del self._lanes[key]

    def _ready_at(self, lane: Lane) -> float:
        call = lane.next()
        if call is None or (call.method == _POST and self._posting >= _MAX_POSTS):
            return float("inf")
        return max(lane.ready_at, self._rate_limited_until.get(call.method, 0.0))

    def _on_call_done(self, method: str, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._posting -= method == _POST
        self._wake()
        for handler in self._slot_handlers:
            handler()

    def _wake(self) -> None:
        self._news.set()

    async def _send(self, lane: Lane, call: Call) -> None:
        if call.done.done():
            return
        if not self._may_send():
            call.done.set_exception(SendingStopped())
            return
        try:
            with fenced(self._may_send):
                answer = await self._slack.api_call(call.method, json=_rendered_arguments(call))
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller has to hear it
            self._handle_error(lane, call, SendingStopped() if is_stopped(error) else error)
            return
        self._condition.ready()
        if not call.done.done():
            call.done.set_result(answer)

    def _handle_error(self, lane: Lane, call: Call, error: Exception) -> None:
        failure = classify(error) if isinstance(error, SLACK_ERRORS) else None
        if failure is Failure.RATE_LIMITED:
            now = asyncio.get_running_loop().time()
            self._rate_limited_until[call.method] = now + retry_delay(error)
            if not self._stopped:
                self._requeue(lane, call)
                return
            error = SendingStopped()
        if failure is Failure.REVOKED:
            self._condition.not_ready(f"Slack no longer accepts slack.token: {describe(error)}")
        elif failure is Failure.FORBIDDEN:
            self._condition.not_ready(
                f"slack.token is missing a scope for {call.method}: {describe(error)}"
            )
        if not call.done.done():
            call.done.set_exception(error)

    def stop(self) -> None:
        """End each message that isn't in flight with SendingStopped, until `run` starts again."""
        self._stopped = True
        for lane in self._lanes.values():
            for call in chain.from_iterable(lane.waiting.values()):
                if not call.done.done():
                    call.done.set_exception(SendingStopped())
            lane.waiting.clear()
        self._waiting.clear()


def _rendered_arguments(call: Call) -> dict[str, Any]:
    """Return all arguments. chat.update has no arguments about unfurling."""
    arguments = call.render().arguments() | call.arguments
    if call.method == _UPDATE:
        del arguments["unfurl_links"], arguments["unfurl_media"]
    return arguments
