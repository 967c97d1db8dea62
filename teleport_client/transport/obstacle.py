"""What keeps a connection from reaching Auth, by the errors of the ways that were tried."""

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
"""OpenSSL's reasons for an answer that isn't TLS; they differ between its versions."""


class Obstacle(StrEnum):
    NO_ANSWER = "no_answer"
    """No connection, or no response in time."""
    CLOCK = "clock"
    """A certificate that isn't valid at this time, by our clock."""
    OTHER_CLUSTER = "other_cluster"
    """A certificate that no authority of the identity has signed."""
    UNTRUSTED_PROXY = "untrusted_proxy"
    """A web certificate that no authority of this machine has signed."""
    NOT_TELEPORT = "not_teleport"
    """A TLS server without Teleport's connection upgrade."""
    NOT_TLS = "not_tls"
    """A server with another protocol, such as SSH or plain HTTP."""

    @property
    def passes(self) -> bool:
        """Whether a later attempt may succeed without a change to the setup."""
        return self in {Obstacle.NO_ANSWER, Obstacle.CLOCK}


class NotTeleport(OSError):
    """Something answered, and not as Teleport or the way to it would.

    `passes` is whether it may answer as Teleport later.
    """

    def __init__(self, text: str, *, passes: bool = False) -> None:
        super().__init__(text)
        self.passes = passes


class UntrustedProxy(OSError):
    """A web server's certificate that the system's authorities have not signed."""


def obstacle_of(error: Exception) -> Obstacle:
    """Classify the error of one way."""
    if isinstance(error, ssl.SSLCertVerificationError):
        invalid_now = error.verify_code in {_NOT_YET_VALID, _HAS_EXPIRED}
        return Obstacle.CLOCK if invalid_now else Obstacle.OTHER_CLUSTER
    if isinstance(error, UntrustedProxy):
        return Obstacle.UNTRUSTED_PROXY
    if isinstance(error, ssl.SSLError) and error.reason in _OTHER_PROTOCOL:
        return Obstacle.NOT_TLS
    if isinstance(error, NotTeleport) and not error.passes:
        return Obstacle.NOT_TELEPORT
    return Obstacle.NO_ANSWER


def worst_of(obstacles: "list[Obstacle]") -> Obstacle:
    """Return the first obstacle, or one that passes: then the way behind it is still unknown."""
    return next((each for each in obstacles if each.passes), obstacles[0])
