"""Delivery of envelopes: one socket each, three seconds for the ack, retries of events.

Slack sends each envelope to one of the app's sockets, picked at random, and waits three seconds for
the ack. Commands and interactions are sent once: without an ack the user sees an error, although
the app may have received the envelope. Events are sent again after 0, 60 and 300 seconds, until one
attempt is acknowledged. Each attempt has a new envelope ID and its own three seconds.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.slack.control.journal import Journal
from sandbox.slack.socket_mode.acks import Acks
from sandbox.slack.socket_mode.sockets import AppSocket, Sockets
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.state import Workspace

_ACK_WITHIN = 3.0
_UNUSABLE_PAYLOAD = "the payload of the ack isn't an object"
_EVENT_RETRIES = (0.0, 60.0, 300.0)


@dataclass(frozen=True)
class Reply:
    """The app's ack to an envelope, or the error that Slack shows.

    An ack can have both: Slack can't use a payload that isn't an object.
    """

    acked: bool
    ack_ms: float
    error: str | None = None
    payload: JsonObject | None = None


class Delivery:
    """Sends envelopes to the app and waits for its acks."""

    def __init__(
        self, workspace: Workspace, journal: Journal, sockets: Sockets, acks: Acks
    ) -> None:
        self.ack_within = _ACK_WITHIN
        self.event_retries = _EVENT_RETRIES
        self._workspace = workspace
        self._journal = journal
        self._sockets = sockets
        self._acks = acks
        self._redeliveries: set[asyncio.Task[None]] = set()

    @property
    def sockets(self) -> int:
        """Number of the app's open sockets."""
        return self._sockets.count

    async def deliver(
        self, kind: str, payload: JsonObject, *, accepts_response: bool, **fields: object
    ) -> Reply:
        """Send one envelope to one socket and wait for the ack, up to Slack's timeout."""
        socket = self._sockets.pick()
        if socket is None:
            return Reply(acked=False, ack_ms=0.0, error="dispatch_failed")
        clock = asyncio.get_running_loop().time
        sent_at = clock()
        try:
            async with asyncio.timeout(self.ack_within):
                response = await self._send(socket, kind, payload, accepts_response, fields)
        except (TimeoutError, ConnectionError):
            waited = (clock() - sent_at) * 1000
            return Reply(acked=False, ack_ms=waited, error="operation_timeout")
        return _read_ack((clock() - sent_at) * 1000, response)

    async def deliver_event(self, payload: JsonObject) -> Reply:
        """Send an event. Without an ack, retry it in the background up to three times."""
        reply = await self._deliver_attempt(payload, 0)
        if not reply.acked:
            task = asyncio.create_task(self._redeliver(payload))
            self._redeliveries.add(task)
            task.add_done_callback(self._redeliveries.discard)
        return reply

    async def close(self) -> None:
        """Cancel the pending retries of events."""
        for task in self._redeliveries:
            task.cancel()

    async def _redeliver(self, payload: JsonObject) -> None:
        for attempt, delay in enumerate(self.event_retries, start=1):
            await asyncio.sleep(delay)
            reply = await self._deliver_attempt(payload, attempt)
            if reply.acked:
                return

    async def _deliver_attempt(self, payload: JsonObject, attempt: int) -> Reply:
        return await self.deliver(
            "events_api",
            payload,
            accepts_response=False,
            retry_attempt=attempt,
            retry_reason="timeout" if attempt else "",
        )

    async def _send(
        self,
        socket: AppSocket,
        kind: str,
        payload: JsonObject,
        accepts_response: bool,
        fields: Mapping[str, object],
    ) -> Any:
        envelope_id = self._workspace.ids.envelope()
        ack = self._acks.expect(envelope_id, self._journal.sent(kind, payload), socket)
        await socket.send(
            {
                "envelope_id": envelope_id,
                "payload": payload,
                "type": kind,
                "accepts_response_payload": accepts_response,
                **fields,
            }
        )
        return await ack


def _read_ack(ack_ms: float, payload: Any) -> Reply:
    if not payload:
        return Reply(acked=True, ack_ms=ack_ms)
    if not isinstance(payload, dict):
        return Reply(acked=True, ack_ms=ack_ms, error=_UNUSABLE_PAYLOAD)
    return Reply(acked=True, ack_ms=ack_ms, payload=payload)
