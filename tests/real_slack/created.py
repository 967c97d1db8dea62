"""Post messages like the bot's outbox, and remove all of them.

A message is known by its key from the moment its call starts, and by its ts once Slack responds. A
cancellation waits for the response. If the response is lost, the key in the message's metadata
finds it, as far as the token can read the channel's history.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from slack_sdk.errors import SlackApiError

from notifications.delivery.history_lookup import History, HistoryUnreadable
from tests.real_slack.recording import RecordingClient
from tests.samples import request
from workspace.sending.outbox import METADATA_EVENT
from workspace.sending.send_queue import MessageRef
from workspace.sending.slack_failure import (
    SLACK_ERRORS,
    Failure,
    classify,
    describe,
    error_code,
)
from workspace.views.parts.message import Message

_DELETIONS = 3
"""Attempts to delete one message."""


@dataclass(frozen=True, slots=True)
class _Expected:
    """A message in flight, without a known ts."""

    key: str
    channel: str
    at: datetime
    thread_ts: str


class CreatedMessages:
    def __init__(self, client: RecordingClient, *, seconds_between_posts: float) -> None:
        self._client = client
        self._seconds_between_posts = seconds_between_posts
        self._expected: dict[str, _Expected] = {}
        self._posted: list[MessageRef] = []
        self._posting: asyncio.Task[MessageRef] | None = None

    async def post(self, channel: str, message: Message, *, thread_ts: str = "") -> MessageRef:
        """Post a message. Raises one of SLACK_ERRORS."""
        await asyncio.sleep(self._seconds_between_posts)
        self._posting = asyncio.create_task(self._post(channel, message, thread_ts))
        return await asyncio.shield(self._posting)

    async def update(self, posted: MessageRef, message: Message) -> None:
        """Update a message. Raises one of SLACK_ERRORS."""
        arguments = message.arguments()
        # chat.update has no unfurl arguments.
        del arguments["unfurl_links"], arguments["unfurl_media"]
        await self._client.api_call(
            "chat.update", json={**arguments, "channel": posted.channel, "ts": posted.ts}
        )

    async def delete(self, posted: MessageRef) -> None:
        """Delete a message. Raises one of SLACK_ERRORS."""
        await self._client.chat_delete(channel=posted.channel, ts=posted.ts)
        self._posted.remove(posted)

    async def remove_all(self, history: History) -> list[str]:
        """Delete the remaining messages, newest first.

        Return those that may have stayed, with the reason.
        """
        self._client.step = "removal"
        if self._posting:
            await asyncio.wait([self._posting])
        lost = [await self._find(each, history) for each in self._expected.values()]
        stayed = [await self._insist(each) for each in reversed(self._posted.copy())]
        return [problem for problem in (*lost, *stayed) if problem]

    async def _post(self, channel: str, message: Message, thread_ts: str) -> MessageRef:
        key = uuid4().hex
        payload = {"request_id": request().id, "key": key}
        arguments: dict[str, Any] = {
            **message.arguments(),
            "channel": channel,
            "metadata": {"event_type": METADATA_EVENT, "event_payload": payload},
        }
        if thread_ts:
            arguments["thread_ts"] = thread_ts
        self._expected[key] = _Expected(key, channel, datetime.now(UTC), thread_ts)
        try:
            answer = await self._client.api_call("chat.postMessage", json=arguments)
        except SLACK_ERRORS as error:
            if classify(error) is not Failure.UNCERTAIN:
                del self._expected[key]
            raise
        del self._expected[key]
        posted = MessageRef(answer["channel"], answer["ts"])
        self._posted.append(posted)
        return posted

    async def _find(self, expected: _Expected, history: History) -> str:
        """Look for the message of a lost response. Return the reason if the lookup fails."""
        try:
            found = await history.find(
                expected.channel,
                expected.key,
                expected.at,
                request_id=request().id,
                thread_ts=expected.thread_ts,
            )
        except (HistoryUnreadable, *SLACK_ERRORS) as error:
            why = str(error) if isinstance(error, HistoryUnreadable) else describe(error)
            return f"a message in {expected.channel} whose response was lost ({why})"
        if found:
            self._posted.append(found)
        return ""

    async def _insist(self, posted: MessageRef) -> str:
        """Delete a message in several attempts. Return the last error."""
        problem = ""
        for _ in range(_DELETIONS):
            try:
                await self.delete(posted)
            except SLACK_ERRORS as error:
                if isinstance(error, SlackApiError) and error_code(error) == "message_not_found":
                    return ""
                problem = f"message {posted.ts} in {posted.channel} ({describe(error)})"
            else:
                return ""
        return problem
