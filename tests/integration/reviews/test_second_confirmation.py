"""Roles that a reviewer approves only with their typed name, or with a reason."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.conftest import run_bot_on
from tests.integration.reviews.inputs import (
    boxes,
    community,
    errors,
    fields,
    set_review,
    text,
)
from tests.integration.slack_driver import Stage, buttons, words


@pytest.fixture
async def confirming(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> AsyncIterator[Stage]:
    """A bot that asks for the typed name of prod."""
    change = set_review('confirm_roles = ["prod"]')
    async with run_bot_on(Stage(slack, teleport), settings_file, change) as stage:
        yield stage


async def test_click_opens_the_form_instead_of_approving(confirming: Stage) -> None:
    """The card marks the role, and the button has no dialog of its own."""
    request, card = await confirming.create_request("alice", "prod", "shard 1")
    assert "Approve by typing" in words(card)
    assert "confirm" not in buttons(card)["approve"]
    await confirming.click("bob", card, "approve")
    form = await confirming.form("bob", "review_form")
    assert "Type prod to approve it" in words(form)
    assert not confirming.request(request.Metadata.Name).Spec.Reviews
    done = await confirming.submit("bob", form, confirm_0=text("Prod"))
    assert errors(done) == {"confirm_0": "Type prod exactly."}
    await confirming.submit("bob", form, confirm_0=text(" prod "))
    await confirming.response("bob", "You approved alice's request for prod")
    assert len(confirming.request(request.Metadata.Name).Spec.Reviews) == 1


async def test_typed_command_opens_the_form_with_the_reason(confirming: Stage) -> None:
    request, _ = await confirming.create_request("alice", "prod", "shard 1")
    await confirming.type("bob", f"/teleport-approve {request.Metadata.Name} looks fine")
    form = await confirming.form("bob", "review_form")
    assert "looks fine" in words(form)
    await confirming.submit("bob", form, confirm_0=text("prod"))
    await confirming.response("bob", "You approved alice's request for prod")
    (review,) = confirming.request(request.Metadata.Name).Spec.Reviews
    assert review.Reason == "looks fine"


async def test_other_roles_are_approved_at_once(confirming: Stage) -> None:
    _, card = await confirming.create_request("alice", "staging", "redis 1")
    await confirming.click("bob", card, "approve")
    await confirming.card_where(card["ts"], lambda m: "Approved by bob" in words(m))


async def test_denial_needs_no_typed_name(confirming: Stage) -> None:
    request, _ = await confirming.create_request("alice", "prod", "shard 1")
    await confirming.type("bob", f"/teleport-deny {request.Metadata.Name} not now")
    await confirming.response("bob", "You denied")


async def test_user_without_permission_gets_no_form(confirming: Stage) -> None:
    """Neither by the card, nor by an ID that the user can't see."""
    request, card = await confirming.create_request("alice", "prod", "shard 1")
    confirming.teleport.cluster.add_user("erin", ["dev"], {"slack_uid": ["U0ERIN0001"]})
    await confirming.click("erin", card, "approve")
    await confirming.response("erin", "roles don't let you review this request")
    await confirming.type("erin", f"/teleport-approve {request.Metadata.Name}")
    await confirming.response("erin", "There's no request")
    assert confirming.slack.control_api.views("erin")["modals"] == []


async def test_role_that_the_approver_leaves_out_needs_no_typed_name(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    async with community(slack, tmp_path, 'confirm_roles = ["prod"]') as stage:
        request, card = await stage.create_request("alice", "staging prod", "redis 1")
        await stage.click("bob", card, "approve_with")
        form = await stage.form("bob", "review_form")
        assert fields(form) == ["grant_0", "confirm_0", "start", "reason"]
        done = await stage.submit("bob", form)
        assert errors(done) == {"confirm_0": "Type prod exactly, or clear the role above."}
        await stage.submit("bob", form, grant_0=boxes(form, "grant_0", "staging"))
        await stage.response("bob", "Not granted: prod")
        assert list(stage.request(request.Metadata.Name).Spec.Roles) == ["staging"]


async def test_unknown_role_in_the_setting_may_be_any_role(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A misspelled name must not remove the second confirmation."""
    change = set_review('confirm_roles = ["prdo"]')
    async with run_bot_on(Stage(slack, teleport), settings_file, change) as stage:
        request, card = await stage.create_request("alice", "staging", "redis 1")
        await stage.click("bob", card, "approve")
        form = await stage.form("bob", "review_form")
        assert "Type staging to approve it" in words(form)
        assert not stage.request(request.Metadata.Name).Spec.Reviews


@pytest.mark.parametrize("setting", ["true", '["prod"]'])
async def test_approval_needs_a_reason_by_the_settings(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, setting: str
) -> None:
    change = set_review(f"approve_with_reason = {setting}")
    async with run_bot_on(Stage(slack, teleport), settings_file, change) as stage:
        request, card = await stage.create_request("alice", "prod", "shard 1")
        for action in ("approve", "approve_with"):
            await stage.click("bob", card, action)
            form = await stage.form("bob", "review_form")
            done = await stage.submit("bob", form, reason=text("  "))
            assert "reason" in errors(done) or done["error"]
            stage.slack.workspace.screens["U0BOB00001"].modals.clear()
        assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING
        await stage.type("bob", f"/teleport-approve {request.Metadata.Name} fine")
        await stage.response("bob", "You approved")
        _, other = await stage.create_request("alice", "staging", "redis 1")
        await stage.click("bob", other, "approve")
        if setting == "true":
            await stage.form("bob", "review_form")
        else:
            await stage.card_where(other["ts"], lambda m: "Approved by bob" in words(m))
