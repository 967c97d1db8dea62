"""How much a failure concerns: one request, or everything that the bot shows."""

from enum import Enum

from teleport_client.errors import NotSupported, PermissionDenied, Unreachable
from workspace.sending.slack_failure import SLACK_ERRORS, TRANSIENT, Failure, classify


class BlastRadius(Enum):
    ALL = "all"
    """The bot's own token, role or server: all other requests fail too."""
    SERVICE = "service"
    """Teleport or Slack isn't responding. It concerns all requests unless others succeed."""
    ONE = "one"
    """A request, user, channel or record."""


def blast_radius(error: Exception) -> BlastRadius:
    """Classify a failure by its cause. An unforeseen error concerns the request that it met."""
    if isinstance(error, PermissionDenied | NotSupported):
        return BlastRadius.ALL
    if isinstance(error, Unreachable):
        return BlastRadius.SERVICE
    if not isinstance(error, SLACK_ERRORS):
        return BlastRadius.ONE
    failure = classify(error)
    if failure in {Failure.REVOKED, Failure.FORBIDDEN}:
        return BlastRadius.ALL
    return BlastRadius.SERVICE if failure in TRANSIENT else BlastRadius.ONE
