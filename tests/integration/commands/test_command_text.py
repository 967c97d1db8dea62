"""Command text from Slack, with and without `should_escape`."""

from dataclasses import replace

import pytest

from tests.integration.raw_payloads import command_of_bob, deliver
from tests.integration.slack_driver import Stage


async def request_of_bob(stage: Stage, text: str, reason: str) -> list[str]:
    """Return the suggested reviewers of the request that this text creates."""
    payload = command_of_bob(stage, "/teleport-request", text)
    assert (await deliver(stage, payload, "slash_commands")).acked
    await stage.card(reason)
    (request,) = (each for each in stage.requests if each.Spec.RequestReason == reason)
    return list(request.Spec.SuggestedReviewers)


async def test_escaped_text_is_stored_as_typed(stage: Stage) -> None:
    text = (
        "staging --reviewers <@U0CAROL001|carol>,<mailto:dana@example.com|dana@example.com>"
        " because R&amp;D &lt;is&gt; <http://db.example.com|db.example.com> <@U0DANA0001|dana>"
    )
    reason = "R&D <is> db.example.com @dana"
    assert await request_of_bob(stage, text, reason) == ["carol", "dana"]


async def test_text_of_a_form_is_not_unescaped(stage: Stage) -> None:
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    option = {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"}
    await stage.submit(
        "alice",
        form,
        roles={"type": "multi_external_select", "selected_options": [option]},
        reason={"type": "plain_text_input", "value": "&amp; <#C1|x>"},
    )
    await stage.response("alice", "You requested staging")
    assert stage.requests[0].Spec.RequestReason == "&amp; <#C1|x>"


@pytest.mark.parametrize("typed", ["@carol", "@CAROL"])
async def test_name_typed_to_an_app_without_escaping_is_looked_up(stage: Stage, typed: str) -> None:
    text = f"staging --reviewers {typed} because redis 1"
    assert await request_of_bob(stage, text, "redis 1") == ["carol"]


async def test_name_of_several_slack_users_needs_confirmation(stage: Stage) -> None:
    people = stage.slack.workspace.people
    people["U0CAROL002"] = replace(people["U0CAROL001"], slack_user_id="U0CAROL002")
    text = "staging --reviewers @carol because redis 1"
    await deliver(stage, command_of_bob(stage, "/teleport-request", text), "slash_commands")
    response = await stage.response("bob", "@carol is the name of 2 Slack users.")
    assert not stage.requests
    await stage.click("bob", response, "ask_anyway")
    await stage.card("redis 1")
    assert not list(stage.requests[0].Spec.SuggestedReviewers)


async def test_unknown_name_needs_confirmation(stage: Stage) -> None:
    text = "staging --reviewers @carrol because redis 1"
    await deliver(stage, command_of_bob(stage, "/teleport-request", text), "slash_commands")
    await stage.response("bob", "carrol isn't a Teleport user with a linked Slack account.")
    assert not stage.requests
