"""The outcome of a failed interaction, for the log, the metrics and the response."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from secrets import token_hex

import structlog

from commands.interactions.explain import explain
from commands.interactions.explain_slack import explain_slack
from teleport_client.errors import TeleportError, Unexpected, Unreachable
from workspace.requests.user_error import UserError
from workspace.sending.slack_failure import SLACK_ERRORS, TRANSIENT, Failure, classify, describe
from workspace.views.parts.message import Message, text_message

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """Label of a metric. The values never change."""

    DONE = "done"
    REJECTED = "refused"
    """The response explains why nothing was done."""
    UNAVAILABLE = "unavailable"
    """Teleport or Slack didn't respond."""
    FAILED = "failed"
    """An operator of the bot or of Teleport has to act."""
    CANCELLED = "cancelled"
    FORM_ERRORS = "form_errors"
    """A form stays open, with errors at its fields."""
    NO_OPTIONS = "no_options"
    """The options of a menu couldn't be loaded."""
    UNHANDLED = "unhandled"
    """A payload without a listener and without a response."""


@dataclass(frozen=True, slots=True)
class FailureResponse:
    outcome: Outcome
    message: Message


class InputKept(Exception):
    """An error after which the user's input isn't on the screen any more.

    `respond` turns its explanation into a response that contains the input.
    """

    def __init__(self, cause: Exception, respond: Callable[[str], Message]) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.respond = respond


def failure_response(error: Exception) -> FailureResponse:
    """Log an error, and return its outcome with the response to the user."""
    if isinstance(error, InputKept):
        failure = failure_response(error.cause)
        return FailureResponse(failure.outcome, error.respond(failure.message.text))
    if isinstance(error, UserError):
        return _rejection(error, Outcome.REJECTED)
    if isinstance(error, TeleportError):
        return _teleport_failure(error)
    if isinstance(error, SLACK_ERRORS):
        return _slack_failure(error)
    return _unexpected(error)


def _rejection(error: UserError, outcome: Outcome) -> FailureResponse:
    log.info("interaction_rejected", reason=error.reason)
    return FailureResponse(outcome, text_message(error.text, preformatted=error.suggested_command))


def _teleport_failure(error: TeleportError) -> FailureResponse:
    log.warning(
        "teleport_call_failed",
        method=error.method,
        grpc_code=error.code,
        error=describe(error),
    )
    outcome = Outcome.REJECTED
    if isinstance(error, Unreachable):
        outcome = Outcome.UNAVAILABLE
    elif isinstance(error, Unexpected):
        outcome = Outcome.FAILED
    return _rejection(explain(error), outcome)


def _slack_failure(error: Exception) -> FailureResponse:
    failure = classify(error)
    operators = failure in {Failure.REVOKED, Failure.FORBIDDEN, Failure.REJECTED}
    (log.error if operators else log.warning)("slack_call_failed", error=describe(error))
    outcome = Outcome.REJECTED
    if failure in TRANSIENT:
        outcome = Outcome.UNAVAILABLE
    elif operators:
        outcome = Outcome.FAILED
    return _rejection(explain_slack(error), outcome)


def _unexpected(error: Exception) -> FailureResponse:
    error_id = token_hex(4)
    log.error("interaction_failed", error_id=error_id, exc_info=error)
    response = text_message(
        f"Something went wrong (error {error_id}). Check /teleport-pending before you try again,"
        " and send the error ID to the bot's operator."
    )
    return FailureResponse(Outcome.FAILED, response)
