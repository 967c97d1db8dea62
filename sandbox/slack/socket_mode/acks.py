"""Acks: matching what the app sends back with what it was sent."""

import asyncio
from dataclasses import dataclass

from sandbox.slack.journal import Journal, SentEnvelope
from sandbox.slack.wire import JsonObject


@dataclass(frozen=True)
class _Expected:
    envelope: SentEnvelope
    socket: object
    ack: asyncio.Future[JsonObject | None]


class Acks:
    """The envelopes that the app has not acknowledged yet.

    By default an ack counts on whichever socket it comes; with `bound_to_socket` only on the
    one that carried the envelope. Which of the two Slack does is not documented.
    """

    def __init__(self, journal: Journal) -> None:
        self.bound_to_socket = False
        self._journal = journal
        self._expected: dict[str, _Expected] = {}

    def expect(
        self, envelope_id: str, envelope: SentEnvelope, socket: object
    ) -> asyncio.Future[JsonObject | None]:
        """The future ack of an envelope: the payload that it carries, if any."""
        ack: asyncio.Future[JsonObject | None] = asyncio.get_running_loop().create_future()
        self._expected[envelope_id] = _Expected(envelope, socket, ack)
        return ack

    def take(self, socket: object, frame: JsonObject) -> None:
        """Note an ack; one that comes too late is written down, and changes nothing else."""
        envelope_id = str(frame.get("envelope_id"))
        expected = self._expected.get(envelope_id)
        if expected is None or (self.bound_to_socket and expected.socket is not socket):
            return
        del self._expected[envelope_id]
        self._journal.acked(expected.envelope)
        if not expected.ack.done():
            expected.ack.set_result(frame.get("payload") or None)
