"""Buttons and forms with values from another version of the bot."""

from typing import Any

import pytest

from tests.integration.log_capture import capture_logs
from tests.integration.raw_payloads import click_of_bob, deliver, form_of_bob
from tests.integration.slack_driver import Stage, words

OLD_BUTTON = "This button is from an older version of the bot."
OLD_FORM = "This form is from an older version of the bot."
BUTTONS = [
    ("ask_anyway", "{"),
    ("ask_anyway", ""),
    ("ask_anyway", "{}"),
    ("ask_anyway", '{"roles":["staging"],"nodes":["/main/node/db"]}'),
    ("ask_anyway", '{"roles":["staging"],"duration":"-PT1H"}'),
    ("ask_anyway", '{"roles":["staging"],"duration":"P99999999D"}'),
    ("fill_in_request", "staging"),
    ("fill_in_request", "null"),
    ("pending_older", "zzz"),
    ("pending_newer", "mine:"),
    ("pending_newer", f"mine:{'9' * 5000}"),
    ("approve", ""),
    ("deny", "zzz"),
    ("details", "0190c0de"),
    ("details_next", ""),
    ("details_next", "0190c0de-0000-7000-8000-00000000abcd"),
    ("details_back", f"0190c0de-0000-7000-8000-00000000abcd:{'9' * 5000}"),
    ("details_back", "zzz:1"),
]
STAGING = {"type": "multi_external_select", "selected_options": [{"value": "staging"}]}
FORMS: list[tuple[str, str, dict[str, Any]]] = [
    ("request_form", "{", {"roles": STAGING}),
    ("request_form", '{"team":"x"}', {"roles": STAGING}),
    ("request_form", "", {"duration": {"selected_option": {"value": "2h"}}, "roles": STAGING}),
    ("request_form", "", {"duration": {"selected_option": {"value": "-60"}}, "roles": STAGING}),
    ("request_form", "", {"duration": {"selected_option": {"value": "9" * 30}}}),
    ("request_form", "", {"roles": {"selected_options": [{"text": "staging"}]}}),
    ("request_form", "", {"roles": {"selected_options": ["staging"]}}),
    ("review_form", "", {"reason": {"value": "no"}}),
    ("review_form", "zzz", {"reason": {"value": "no"}}),
    ("review_form", '{"request_id":"x"}', {"reason": {"value": "no"}}),
]


@pytest.mark.parametrize(("action_id", "value"), BUTTONS)
async def test_button_with_an_unreadable_value_is_outdated(
    stage: Stage, action_id: str, value: str
) -> None:
    with capture_logs() as log:
        assert (await deliver(stage, click_of_bob(stage, action_id, value))).acked
        await stage.response("bob", OLD_BUTTON)
        await log.first("interaction_handled", outcome="refused")
    assert not [entry for entry in log.entries if entry["log_level"] in {"warning", "error"}]
    assert not stage.requests


@pytest.mark.parametrize(("callback_id", "metadata", "values"), FORMS)
async def test_form_with_an_unreadable_value_is_outdated(
    stage: Stage, callback_id: str, metadata: str, values: dict[str, Any]
) -> None:
    with capture_logs() as log:
        reply = await deliver(stage, form_of_bob(stage, callback_id, metadata, **values))
        assert OLD_FORM in words(reply.payload)
    assert not [entry for entry in log.entries if entry["log_level"] in {"warning", "error"}]
    assert not stage.requests


async def test_unknown_role_option_is_named_beside_its_field(stage: Stage) -> None:
    roles = {"type": "multi_external_select", "selected_options": [{"value": f"#{'0' * 32}"}]}
    reply = await deliver(stage, form_of_bob(stage, "request_form", "", roles=roles))
    assert "search for it again" in words(reply.payload)


async def test_click_without_a_workspace_is_handled(stage: Stage) -> None:
    """Slack sends `team: null` if an organization installed the app."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    click = click_of_bob(stage, "approve", request.Metadata.Name)
    del click["user"]["team_id"]
    organization = {"id": "E0ORG00001", "name": "org"}
    assert (await deliver(stage, {**click, "team": None, "enterprise": organization})).acked
    await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
