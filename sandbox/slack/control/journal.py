"""What the app and Slack said to each other, in order, for scripts to read."""

import time
from collections import deque
from dataclasses import dataclass

from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.changes import Changes

_KEPT = 20_000


def monotonic_ms() -> float:
    return time.monotonic() * 1000


@dataclass(frozen=True)
class ApiCall:
    """One Web API call; `status` is None when its answer never left."""

    ms: float
    method: str
    args: JsonObject
    status: int | None
    answer: JsonObject | str


@dataclass
class SentEnvelope:
    """One envelope on its way to the app; `acked_ms` is filled in by the app's ack."""

    sent_ms: float
    acked_ms: float | None
    type: str
    payload: JsonObject


class Journal:
    """The newest calls and envelopes. Tokens are never written into it."""

    def __init__(self, changes: Changes) -> None:
        self.calls: deque[ApiCall] = deque(maxlen=_KEPT)
        self.envelopes: deque[SentEnvelope] = deque(maxlen=_KEPT)
        self._changes = changes

    def called(self, call: ApiCall) -> None:
        self.calls.append(call)
        self._changes.announce()

    def sent(self, kind: str, payload: JsonObject) -> SentEnvelope:
        envelope = SentEnvelope(monotonic_ms(), None, kind, payload)
        self.envelopes.append(envelope)
        self._changes.announce()
        return envelope

    def acked(self, envelope: SentEnvelope) -> None:
        envelope.acked_ms = monotonic_ms()
        self._changes.announce()

    def to_json(self) -> JsonObject:
        return {
            "calls": [vars(call) for call in self.calls],
            "envelopes": [vars(envelope) for envelope in self.envelopes],
        }
