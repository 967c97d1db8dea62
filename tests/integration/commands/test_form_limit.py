"""Limit on modals per user, because Slack limits the app as a whole."""

from collections.abc import AsyncIterator

import pytest

from bot.setup.manifest import manifest
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from tests.integration.slack_driver import Stage, words


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    """Override the fixture that has no limit."""
    stand_in = await SlackStandIn.start(pace=Pace())
    stand_in.install(manifest())
    yield stand_in
    await stand_in.stop()


async def test_forms_of_one_user_do_not_block_other_users(stage: Stage) -> None:
    """Slack allows the app a hundred modals per minute.

    Above the limit, a user gets a command to type.
    """
    for _ in range(150):
        await stage.type("alice", "/teleport-request")
    refused = await stage.response("alice", "opened many forms in the last minute")
    assert "/teleport-request <role> because <reason>" in words(refused)
    for who in ("bob", "carol"):
        await stage.type(who, "/teleport-request")
        await stage.form(who, "request_form")
    opened = [call for call in stage.slack.journal.calls if call.method == "views.open"]
    assert len(opened) < 20
    assert all(call.status == 200 for call in opened)


async def test_command_instead_of_a_form_contains_the_input(stage: Stage) -> None:
    """Cover a request without its reason, and a denial."""
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    for who in ("alice", "bob"):
        for _ in range(11):
            await stage.type(who, "/teleport-request")
        await stage.response(who, "opened many forms")
    await stage.type("alice", "/teleport-request prod for 2h")
    await stage.response("alice", "/teleport-request prod for 2 hours because <reason>")
    await stage.type("bob", f"/teleport-deny {request.Metadata.Name}")
    await stage.response("bob", f"/teleport-deny {request.Metadata.Name} <reason>")


async def test_form_that_slack_rejects_is_replaced_by_a_command(stage: Stage) -> None:
    """Slack's limit can be reached despite ours, or the click is too old."""
    stage.slack.faults.inject({"method": "views.open", "retry_after": 30, "times": 1})
    await stage.type("alice", "/teleport-request")
    response = await stage.response("alice", "The form didn't open")
    assert "/teleport-request <role> because <reason>" in words(response)
