"""Users in each log line about a request or a review."""

from collections.abc import Iterator

import pytest

from tests.integration.log_capture import Log, capture_logs
from tests.integration.slack_driver import Stage

BOB = {"slack_user": "U0BOB00001", "teleport_user": "bob"}


@pytest.fixture
def log() -> Iterator[Log]:
    with capture_logs() as log:
        yield log


async def test_log_lines_of_a_request_and_its_review_name_both_users(
    stage: Stage, log: Log
) -> None:
    request, card = await stage.create_request("alice", "staging", "redis 1")
    alice = {"slack_user": "U0ALICE001", "teleport_user": "alice"}
    await log.first("interaction_handled", request_id=request.Metadata.Name, **alice)
    await stage.click("bob", card, "approve")
    await log.first(
        "interaction_handled", interaction="approve", request_id=request.Metadata.Name, **BOB
    )


async def test_log_lines_of_a_form_name_both_users(stage: Stage, log: Log) -> None:
    _, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.click("bob", card, "deny")
    form = await stage.form("bob", "review_form")
    await stage.submit("bob", form, reason={"type": "plain_text_input", "value": "no"})
    await log.first("interaction_handled", interaction="review_form", **BOB)


async def test_log_lines_of_a_refusal_name_both_users(stage: Stage, log: Log) -> None:
    await stage.type("bob", "/teleport-approve 0190c0de-0000-7000-8000-00000000abcd")
    await log.first("interaction_rejected", reason="no_such_request", **BOB)


async def test_looked_up_reviewer_is_not_logged_as_the_acting_user(stage: Stage, log: Log) -> None:
    await stage.type("bob", "/teleport-request staging --reviewers @carol because redis 1")
    await stage.card("redis 1")
    await log.first("interaction_handled", interaction="/teleport-request", **BOB)
