"""Acks: matching what the app sends back with what it was sent."""

import asyncio
from dataclasses import dataclass
from typing import Any

from sandbox.slack.control.journal import Journal, SentEnvelope
from sandbox.slack.json_text import parse_json


@dataclass(frozen=True)
class _Expected:
    envelope: SentEnvelope
    socket: object
    ack: asyncio.Future[Any]


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
    ) -> asyncio.Future[Any]:
        """The future ack of an envelope: the payload that it carries, if any."""
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._expected[envelope_id] = _Expected(envelope, socket, ack)
        return ack

    def take(self, socket: object, text: str) -> None:
        """Record the ack in a frame. A late ack and a frame that is no ack change nothing."""
        frame = _read(text)
        envelope_id = str(frame.get("envelope_id"))
        expected = self._expected.get(envelope_id)
        if expected is None or (self.bound_to_socket and expected.socket is not socket):
            return
        del self._expected[envelope_id]
        self._journal.acked(expected.envelope)
        if not expected.ack.done():
            expected.ack.set_result(frame.get("payload"))


def _read(text: str) -> dict[str, Any]:
    """Return the frame, or an empty one for text that isn't a JSON object."""
    try:
        frame = parse_json(text)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}
