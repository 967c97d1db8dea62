"""Acks: match the app's frames with the envelopes sent to it.

The app acknowledges an envelope by its ID, at most once. Delivery registers the expected ack before
it sends the envelope, so an immediate ack isn't lost. A late ack still reaches the journal, but no
longer changes the outcome. Acks of unknown envelopes and invalid frames are ignored.
"""

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

    By default an ack counts on any socket. With `bound_to_socket` it counts only on the envelope's
    own socket. Slack doesn't document which of the two applies.
    """

    def __init__(self, journal: Journal) -> None:
        self.bound_to_socket = False
        self._journal = journal
        self._expected: dict[str, _Expected] = {}

    def expect(
        self, envelope_id: str, envelope: SentEnvelope, socket: object
    ) -> asyncio.Future[Any]:
        """Return the future ack of an envelope: its payload, or None."""
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._expected[envelope_id] = _Expected(envelope, socket, ack)
        return ack

    def take(self, socket: object, text: str) -> None:
        """Record the ack in a frame. Ignore late acks and other frames."""
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
