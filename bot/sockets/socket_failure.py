"""Reasons for which a Socket Mode connection ended or couldn't be opened."""

from dataclasses import dataclass

from workspace.sending.slack_failure import TRANSIENT, classify, describe

TOO_MANY_SOCKETS = "too_many_websockets"
_TOLERATED_REJECTIONS = 2
"""Rejections in a row for lack of a free socket that need no operator. The socket in the way is
mostly a standby attempt of another replica, or belongs to one that stops; both close soon."""
_HINTS = {
    "link_disabled": "Socket Mode is off; turn it on in the app's settings at api.slack.com/apps",
    TOO_MANY_SOCKETS: (
        "the app has reached Slack's limit of ten sockets; stop other copies of the bot"
    ),
}
"""By reason of a disconnect that only an operator can change
(docs.slack.dev/apis/events-api/using-socket-mode)."""


@dataclass(frozen=True, slots=True)
class SocketFailure:
    text: str
    needs_operator: bool = False
    """Whether retries alone can't repair it."""


def disconnect_failure(reason: str, *, rejections: int) -> SocketFailure | None:
    """Return the failure for Slack's disconnect reason; None if a new socket repairs it.

    `rejections` counts the attempts in a row without a free socket, this one included.
    """
    if reason not in _HINTS:
        return None
    tolerated = reason == TOO_MANY_SOCKETS and rejections <= _TOLERATED_REJECTIONS
    return SocketFailure(_HINTS[reason], needs_operator=not tolerated)


def open_failure(error: Exception) -> SocketFailure:
    """Return the failure for one of SLACK_ERRORS that apps.connections.open raised."""
    permanent = classify(error) not in TRANSIENT
    return SocketFailure(f"Slack rejected a new socket: {describe(error)}", permanent)
