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

import grpc

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
        code: grpc.StatusCode = grpc.StatusCode.UNKNOWN,
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
        return self.code is grpc.StatusCode.DEADLINE_EXCEEDED

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
        "CreateAccessRequestV2 (dry run)",
    }
)
"""Calls that change nothing."""

_BY_CODE: dict[grpc.StatusCode, type[TeleportError]] = {
    grpc.StatusCode.UNAVAILABLE: Unreachable,
    grpc.StatusCode.DEADLINE_EXCEEDED: Unreachable,
    grpc.StatusCode.CANCELLED: Unreachable,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.OUT_OF_RANGE: InvalidArgument,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.UNAUTHENTICATED: PermissionDenied,
    grpc.StatusCode.FAILED_PRECONDITION: Conflict,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.RESOURCE_EXHAUSTED: LimitExceeded,
    grpc.StatusCode.UNIMPLEMENTED: NotSupported,
    grpc.StatusCode.UNKNOWN: Unexpected,
    grpc.StatusCode.INTERNAL: Unexpected,
    grpc.StatusCode.DATA_LOSS: Unexpected,
}

# The texts are those of lib/auth/auth_with_roles.go and lib/services/access_request.go. Context
# may stand before them, so they are looked for anywhere. A duplicate review was PERMISSION_DENIED
# until 2025 and is ALREADY_EXISTS since 2026. The first match wins.
_BY_TEXT: dict[type[TeleportError], tuple[tuple[str, type[TeleportError]], ...]] = {
    PermissionDenied: (
        ("has already reviewed this request", AlreadyReviewed),
        ("the access request has been already", AlreadyResolved),
        ("cannot apply a review on their own request", OwnRequest),
        ("state of your own access requests is not permitted", OwnRequest),
        ("cannot submit reviews on behalf of", OnBehalfNotAllowed),
        ("cannot submit reviews for", OnBehalfNotAllowed),
        ("cannot submit reviews", ReviewNotAllowed),
        ("cannot review request", ReviewNotAllowed),
        ("admin-level API request requires MFA verification", AdminMfaRequired),
    ),
    AlreadyExists: (("has already reviewed this request", AlreadyReviewed),),
    InvalidArgument: (("(already denied)", AlreadyResolved),),
    # The caller's own user or role is gone (convertAuthorizerError in lib/authz/permissions.go).
    NotFound: (("access denied\n", PermissionDenied),),
}

# grpc-core's words for a connection that was never made.
_NEVER_SENT = ("failed to connect to all addresses", "DNS resolution failed")


def from_rpc(
    method: str,
    code: grpc.StatusCode,
    details: str | None,
    *,
    not_connected: str = "",
    obstacle: Obstacle | None = None,
) -> TeleportError:
    """Turn a gRPC status into the leaf of the tree that says what it means.

    `not_connected` is why there is no connection, which gRPC does not know, if there is none, and
    `obstacle` the kind of it.
    """
    text = details or code.name.lower().replace("_", " ")
    kind = _BY_CODE.get(code, Unexpected)
    if not_connected and kind is Unreachable and _sent(kind, text) is Sent.NO:
        unreachable = Unreachable(not_connected, method=method, code=code, sent=Sent.NO)
        unreachable.obstacle = obstacle
        return unreachable
    for fragment, leaf in _BY_TEXT.get(kind, ()):
        if fragment in text:
            kind = leaf
            break
    return kind(text, method=method, code=code, sent=_sent(kind, text))


def _sent(kind: type[TeleportError], text: str) -> Sent:
    """Only a refusal is sure to have changed nothing; UNKNOWN and INTERNAL may come after."""
    if kind not in {Unreachable, Unexpected}:
        return Sent.REFUSED
    return Sent.NO if any(words in text for words in _NEVER_SENT) else Sent.UNKNOWN
