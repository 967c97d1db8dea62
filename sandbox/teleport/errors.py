"""Errors, named after the kinds of Teleport's `trace` errors.

    TeleportError            UNKNOWN
    ├── NotFound             NOT_FOUND
    ├── AlreadyExists        ALREADY_EXISTS
    ├── AccessDenied         PERMISSION_DENIED
    ├── CompareFailed        FAILED_PRECONDITION
    ├── BadParameter         INVALID_ARGUMENT
    ├── LimitExceeded        RESOURCE_EXHAUSTED
    ├── ConnectionProblem    UNAVAILABLE
    └── Unsupported          UNIMPLEMENTED

The codes are those of github.com/gravitational/trace (trail/trail.go).
"""

import grpc


class TeleportError(Exception):
    """A call that Teleport rejects. The text becomes the status details."""

    code = grpc.StatusCode.UNKNOWN


class NotFound(TeleportError):
    code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(TeleportError):
    code = grpc.StatusCode.ALREADY_EXISTS


class AccessDenied(TeleportError):
    code = grpc.StatusCode.PERMISSION_DENIED


class CompareFailed(TeleportError):
    code = grpc.StatusCode.FAILED_PRECONDITION


class BadParameter(TeleportError):
    code = grpc.StatusCode.INVALID_ARGUMENT


class LimitExceeded(TeleportError):
    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class ConnectionProblem(TeleportError):
    code = grpc.StatusCode.UNAVAILABLE


class Unsupported(TeleportError):
    code = grpc.StatusCode.UNIMPLEMENTED
