"""Users cancel, repeat and extend their own requests with buttons."""

from pathlib import Path

import grpc
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.cast import BOT_TOKEN
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.conftest import run_bot_on
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import Stage, buttons, words


async def test_cancelled_request_disappears_and_its_card_names_the_requester(stage: Stage) -> None:
    """The DM about the new request shows it, too, and no further DM is sent."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    waiting = await stage.dm("alice", "is waiting for approval")
    response = await stage.response("alice", "You requested staging")
    await stage.click("alice", response, "cancel_request")
    await stage.card_where(card["ts"], lambda m: "Cancelled by alice" in words(m))
    assert request.Metadata.Name not in stage.teleport.cluster.requests
    await stage.response("alice", "You cancelled your request for staging")
    shown = await stage.dm("alice", "🚫 Cancelled.")
    assert shown["ts"] == waiting["ts"]
    assert len(stage.messages("@alice", "alice")) == 1


async def test_resolved_request_is_not_cancelled(stage: Stage) -> None:
    """The old response still has the button."""
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    response = await stage.response("alice", "You requested staging")
    stage.teleport.cluster.requests.put(with_state(request, RequestState.DENIED))
    await stage.click("alice", response, "cancel_request")
    await stage.response("alice", "was already denied")
    assert request.Metadata.Name in stage.teleport.cluster.requests


async def test_button_explains_the_alternatives_if_the_bot_cannot_delete(stage: Stage) -> None:
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    response = await stage.response("alice", "You requested staging")
    stage.teleport.faults.add("DeleteAccessRequest", grpc.StatusCode.PERMISSION_DENIED)
    await stage.click("alice", response, "cancel_request")
    await stage.response("alice", f"tctl requests rm {request.Metadata.Name}")
    assert request.Metadata.Name in stage.teleport.cluster.requests


async def test_forged_button_cancels_no_request_of_another_user(stage: Stage) -> None:
    """Slack delivers only values that a message had, but the bot doesn't rely on it."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await forge(stage, "bob", "cancel_request", request.Metadata.Name)
    await stage.response("bob", "Only alice can cancel this request")
    assert request.Metadata.Name in stage.teleport.cluster.requests
    await stage.card_where(card["ts"], lambda m: "Waiting for approval" in words(m))


async def forge(stage: Stage, who: str, action: str, value: str) -> None:
    """Click a button that no message has, on a message that the app posted."""
    button = {"type": "button", "action_id": action, "value": value,
              "text": {"type": "plain_text", "text": "x"}}  # fmt: skip
    client = AsyncWebClient(token=BOT_TOKEN, base_url=stage.slack.api_url)
    posted = await client.chat_postMessage(
        channel="C0ACCESS01", text="x", blocks=[{"type": "actions", "elements": [button]}]
    )
    done = await stage.slack.act({"as": who, "do": "click", "channel": "access-requests",
        "ts": posted["ts"], "action_id": action, "value": value})  # fmt: skip
    assert done["acked"]


async def test_outcome_replaces_the_response_with_a_late_cancel_button(stage: Stage) -> None:
    """The response is private, so nothing else updates it."""
    _, card = await stage.create_request("alice", "staging", "redis 1")
    response = await stage.response("alice", "You requested staging")
    await stage.click("bob", card, "approve")
    await stage.dm("alice", "was approved by bob")
    await stage.click("alice", response, "cancel_request")
    shown = await stage.response("alice", "was already approved by bob.")
    assert shown["ts"] == response["ts"]
    assert not buttons(shown)


async def test_lost_role_is_named_when_the_rest_is_requested_again(stage: Stage) -> None:
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    closed = with_state(request, RequestState.DENIED)
    closed.Spec.Roles.append("admin")
    stage.teleport.cluster.requests.put(closed)
    outcome = await stage.dm("alice", "was denied")
    await stage.click("alice", outcome, "request_again", channel="@alice")
    await stage.response("alice", "You can't request admin any more", channel="@alice")
    assert len(stage.requests) == 2


async def test_deleted_request_opens_the_form_with_the_bots_record(stage: Stage) -> None:
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    stage.teleport.cluster.requests.put(with_state(request, RequestState.DENIED))
    outcome = await stage.dm("alice", "was denied")
    stage.teleport.cluster.delete_request(request.Metadata.Name)
    await stage.click("alice", outcome, "request_again", channel="@alice")
    form = await stage.form("alice", "request_form")
    assert "Teleport has deleted the old request" in words(form)
    assert "redis 1" in words(form)


async def test_denied_request_is_requested_again(stage: Stage) -> None:
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    stage.teleport.cluster.requests.put(with_state(request, RequestState.DENIED))
    outcome = await stage.dm("alice", "was denied")
    await stage.click("alice", outcome, "request_again", channel="@alice")
    await stage.response("alice", "You requested staging", channel="@alice")
    assert [each.Spec.RequestReason for each in stage.requests] == ["redis 1", "redis 1"]


async def test_approved_access_is_extended_by_a_request_that_needs_an_approval(
    stage: Stage,
) -> None:
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    stage.teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
    outcome = await stage.dm("alice", "was approved")
    confirm = buttons(outcome)["extend_access"]["confirm"]["text"]["text"]
    assert confirm.startswith("This requests the same access again, for 1 day and 6 hours from now")
    assert confirm.endswith("It needs a new approval and a new login.")
    await stage.click("alice", outcome, "extend_access", channel="@alice")
    response = await stage.response("alice", "You requested staging", channel="@alice")
    assert "You already have staging until" in words(response)
    assert "Access ends" in words(response)
    states = sorted(each.Spec.State for each in stage.requests)
    assert states == [RequestState.PENDING, RequestState.APPROVED]


async def test_later_start_is_confirmed_in_the_readers_zone(stage: Stage) -> None:
    await stage.type("alice", "/teleport-request staging for 2h from in 1 hour because redis 1")
    response = await stage.response("alice", "You requested staging")
    assert "Access starts" in words(response)
    assert "Access ends" in words(response)
    card = await stage.card("redis 1")
    assert "Access starts" in words(card)


async def test_cancel_button_is_left_out_if_the_bot_cannot_delete(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The default role lacks the permission, so the button would always fail."""
    for rule in teleport.cluster.roles["teleport-chatops"].Spec.Allow.Rules:
        if "access_request" in rule.Resources:
            rule.Verbs.remove("delete")
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        await stage.create_request("alice", "staging", "redis 1")
        assert not buttons(await stage.response("alice", "You requested staging"))
        assert not buttons(await stage.dm("alice", "is waiting for approval"))


async def test_notice_offers_no_request_from_slack_if_that_is_off(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    def no_requests(text: str) -> str:
        return f"{text}\n[request]\nenabled = false\n"

    async with run_bot_on(Stage(slack, teleport), settings_file, no_requests) as stage:
        for state in (RequestState.APPROVED, RequestState.DENIED):
            pending_request(teleport, state=state, reason=f"redis {state}")
        assert {*buttons(await stage.dm("alice", "was approved"))} == {"done"}
        assert not buttons(await stage.dm("alice", "was denied"))
