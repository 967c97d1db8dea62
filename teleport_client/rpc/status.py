"""Conversion of gRPC statuses to errors.

Teleport uses one status code for several problems, so the server's text decides between subclasses.
The texts are those of lib/auth/auth_with_roles.go and lib/services/access_request.go. They can be
wrapped in context, so a fragment is searched anywhere in the text; the first match counts.
"""

import grpc

from teleport_client.errors import (
    AdminMfaRequired,
    AlreadyExists,
    AlreadyResolved,
    AlreadyReviewed,
    Conflict,
    InvalidArgument,
    LimitExceeded,
    NotFound,
    NotSupported,
    OnBehalfNotAllowed,
    OwnRequest,
    PermissionDenied,
    ReviewNotAllowed,
    Sent,
    TeleportError,
    Unexpected,
    Unreachable,
)
from teleport_client.transport.obstacle import Obstacle

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

# A duplicate review was PERMISSION_DENIED until 2025 and is ALREADY_EXISTS since 2026.
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
    # The caller's own user or role is missing (convertAuthorizerError in lib/authz/permissions.go).
    NotFound: (("access denied\n", PermissionDenied),),
}

# grpc-core's texts for a connection that was never made.
_NEVER_SENT = ("failed to connect to all addresses", "DNS resolution failed")


def from_rpc(
    method: str,
    code: grpc.StatusCode,
    details: str | None,
    *,
    not_connected: str = "",
    obstacle: Obstacle | None = None,
) -> TeleportError:
    """Return the error for a gRPC status.

    `not_connected` is the connection's problem, which gRPC doesn't know, and `obstacle` its kind.
    """
    text = details or code.name.lower().replace("_", " ")
    kind = _BY_CODE.get(code, Unexpected)
    if not_connected and kind is Unreachable and _effect_of(kind, text) is Sent.NO:
        unreachable = Unreachable(not_connected, method=method, code=code.name, sent=Sent.NO)
        unreachable.obstacle = obstacle
        return unreachable
    for fragment, leaf in _BY_TEXT.get(kind, ()):
        if fragment in text:
            kind = leaf
            break
    return kind(text, method=method, code=code.name, sent=_effect_of(kind, text))


def _effect_of(kind: type[TeleportError], text: str) -> Sent:
    """Only a rejection surely changed nothing; UNKNOWN and INTERNAL can follow a change."""
    if kind not in {Unreachable, Unexpected}:
        return Sent.REFUSED
    return Sent.NO if any(words in text for words in _NEVER_SENT) else Sent.UNKNOWN
