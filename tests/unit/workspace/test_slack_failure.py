"""Every row of the table of Slack's errors, and the lookup of a row."""

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from tests.unit.commands.test_outcome import slack_error
from workspace.sending.slack_failure import (
    ANY_OTHER,
    NO_ANSWER,
    NO_CONNECTION,
    NOT_JSON,
    RULES,
    Failure,
    is_transient,
    policy_for,
    retry_after,
)

EXPECTED = {
    ("rate_limited", "wait", "wait", "wait"): {"ratelimited", "rate_limited"},
    ("try_again", "retry", "retry", "retry"): {
        "service_unavailable", "team_added_to_org", NO_CONNECTION,
    },
    ("uncertain", "look", "look", "retry"): {
        "internal_error", "fatal_error", "request_timeout", NO_ANSWER, NOT_JSON,
    },
    ("message_gone", "let_go", "let_go", "replace_while_waiting"): {
        "message_not_found", "is_inactive", "cannot_reply_to_message",
    },
    ("message_gone", "let_go", "let_go", "replace"): {
        "cant_update_message", "edit_window_closed", "block_mismatch",
    },
    ("unreachable", "rest", "let_go", "rest"): {
        "channel_not_found", "not_in_channel", "is_archived", "messages_tab_disabled",
        "user_not_found", "users_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot",
        "restricted_action", "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel", "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
    },
    ("revoked", "retry", "retry", "retry"): {
        "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
        "not_allowed_token_type", "org_login_required", "ekm_access_denied", "accesslimited",
        "forbidden_team", "two_factor_setup_required",
    },
    ("forbidden", "retry", "retry", "retry"): {
        "missing_scope", "no_permission", "access_denied", "team_access_not_granted",
    },
    ("rejected", "rest", "rest", "rest"): {ANY_OTHER},
}  # fmt: skip
"""Meaning of the error, and its consequence for a card, a DM and an update."""
NOWHERE = ConnectionKey("localhost", 1, is_ssl=False, ssl=False, proxy=None,
                        proxy_auth=None, proxy_headers_hash=None)  # fmt: skip
ERRORS = {
    NO_ANSWER: TimeoutError(),
    NO_CONNECTION: aiohttp.ClientConnectorError(NOWHERE, OSError("refused")),
    NOT_JSON: slack_error("<html></html>"),
    ANY_OTHER: slack_error({"error": "never_heard_of"}),
}


@pytest.mark.parametrize("row", RULES)
def test_each_error_has_its_policy(row: str) -> None:
    """Look up each error in its wire format. A row that is missing here fails the test."""
    rule = policy_for(ERRORS.get(row) or slack_error({"error": row}))
    found = (rule.failure.value, rule.card.value, rule.dm.value, rule.update.value)
    assert row in EXPECTED[found]


@pytest.mark.parametrize(
    ("status", "data", "failure"),
    [
        (429, {"error": "ratelimited"}, Failure.RATE_LIMITED),
        (429, "<html></html>", Failure.RATE_LIMITED),
        (503, {"error": "channel_not_found"}, Failure.UNCERTAIN),
        (502, "<html></html>", Failure.UNCERTAIN),
    ],
)
def test_status_takes_precedence_over_the_error_code(
    status: int, data: object, failure: Failure
) -> None:
    """A gateway's response leaves the outcome of the call open."""
    assert policy_for(slack_error(data, status)).failure is failure


def test_rejection_by_a_proxy_leaves_the_outcome_open() -> None:
    """A proxy can block a call by its own rules."""
    blocked = slack_error({"ok": None, "error": "blocked_by_policy"}, 403)
    assert policy_for(blocked) is RULES[NOT_JSON]


def test_only_transient_failures_are_retried() -> None:
    """An unexpected error of the bot isn't a Slack error."""
    assert is_transient(TimeoutError())
    assert is_transient(slack_error({"error": "token_revoked"}))
    assert not is_transient(slack_error({"error": "not_in_channel"}))
    assert not is_transient(ValueError("ours"))


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [("7", 7.0), ("", 30.0), ("soon", 30.0), ("-1", 30.0), ("9" * 400, 3600.0)],
)
def test_retry_after_is_bounded(stated: str, seconds: float) -> None:
    assert retry_after({"Retry-After": stated}) == seconds
