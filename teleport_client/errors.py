"""Errors of calls to Teleport's Auth Service.

    TeleportError
    ├── Unreachable            no response from the server, or not in time
    ├── NotFound
    ├── AlreadyExists
    ├── InvalidArgument        the server's text names the field
    ├── PermissionDenied       only the server's text distinguishes the subclasses
    │   ├── ReviewNotAllowed       this user's roles don't allow the review
    │   ├── OwnRequest             users can neither review nor resolve their own requests
    │   ├── OnBehalfNotAllowed     this identity can't submit reviews on behalf of the user
    │   └── AdminMfaRequired       the cluster requires MFA of all but Machine ID bots
    ├── AlreadyReviewed        this user has already reviewed the request
    ├── AlreadyResolved        the request is resolved
    ├── Conflict               a concurrent write, or an expectation that is not met
    ├── LimitExceeded          too large, too many, or a semaphore that is held
    ├── NotSupported           the server lacks this method or option
    └── Unexpected

Each error has the gRPC code, the method, the server's text, and whether repeating the call is safe.
`rpc/status.py` chooses the class; this module works without gRPC.
"""

from enum import StrEnum

from teleport_client.transport.obstacle import Obstacle


class Sent(StrEnum):
    """Effect of a failed call."""

    NO = "no"
    """It never reached the server."""
    REFUSED = "refused"
    """The server rejected it and changed nothing."""
    UNKNOWN = "perhaps"
    """Possibly done."""


class TeleportError(Exception):
    """A failed call. `str()` is the server's text, or the name of the code without one."""

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
        """Whether the deadline ended the call; it may not have reached the server."""
        return self.code == "DEADLINE_EXCEEDED"

    @property
    def retry_safe(self) -> bool:
        """Whether the call can be repeated: it never arrived, or it changes nothing."""
        return self.sent is Sent.NO or (self.sent is Sent.UNKNOWN and self.method in READS)


class Unreachable(TeleportError):
    obstacle: Obstacle | None = None
    """Obstacle between the client and the Auth Service, if there is no connection."""


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
        "GetLock",
        "GetLocks",
        "ListUnifiedResources",
        DRY_RUN,
    }
)
"""Methods that change nothing."""
