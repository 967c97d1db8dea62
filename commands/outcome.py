"""How an interaction that raised something ended: for the log, for the metrics, in a sentence."""

from dataclasses import dataclass
from enum import StrEnum
from secrets import token_hex

import structlog

from commands.explain import explain
from commands.explain_slack import explain_slack
from teleport_client.errors import TeleportError, Unexpected, Unreachable
from workspace.refusal import Refusal
from workspace.slack_failure import PASSING, SLACK_ERRORS, Failure, failure_of, in_words
from workspace.views.message import Message, sentence

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
class Ending:
    outcome: Outcome
    message: Message


def ending(error: Exception) -> Ending:
    """Log the cause of an error, and find the words for the person."""
    if isinstance(error, Refusal):
        return _refused(error, Outcome.REFUSED)
    if isinstance(error, TeleportError):
        return _refused_by_teleport(error)
    if isinstance(error, SLACK_ERRORS):
        return _refused_by_slack(error)
    return _unexpected(error)


def _refused(refusal: Refusal, outcome: Outcome) -> Ending:
    log.info("refused", reason=refusal.reason)
    return Ending(outcome, sentence(refusal.sentence, to_copy=refusal.command))


def _refused_by_teleport(error: TeleportError) -> Ending:
    log.warning("teleport_failed", method=error.method, code=error.code.name, error=in_words(error))
    outcome = Outcome.REFUSED
    if isinstance(error, Unreachable):
        outcome = Outcome.UNAVAILABLE
    elif isinstance(error, Unexpected):
        outcome = Outcome.FAILED
    return _refused(explain(error), outcome)


def _refused_by_slack(error: Exception) -> Ending:
    failure = failure_of(error)
    operators = failure in {Failure.REVOKED, Failure.FORBIDDEN, Failure.REJECTED}
    (log.error if operators else log.warning)("slack_failed", error=in_words(error))
    outcome = Outcome.REFUSED
    if failure in PASSING:
        outcome = Outcome.UNAVAILABLE
    elif operators:
        outcome = Outcome.FAILED
    return _refused(explain_slack(error), outcome)


def _unexpected(error: Exception) -> Ending:
    error_id = token_hex(4)
    log.error("interaction_failed", error_id=error_id, exc_info=error)
    said = sentence(
        f"Something went wrong in the bot (error {error_id}). Look at /teleport-pending before you"
        " try again, and give that id to whoever runs the bot."
    )
    return Ending(Outcome.FAILED, said)
