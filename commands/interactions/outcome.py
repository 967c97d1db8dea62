"""How an interaction that raised something ended: for the log, for the metrics, in a sentence."""

from dataclasses import dataclass
from enum import StrEnum
from secrets import token_hex

import structlog

from commands.interactions.explain import explain
from commands.interactions.explain_slack import explain_slack
from teleport_client.errors import TeleportError, Unexpected, Unreachable
from workspace.requests.user_error import UserError
from workspace.sending.slack_failure import SLACK_ERRORS, TRANSIENT, Failure, classify, describe
from workspace.views.parts.message import Message, sentence

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """Labels of the metrics; they never change their spelling."""

    DONE = "done"
    REFUSED = "refused"
    """The person was told why not."""
    UNAVAILABLE = "unavailable"
    """Teleport or Slack did not answer."""
    FAILED = "failed"
    """Somebody who runs the bot or Teleport has to look at it."""
    CANCELLED = "cancelled"
    FORM_ERRORS = "form_errors"
    """Words beside the fields of a form, which stays open."""
    NO_OPTIONS = "no_options"
    """A menu that stays empty."""
    UNHANDLED = "unhandled"
    """A payload without a listener and without a response."""


@dataclass(frozen=True, slots=True)
class FailureResponse:
    outcome: Outcome
    message: Message


def failure_response(error: Exception) -> FailureResponse:
    """Log the cause of an error, and find the words for the person."""
    if isinstance(error, UserError):
        return _refused(error, Outcome.REFUSED)
    if isinstance(error, TeleportError):
        return _refused_by_teleport(error)
    if isinstance(error, SLACK_ERRORS):
        return _refused_by_slack(error)
    return _unexpected(error)


def _refused(refusal: UserError, outcome: Outcome) -> FailureResponse:
    log.info("interaction_rejected", reason=refusal.reason)
    return FailureResponse(outcome, sentence(refusal.sentence, preformatted=refusal.command))


def _refused_by_teleport(error: TeleportError) -> FailureResponse:
    log.warning(
        "teleport_call_failed",
        method=error.method,
        grpc_code=error.code.name,
        error=describe(error),
    )
    outcome = Outcome.REFUSED
    if isinstance(error, Unreachable):
        outcome = Outcome.UNAVAILABLE
    elif isinstance(error, Unexpected):
        outcome = Outcome.FAILED
    return _refused(explain(error), outcome)


def _refused_by_slack(error: Exception) -> FailureResponse:
    failure = classify(error)
    operators = failure in {Failure.REVOKED, Failure.FORBIDDEN, Failure.REJECTED}
    (log.error if operators else log.warning)("slack_call_failed", error=describe(error))
    outcome = Outcome.REFUSED
    if failure in TRANSIENT:
        outcome = Outcome.UNAVAILABLE
    elif operators:
        outcome = Outcome.FAILED
    return _refused(explain_slack(error), outcome)


def _unexpected(error: Exception) -> FailureResponse:
    error_id = token_hex(4)
    log.error("interaction_failed", error_id=error_id, exc_info=error)
    said = sentence(
        f"Something went wrong in the bot (error {error_id}). Look at /teleport-pending before you"
        " try again, and give that id to whoever runs the bot."
    )
    return FailureResponse(Outcome.FAILED, said)
