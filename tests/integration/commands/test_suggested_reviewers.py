"""Teleport users of suggested reviewers, and warnings about reviewers without permission."""

import pytest

from teleport_client._proto.types_pb2 import LockTarget
from tests.integration.slack_driver import Stage, selected, words

STAGING = {
    "type": "multi_external_select",
    "selected_options": [
        {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"},
    ],
}


async def reviewers_of(stage: Stage, reason: str) -> list[str]:
    await stage.card(reason)
    (request,) = (each for each in stage.requests if each.Spec.RequestReason == reason)
    return list(request.Spec.SuggestedReviewers)


@pytest.mark.parametrize(
    ("typed", "reviewers"),
    [
        ("bob;carol", ["bob", "carol"]),
        ("@bob, carol", ["bob", "carol"]),
        ("<@U0BOB00001>", ["bob"]),
        ("<@U0BOB00001|bob>,carol", ["bob", "carol"]),
        ("<@U0BOB00001|Bob Brown>", ["bob"]),
        ("bob@example.com", ["bob"]),
        ("bob,<@U0BOB00001>", ["bob"]),
    ],
)
async def test_typed_reviewer_is_stored_as_teleport_user(
    stage: Stage, typed: str, reviewers: list[str]
) -> None:
    """Cover all notations of a user."""
    await stage.type("alice", f"/teleport-request staging --reviewers {typed} --reason redis 1")
    assert await reviewers_of(stage, "redis 1") == reviewers


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("bobb", "bobb isn't a Teleport user with a linked Slack account."),
        ("erin", "erin isn't a Teleport user with a linked Slack account."),
        ("frank", "Frank Fuchs is locked in Teleport."),
        ("alice", "You can't review your own request."),
        ("henry", "henry isn't a Teleport user with a linked Slack account."),
        ("grace", "grace isn't a Teleport user with a linked Slack account."),
        ("<@U0NORA0001>", "Nora Novak isn't linked to a Teleport user."),
        ("<@U0GRACE001>", "Grace Gale is a guest of this workspace."),
        ("<@U0NOBODY01>", "U0NOBODY01 can't use Teleport from Slack."),
    ],
)
async def test_reviewer_without_permission_is_shown_before_the_request(
    stage: Stage, typed: str, sentence: str
) -> None:
    """Otherwise the request would wait without a reviewer. The requester can continue."""
    line = f"/teleport-request staging --reviewers {typed},bob because redis 1"
    await stage.type("alice", line)
    response = await stage.response("alice", sentence)
    assert "bob " not in words(response["blocks"])
    assert stage.requests == []
    await stage.click("alice", response, "ask_anyway")
    kept = [] if typed.startswith("<@") else [typed]
    assert await reviewers_of(stage, "redis 1") == [*kept, "bob"]


async def test_locked_reviewer_is_shown(stage: Stage) -> None:
    """A lock stops all of the user's reviews."""
    stage.teleport.cluster.lock(LockTarget(User="bob"))
    await stage.type("alice", "/teleport-request staging --reviewers bob because redis 1")
    await stage.response("alice", "bob is locked in Teleport.")
    assert stage.requests == []


async def test_all_problems_are_shown_together(stage: Stage) -> None:
    """The button leads to the next confirmation."""
    await stage.create_request("alice", "staging", "first 1")
    await stage.type("alice", "/teleport-request staging --reviewers bobb,alice because second 2")
    response = await stage.response("alice", "bobb isn't a Teleport user with")
    assert "You can't review your own request." in words(response)
    await stage.click("alice", response, "ask_anyway")
    again = await stage.response("alice", "You've already requested staging")
    await stage.click("alice", again, "ask_anyway")
    assert await reviewers_of(stage, "second 2") == ["bobb", "alice"]


async def test_reviewer_without_the_role_is_shown(stage: Stage) -> None:
    """The reviewer is typed or selected in the form."""
    stage.teleport.cluster.add_user("nora", ["dev"], {"slack_uid": ["U0NORA0001"]})
    await stage.type("alice", "/teleport-request staging --reviewers nora because redis 0")
    await stage.response("alice", "nora can't review this request.")
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    await stage.submit(
        "alice",
        form,
        roles=STAGING,
        reason={"type": "plain_text_input", "value": "redis 1"},
        reviewers=selected("U0NORA0001"),
    )
    response = await stage.slack.message_where(
        "access-requests", "alice", lambda m: '"reason":"redis 1"' in words(m).replace("\\", "")
    )
    assert "nora can't review this request." in words(response)
    await stage.click("alice", response, "ask_anyway")
    assert await reviewers_of(stage, "redis 1") == ["nora"]


async def test_failed_lookup_of_a_reviewer_does_not_block_the_request(stage: Stage) -> None:
    """Slack fails, and the reviewer may be valid."""
    stage.slack.faults.inject({"method": "users.info", "times": 1})  # alice's lookup comes first
    stage.slack.faults.inject({"method": "users.info", "error": "internal_error"})
    await stage.type("alice", "/teleport-request staging --reviewers bob because redis 1")
    assert await reviewers_of(stage, "redis 1") == ["bob"]


async def test_form_takes_at_most_20_reviewers(stage: Stage) -> None:
    """Lookups take calls that Slack limits for all commands together."""
    typed = ",".join(f"reviewer{number}" for number in range(20))
    await stage.type("alice", f"/teleport-request --reviewers {typed}")
    form = await stage.form("alice", "request_form")
    (menu,) = (each["element"] for each in form["blocks"] if each["block_id"] == "reviewers")
    assert menu["max_selected_items"] == 20
    done = await stage.submit(
        "alice",
        form,
        roles=STAGING,
        reviewers=selected("U0NORA0001"),
    )
    assert "up to 20 reviewers" in done["payload"]["errors"]["reviewers"]


async def test_commands_with_many_reviewers_are_limited_per_user(stage: Stage) -> None:
    """Lookups take calls that Slack limits for all users together."""
    for command in range(4):
        typed = ",".join(f"reviewer{command}x{number}" for number in range(20))
        await stage.type("alice", f"/teleport-request staging --reviewers {typed}")
    await stage.response("alice", "suggested many reviewers")
    await stage.type("alice", "/teleport-request staging because redis is stuck")
    await stage.card("redis is stuck")
