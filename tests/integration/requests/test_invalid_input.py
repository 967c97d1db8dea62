"""Input that Teleport can't grant: each gets one sentence, and nothing is half done."""

import asyncio
from typing import Any

import grpc
import pytest

from sandbox.slack.interactions import payloads
from sandbox.slack.server import SlackStandIn
from teleport_client._proto.types_pb2 import RoleV6
from tests.integration.raw_payloads import deliver
from tests.integration.slack_driver import CHANNEL, Stage, words

REASON = {"type": "plain_text_input", "value": "redis 1"}


def role_menu(*names: str) -> dict[str, Any]:
    options = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in names]
    return {"type": "multi_external_select", "selected_options": options}


def change_role(stage: Stage, name: str) -> RoleV6:
    """Return a copy of a role to change and put back."""
    role = RoleV6()
    role.CopyFrom(stage.teleport.cluster.roles[name])
    return role


def private_texts(slack: SlackStandIn, channel: str = CHANNEL) -> str:
    """Return the texts of all private responses to alice."""
    messages = slack.control_api.messages(channel, "alice")
    return words(
        [
            [message for message in messages if message["ephemeral"]],
            slack.control_api.messages("@alice", "alice"),
            slack.control_api.views("alice")["modals"],
        ]
    )


async def answer(stage: Stage, done: dict[str, Any], sentence: str) -> None:
    """Wait until the answer to a form has the sentence: at a field, in the form or in a message."""

    def found() -> bool | None:
        return sentence in words([done["payload"], private_texts(stage.slack)]) or None

    await stage.slack.workspace.changes.until(found, 12.0)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (" ".join(f"db/d{n}" for n in range(301)), "Teleport's limit is 300"),
        (
            " ".join(f"db/database-{n}" for n in range(300)),
            "try reducing the number of resources in the request",
        ),
        ("staging from tomorrow 10:00 until tomorrow 9:00", "Access would end before it starts"),
        ("staging until 2020-01-01 10:00", "This end has passed"),
        ("staging from 2020-01-01 10:00", "This start has passed"),
        ("staging until 2031-01-01 10:00", "ends at the latest 14 days after its request"),
        ("staging for 14 days from tomorrow 10:00", "ends at the latest 14 days after its request"),
        ("staging until 2031-03-30 2:30", "doesn't exist on March 30, because the clocks go"),
        ("staging until 2031-10-26 2:30", "happens twice on October 26"),
        ("dev", "You already have dev"),
    ],
)
async def test_command_with_invalid_input_gets_a_sentence(
    stage: Stage, typed: str, sentence: str
) -> None:
    await stage.type("alice", f"/teleport-request {typed} because redis 1")
    await stage.response("alice", sentence)
    assert not stage.requests


async def test_role_that_lists_itself_is_not_requested_from_its_holder(stage: Stage) -> None:
    dev = change_role(stage, "dev")
    dev.Spec.Allow.Request.Roles.append("dev")
    stage.teleport.cluster.put_role(dev)
    await stage.type("alice", "/teleport-request dev because redis 1")
    await stage.response("alice", "You already have dev, so nothing was requested.")
    assert not stage.requests


async def test_role_that_another_role_of_the_user_denies_is_named(stage: Stage) -> None:
    dev = change_role(stage, "dev")
    dev.Spec.Deny.Request.Roles.append("prod")
    stage.teleport.cluster.put_role(dev)
    await stage.type("alice", "/teleport-request staging and prod because redis 1")
    await stage.response("alice", "“prod” isn't a role that you can request")
    assert not stage.requests


@pytest.mark.parametrize("pattern", ["*", "{{external.team}}", "^stag.*$"])
async def test_search_as_roles_with_patterns_lead_to_a_sentence(stage: Stage, pattern: str) -> None:
    """Teleport takes these names literally. Roles can still be requested."""
    dev = change_role(stage, "dev")
    del dev.Spec.Allow.Request.SearchAsRoles[:]
    dev.Spec.Allow.Request.SearchAsRoles.append(pattern)
    stage.teleport.cluster.put_role(dev)
    await stage.type("alice", "/teleport-request to node/staging-db because redis 1")
    await stage.response("alice", f"{pattern} in search_as_roles, and Teleport has no such role")
    assert not stage.requests
    await stage.type("alice", "/teleport-request staging because redis 1")
    await stage.response("alice", "You requested staging")


async def test_resource_that_disappears_while_the_form_is_open_is_not_requested(
    stage: Stage,
) -> None:
    """The form opens because prod needs a reason."""
    await stage.type("alice", "/teleport-request to node/prod-db")
    form = await stage.form("alice", "request_form")
    nodes = stage.teleport.cluster.nodes
    nodes[:] = [node for node in nodes if node.Spec.Hostname != "prod-db"]
    done = await stage.submit("alice", form, reason=REASON)
    await answer(stage, done, "You can't request these resources, or they don't exist")
    assert not stage.requests


async def test_role_that_the_user_loses_while_the_form_is_open_is_not_requested(
    stage: Stage,
) -> None:
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    stage.teleport.cluster.users["alice"].Spec.Roles.remove("prod-requester")
    done = await stage.submit("alice", form, roles=role_menu("prod"), reason=REASON)
    await answer(stage, done, "You can't request prod")
    assert not stage.requests


async def test_form_submitted_twice_creates_one_request(stage: Stage) -> None:
    """Slack's client closes the form, but a second submission can be on its way."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    workspace = stage.slack.workspace
    person = workspace.find_person("alice")
    assert person is not None
    state = {"roles": {"roles": role_menu("staging")}, "reason": {"reason": REASON}}
    submission = {
        **payloads.interaction(workspace, person, "view_submission"),
        "view": {**form, "state": {"values": state}},
    }
    await asyncio.gather(deliver(stage, submission), deliver(stage, submission))
    await stage.response("alice", "You requested staging")
    await stage.response("alice", "You've already requested staging")
    assert len(stage.requests) == 1


async def test_dry_run_of_five_seconds_ends_with_a_request(stage: Stage) -> None:
    """The form shows that it takes a while, because Slack waits for three seconds only."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    stage.teleport.faults.add("CreateAccessRequestV2", delay=5.0)
    done = await stage.submit("alice", form, roles=role_menu("staging"), reason=REASON)
    assert "taking a while" in words(done["payload"])
    await answer(stage, done, "You requested staging")
    assert len(stage.requests) == 1


async def test_outage_between_opening_and_submitting_creates_nothing(stage: Stage) -> None:
    """The response keeps the typed text."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    stage.teleport.faults.add("*", grpc.StatusCode.UNAVAILABLE, times=-1)
    done = await stage.submit("alice", form, roles=role_menu("staging"), reason=REASON)
    await answer(stage, done, "Teleport")
    stage.teleport.faults.clear()
    assert not stage.requests
