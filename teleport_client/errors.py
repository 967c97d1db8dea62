"""What can go wrong between us and Teleport's Auth Service.

    TeleportError
    ├── Unreachable            the server did not answer, or not in time
    ├── NotFound
    ├── AlreadyExists
    ├── InvalidArgument        the server's text says what is wrong with it
    ├── PermissionDenied       the server's text is the only thing that tells the kinds apart
    │   ├── ReviewNotAllowed       this person may not review this request
    │   ├── OwnRequest             nobody reviews or resolves their own request
    │   ├── OnBehalfNotAllowed     this identity may not act for that person
    │   └── AdminMfaRequired       the cluster wants MFA, which only a Machine ID bot is spared
    ├── AlreadyReviewed        this person has voted before
    ├── AlreadyResolved        the request is decided
    ├── Conflict               somebody else wrote first, or an expectation was not met
    ├── LimitExceeded          too large, too many, or a semaphore that is taken
    ├── NotSupported           the server does not know this call or option
    └── Unexpected

Every leaf carries the gRPC code, the method, the server's own text, and whether sending the same
call again can do harm.
"""

from enum import StrEnum

from teleport_client.transport.obstacle import Obstacle


class Sent(StrEnum):
    """What became of a call that failed."""

    NO = "no"
    """It never reached the server."""
    REFUSED = "refused"
    """The server answered, and did nothing."""
    UNKNOWN = "perhaps"
    """Nobody knows; it may have been done."""


class TeleportError(Exception):
    """A call that failed. `str()` is the server's text, or ours when it said nothing."""

    def __init__(
        self,
        text: str,
        *,
        method: str = "",
        code: str = "UNKNOWN",
        sent: Sent = Sent.UNKNOWN,
    ) -> None:
        super().__init__(text)
        self.method = method
        self.code = code
        self.sent = sent

    @property
    def text(self) -> str:
        return str(self)

    @property
    def timed_out(self) -> bool:
        """Whether the deadline ended the call, of which the server may know nothing."""
        return self.code == "DEADLINE_EXCEEDED"

    @property
    def retry_safe(self) -> bool:
        """True when the same call may be sent again: it never arrived, or it changes nothing."""
        return self.sent is Sent.NO or (self.sent is Sent.UNKNOWN and self.method in READS)


class Unreachable(TeleportError):
    obstacle: Obstacle | None = None
    """What keeps the connection from Auth, if there is no connection."""


class NotFound(TeleportError):
    pass


class AlreadyExists(TeleportError):
    pass


class InvalidArgument(TeleportError):
    pass


class PermissionDenied(TeleportError):
    pass


class ReviewNotAllowed(PermissionDenied):
    pass


class OwnRequest(PermissionDenied):
    pass


class OnBehalfNotAllowed(PermissionDenied):
    pass


class AdminMfaRequired(PermissionDenied):
    pass


class AlreadyReviewed(TeleportError):
    pass


class AlreadyResolved(TeleportError):
    pass


class Conflict(TeleportError):
    pass


class LimitExceeded(TeleportError):
    pass


class NotSupported(TeleportError):
    pass


class Unexpected(TeleportError):
    pass


DRY_RUN = "CreateAccessRequestV2 (dry run)"

READS = frozenset(
    {
        "Ping",
        "WatchEvents",
        "ListAccessRequests",
        "GetAccessCapabilities",
        "GetPluginData",
        "GetRole",
        "ListRoles",
        "GetUser",
        "ListUsers",
        "GetUserLoginState",
        "GetLocks",
        "ListUnifiedResources",
        DRY_RUN,
    }
)
"""Calls that change nothing."""
