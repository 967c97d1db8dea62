"""Outcome of an interaction that fails: its label, its response and its log line."""

from http import HTTPStatus

import grpc
import pytest
import structlog
from aiohttp import ClientHttpProxyError, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from yarl import URL

from commands.interactions.failure_response import Outcome, failure_response
from teleport_client.errors import AlreadyReviewed, Unexpected, Unreachable
from teleport_client.rpc.status import from_rpc
from workspace.requests.user_error import UserError
from workspace.sending.slack_failure import RULES, Failure, classify, describe


def slack_error(data: object, status: int = HTTPStatus.OK) -> SlackApiError:
    if isinstance(data, dict):
        data = {"ok": False} | data
    response = AsyncSlackResponse(
        client=None, http_verb="POST", api_url="users.info", req_args={},
        data=data, headers={}, status_code=status,  # type: ignore[arg-type]
    )  # fmt: skip
    return SlackApiError(f"The request failed.\n{data}", response)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("error", "outcome", "expected"),
    [
        (UserError("Not like this.", reason="no"), Outcome.REJECTED, "Not like this."),
        (AlreadyReviewed("has already reviewed"), Outcome.REJECTED, "already reviewed"),
        (Unreachable("gone"), Outcome.UNAVAILABLE, "Teleport stopped responding"),
        (Unexpected("odd"), Outcome.FAILED, "Teleport returned an error: odd"),
        (slack_error({"error": "internal_error"}), Outcome.UNAVAILABLE, "Slack isn't responding"),
        (
            slack_error({"error": "token_revoked"}),
            Outcome.FAILED,
            "Slack token no longer works",
        ),
        (slack_error({"error": "invalid_blocks"}), Outcome.FAILED, "Slack rejected a call"),
        (slack_error({"error": "odd_new_error"}), Outcome.FAILED, "odd_new_error"),
        (slack_error({"error": "ratelimited"}), Outcome.UNAVAILABLE, "Slack limits the bot's"),
        (slack_error({"error": "user_disabled"}), Outcome.REJECTED, "account is deactivated"),
        (slack_error({"error": "user_not_visible"}), Outcome.REJECTED, "doesn't show your account"),
        (
            slack_error({"error": "channel_not_found"}),
            Outcome.REJECTED,
            "can't post in this",
        ),
        (slack_error({"error": "is_archived"}), Outcome.REJECTED, "can't post in this"),
        (
            slack_error({"error": "restricted_action"}),
            Outcome.REJECTED,
            "can't post in this",
        ),
        (slack_error({"error": "message_not_found"}), Outcome.REJECTED, "message was deleted"),
        (
            slack_error({"error": "missing_scope", "needed": "users:read"}),
            Outcome.FAILED,
            "missing_scope (users:read)",
        ),
        (RuntimeError("bug"), Outcome.FAILED, "Something went wrong"),
    ],
)
def test_every_error_has_an_outcome_and_a_response(
    error: Exception, outcome: Outcome, expected: str
) -> None:
    """The response separates outages from errors that an operator has to fix."""
    ended = failure_response(error)
    assert ended.outcome is outcome
    assert expected in ended.message.text


@pytest.mark.parametrize("code", [*RULES, "odd_new_error"])
def test_slack_error_is_not_reported_as_a_bug(code: str) -> None:
    ended = failure_response(slack_error({"error": code}))
    assert "Something went wrong" not in ended.message.text


def test_unexpected_error_gets_an_id_for_the_log() -> None:
    """The ID leads the bot's operator to the cause."""
    with structlog.testing.capture_logs() as logged:
        expected = failure_response(RuntimeError("bug")).message.text
    (failed,) = (event for event in logged if event["event"] == "interaction_failed")
    assert f"(error {failed['error_id']})" in expected


def test_only_unknown_errors_are_logged_with_a_traceback() -> None:
    """A revoked token is a known error, so a traceback would only add forty lines."""
    with structlog.testing.capture_logs() as logged:
        failure_response(slack_error({"error": "token_revoked"}))
        failure_response(from_rpc("Ping", grpc.StatusCode.UNAVAILABLE, "gone"))
        failure_response(RuntimeError("bug"))
    assert [event["event"] for event in logged if "exc_info" in event] == ["interaction_failed"]
    assert {"slack_call_failed", "teleport_call_failed"} <= {event["event"] for event in logged}


def test_response_from_a_proxy_leaves_the_outcome_open() -> None:
    """A proxy's page doesn't mean that Slack rejected the token.

    The log line quotes it in one line.
    """
    page = slack_error("<html>\n<body>Bad gateway</body>\n</html>")
    assert classify(page) is Failure.UNCERTAIN
    assert describe(page) == "HTTP status 200 without JSON"


def test_proxy_password_is_not_shown() -> None:
    """The proxy's error quotes its URL, which contains the password."""
    address = URL("http://me:secret@proxy.example.com")
    request = RequestInfo(address, "CONNECT", CIMultiDictProxy(CIMultiDict()), address)
    error = ClientHttpProxyError(request, (), status=407, message="No")
    assert describe(error) == "ClientHttpProxyError: 407 No"


def test_sdk_error_is_shown_as_slacks_error_code() -> None:
    """The rest of the error's text is the complete response."""
    assert describe(slack_error({"ok": False, "error": "invalid_auth"})) == "invalid_auth"
    assert describe(TimeoutError()) == "TimeoutError"
    assert describe(OSError("two\nlines")) == "OSError: two lines"
