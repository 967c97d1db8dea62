"""Web API calls and envelopes in order, for scripts and tests."""

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
    """One Web API call. `status` is None if the response was dropped."""

    ms: float
    method: str
    args: JsonObject
    status: int | None
    answer: JsonObject | str


@dataclass
class SentEnvelope:
    """One envelope to the app. The app's ack sets `acked_ms`."""

    sent_ms: float
    acked_ms: float | None
    type: str
    payload: JsonObject


class Journal:
    """The newest calls and envelopes, without tokens."""

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
