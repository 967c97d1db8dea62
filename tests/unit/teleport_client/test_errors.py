"""Mapping from gRPC status to typed errors."""

import grpc
import pytest

from teleport_client import errors
from teleport_client.errors import Sent
from teleport_client.rpc.status import from_rpc


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.name != "OK"])
def test_every_status_has_its_own_error(code: grpc.StatusCode) -> None:
    """No gRPC status becomes a bare TeleportError."""
    error = from_rpc("Ping", code, "some text")
    assert type(error) is not errors.TeleportError
    assert (error.code, error.method, error.text) == (code.name, "Ping", "some text")


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        ("ALREADY_EXISTS", 'user "bob" has already reviewed this request', "AlreadyReviewed"),
        ("PERMISSION_DENIED", 'user "bob" has already reviewed this request', "AlreadyReviewed"),
        ("PERMISSION_DENIED", "the access request has been already approved", "AlreadyResolved"),
        ("PERMISSION_DENIED", 'user "bob" cannot review request "x"', "ReviewNotAllowed"),
        ("PERMISSION_DENIED", 'user "bob" cannot submit reviews', "ReviewNotAllowed"),
        (
            "PERMISSION_DENIED",
            'user "bot" cannot submit reviews on behalf of "bob"',
            "OnBehalfNotAllowed",
        ),
        ("PERMISSION_DENIED", 'user "bot" cannot submit reviews for "bob"', "OnBehalfNotAllowed"),
        (
            "PERMISSION_DENIED",
            'review submitter "bob" cannot apply a review on their own request',
            "OwnRequest",
        ),
        (
            "PERMISSION_DENIED",
            "directly updating the state of your own access requests is not permitted",
            "OwnRequest",
        ),
        (
            "PERMISSION_DENIED",
            "admin-level API request requires MFA verification",
            "AdminMfaRequired",
        ),
        ("PERMISSION_DENIED", "access denied", "PermissionDenied"),
        (
            "INVALID_ARGUMENT",
            'cannot set request-state "APPROVED" (already denied)',
            "AlreadyResolved",
        ),
        ("INVALID_ARGUMENT", "access request user name not set", "InvalidArgument"),
        ("NOT_FOUND", 'access denied\n\tuser "bot-chatops" not found', "PermissionDenied"),
        ("NOT_FOUND", "role access denied is not found", "NotFound"),
        ("FAILED_PRECONDITION", 'expectations not met for field "rev"', "Conflict"),
        ("RESOURCE_EXHAUSTED", "err-max-leases", "LimitExceeded"),
    ],
)
def test_rejections_are_distinguished_by_their_text(code: str, text: str, kind: str) -> None:
    """The text can have a prefix with context."""
    error = from_rpc("SubmitAccessReview", grpc.StatusCode[code], f"some context: {text}")
    assert type(error).__name__ == kind


@pytest.mark.parametrize(
    ("method", "text", "sent", "safe"),
    [
        ("SubmitAccessReview", "failed to connect to all addresses; last error", Sent.NO, True),
        ("SubmitAccessReview", "Socket closed", Sent.UNKNOWN, False),
        ("ListAccessRequests", "Socket closed", Sent.UNKNOWN, True),
    ],
)
def test_call_is_retried_only_when_that_is_safe(
    method: str, text: str, sent: Sent, safe: bool
) -> None:
    """A write that may have arrived isn't retried."""
    error = from_rpc(method, grpc.StatusCode.UNAVAILABLE, text)
    assert (error.sent, error.retry_safe) == (sent, safe)


def test_rejected_call_is_never_retried() -> None:
    """The server would reject it again."""
    assert not from_rpc("Ping", grpc.StatusCode.PERMISSION_DENIED, "access denied").retry_safe
