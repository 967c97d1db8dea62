"""Contents of cards, DMs and lists, and the actions on them."""

import json

import pytest

from teleport_client._proto.types_pb2 import RequestState
from tests.contracts.requesting import requested, teleport
from tests.contracts.sandbox_process import Sandbox, buttons, request_id, typed_reason, until, words


def test_command_creates_a_request_with_a_card(sandbox: Sandbox) -> None:
    """In the shared sandbox process, at Slack's pace."""
    done = sandbox.command("alice", "/teleport-request staging because contract-command")
    assert done["ack_ms"] < 3000
    card = sandbox.message("contract-command")
    assert request_id(card)


async def test_card_has_approve_and_deny_in_one_block_with_the_request_id(fast: Sandbox) -> None:
    card = await requested(fast, "staging", "contract-buttons")
    (block,) = [each for each in card["blocks"] if each["type"] == "actions"]
    approve, deny = block["elements"][:2]
    assert (approve["action_id"], deny["action_id"]) == ("approve", "deny")
    assert approve["value"] == deny["value"]
    assert "confirm" in approve
    async with teleport(fast) as bot:
        assert (await bot.request(approve["value"])).Spec.User == "alice"


async def test_approval_closes_the_card_and_sends_the_login_command(fast: Sandbox) -> None:
    """Approve acts at once, and Teleport records the reviewer."""
    card = await requested(fast, "staging", "contract-approval")
    fast.click("bob", card, "approve")
    assert "approved" in words(fast.closed(card)).lower()
    fast.message(f"tsh login --request-id={request_id(card)}", "@alice", "alice")
    async with teleport(fast) as bot:
        (review,) = (await bot.request(request_id(card))).Spec.Reviews
    assert review.Author == "bob"


async def test_denial_asks_for_a_reason_that_the_requester_gets(fast: Sandbox) -> None:
    card = await requested(fast, "staging", "contract-denial")
    fast.close_modals("carol")
    fast.click("carol", card, "deny")
    form = fast.modal("carol", "review_form")
    decision = json.loads(form["private_metadata"])
    assert set(decision) == {"request_id", "approve", "channel", "shown"}
    assert (decision["request_id"], decision["approve"]) == (request_id(card), False)
    values = typed_reason(form, "contract-freeze")
    assert values == {
        "reason": {"reason": {"type": "plain_text_input", "value": "contract-freeze"}}
    }
    fast.act("carol", "submit", view_id=form["id"], values=values)
    assert "denied" in words(fast.closed(card)).lower()
    fast.message("contract-freeze", "@alice", "alice")


async def test_progress_is_in_one_text_object(fast: Sandbox) -> None:
    card = await requested(fast, "prod", "contract-progress")
    fast.click("bob", card, "approve")
    until(lambda: "1 of 2" in words(fast.current(card)) or None, "1 of 2")
    assert buttons(fast.current(card))


async def test_pending_rows_end_with_the_last_eight_characters(fast: Sandbox) -> None:
    """In an ephemeral message of the channel, with the card's buttons."""
    card = await requested(fast, "staging", "contract-pending")
    fast.command("bob", "/teleport-pending reviewable")
    listed = fast.message(request_id(card)[-8:], ephemeral=True)
    assert request_id(card) in {each["value"] for each in buttons(listed)}


@pytest.mark.parametrize("person", ["alice", "nora"])
async def test_rejected_click_gets_a_private_message(fast: Sandbox, person: str) -> None:
    """The requester's own, and one of a user without a Teleport user."""
    card = await requested(fast, "staging", f"contract-rejected-{person}")
    seen = {each["ts"] for each in fast.messages(person=person)}
    fast.click(person, card, "approve")
    until(
        lambda: [
            each
            for each in fast.messages(person=person)
            if each["ephemeral"] and each["ts"] not in seen
        ],
        "a private message",
    )
    assert buttons(fast.current(card))


def test_missing_reason_opens_the_request_form(fast: Sandbox) -> None:
    """The role prod requires a reason. The form remembers the channel."""
    fast.close_modals("alice")
    fast.command("alice", "/teleport-request prod for 1h")
    form = fast.modal("alice", "request_form")
    assert json.loads(form["private_metadata"])["channel"] == "C0ACCESS01"
    inputs = [each for each in form["blocks"] if each["type"] == "input"]
    names = ["roles", "reason", "duration", "reviewers"]
    assert [each["block_id"] for each in inputs] == names
    assert [each["element"]["action_id"] for each in inputs] == names


async def test_typed_id_approves_and_records_the_reason(fast: Sandbox) -> None:
    card = await requested(fast, "staging", "contract-typed")
    fast.command("bob", f"/teleport-approve {request_id(card)} looks fine")
    fast.closed(card)
    async with teleport(fast) as bot:
        request = await bot.request(request_id(card))
    assert request.Spec.State == RequestState.APPROVED
    assert request.Spec.Reviews[0].Reason == "looks fine"
