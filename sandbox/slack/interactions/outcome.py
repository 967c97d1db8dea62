"""What an act comes to, for the one who acted."""

from dataclasses import dataclass

from sandbox.slack.socket_mode.delivery import Reply
from sandbox.slack.wire import JsonObject


class CannotActError(Exception):
    """Slack would not let the person do it; nothing was sent to the app."""


class UnusableAckError(Exception):
    """The app's ack asks for something that Slack does not do."""


@dataclass(frozen=True)
class Outcome:
    """The app's ack and what Slack shows the person if something is wrong.

    `errors` holds the complaints that Slack shows beside the fields of a form, by block id.
    """

    acked: bool
    ack_ms: float
    error: str | None
    payload: JsonObject | None
    errors: dict[str, str] | None = None

    @classmethod
    def of(cls, reply: Reply, error: str | None = None) -> "Outcome":
        """The outcome of something that was sent to the app."""
        return cls(reply.acked, reply.ack_ms, reply.error or error, reply.payload)

    @classmethod
    def unsent(cls, error: str | None = None) -> "Outcome":
        """The outcome of something that the app did not hear of."""
        return cls(acked=False, ack_ms=0.0, error=error, payload=None)

    @classmethod
    def complaints(cls, errors: dict[str, str], reply: Reply | None = None) -> "Outcome":
        """The outcome of a form that was not accepted, by Slack itself or by the app."""
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
