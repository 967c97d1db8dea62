"""Kinds of failed connections, derived from the errors of each connection mode."""

import ssl
from enum import StrEnum

_NOT_YET_VALID, _HAS_EXPIRED = 9, 10
"""Verification results (X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED)."""
_OTHER_PROTOCOL = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "UNKNOWN_PROTOCOL",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
    }
)
"""OpenSSL's reasons for a response that isn't TLS; they differ between its versions."""


class Obstacle(StrEnum):
    NO_ANSWER = "no_answer"
    """No connection, or no response in time."""
    CLOCK = "clock"
    """A certificate that isn't valid now, by the local clock."""
    OTHER_CLUSTER = "other_cluster"
    """A certificate that isn't signed by a Host CA of the identity."""
    UNTRUSTED_PROXY = "untrusted_proxy"
    """A web certificate that isn't signed by a CA of this machine."""
    NOT_TELEPORT = "not_teleport"
    """A TLS server without Teleport's connection upgrade."""
    NOT_TLS = "not_tls"
    """A server with another protocol, such as SSH or plain HTTP."""

    @property
    def transient(self) -> bool:
        """Whether a later attempt may succeed without a change to the setup."""
        return self in {Obstacle.NO_ANSWER, Obstacle.CLOCK}


class NotTeleport(OSError):
    """A response that neither Teleport nor an HTTP proxy would send.

    `transient` is true if the same server could respond as Teleport later.
    """

    def __init__(self, text: str, *, transient: bool = False) -> None:
        super().__init__(text)
        self.transient = transient


class UntrustedProxy(OSError):
    """The certificate of a web server isn't signed by a CA of this machine."""


def obstacle_of(error: Exception) -> Obstacle:
    """Return the kind of one mode's error."""
    if isinstance(error, ssl.SSLCertVerificationError):
        invalid_now = error.verify_code in {_NOT_YET_VALID, _HAS_EXPIRED}
        return Obstacle.CLOCK if invalid_now else Obstacle.OTHER_CLUSTER
    if isinstance(error, UntrustedProxy):
        return Obstacle.UNTRUSTED_PROXY
    if isinstance(error, ssl.SSLError) and error.reason in _OTHER_PROTOCOL:
        return Obstacle.NOT_TLS
    if isinstance(error, NotTeleport) and not error.transient:
        return Obstacle.NOT_TELEPORT
    return Obstacle.NO_ANSWER


def worst_of(obstacles: "list[Obstacle]") -> Obstacle:
    """Return a transient obstacle, which can hide others, or else the first one."""
    return next((each for each in obstacles if each.transient), obstacles[0])
