"""Result of a user action, for the control API."""

from dataclasses import dataclass

from sandbox.slack.socket_mode.delivery import Reply
from sandbox.slack.wire import JsonObject


class CannotActError(Exception):
    """Slack prevents the action. The app gets no envelope."""


class UnusableAckError(Exception):
    """The app's ack has a response action that Slack rejects."""


@dataclass(frozen=True)
class Outcome:
    """The app's ack, and the errors that Slack shows to the person.

    `errors` holds the messages beside the inputs of a form, by block ID.
    """

    acked: bool
    ack_ms: float
    error: str | None
    payload: JsonObject | None
    errors: dict[str, str] | None = None

    @classmethod
    def of(cls, reply: Reply, error: str | None = None) -> "Outcome":
        """Return the outcome of an envelope that reached the app."""
        return cls(reply.acked, reply.ack_ms, reply.error or error, reply.payload)

    @classmethod
    def unsent(cls, error: str | None = None) -> "Outcome":
        """Return the outcome of an action that sent no envelope."""
        return cls(acked=False, ack_ms=0.0, error=error, payload=None)

    @classmethod
    def complaints(cls, errors: dict[str, str], reply: Reply | None = None) -> "Outcome":
        """Return the outcome of a form that Slack or the app rejected."""
        shown = "; ".join(errors.values())
        if reply is None:
            return cls(False, 0.0, shown, None, errors)
        return cls(reply.acked, reply.ack_ms, shown, reply.payload, errors)

    def to_json(self) -> JsonObject:
        whole = {
            "acked": self.acked,
            "ack_ms": self.ack_ms,
            "error": self.error,
            "payload": self.payload,
        }
        return whole if self.errors is None else {**whole, "errors": self.errors}
