"""The main job: ask, tell, decide."""

from teleport_client._proto.types_pb2 import RequestState
from tests.integration.slack_driver import Stage, buttons, words


async def test_staging_is_asked_for_approved_and_told(stage: Stage) -> None:
    """Alice asks, the approvers see it, bob approves on the card, alice gets the next command."""
    request, card = await stage.asked("alice", "staging", "redis is stuck")
    await stage.answer("alice", "You requested staging")
    await stage.told("alice", "is waiting for approval")
    assert "Open in Teleport" in words(card)
    assert f"https://teleport.example.com/web/requests/{request.Metadata.Name}" in words(card)

    await stage.click("bob", card, "approve")

    decided = await stage.card_where(card["ts"], lambda m: "Approved by bob" in words(m))
    assert buttons(decided) == {}
    told = await stage.told("alice", "was approved by bob")
    assert f"tsh login --request-id={request.Metadata.Name}" in words(told)
    stored = stage.request(request.Metadata.Name)
    assert stored.Spec.State == RequestState.APPROVED
    (review,) = stored.Spec.Reviews
    assert (review.Author, review.SubmittedBy) == ("bob", "bot-teleport-chatops")


async def test_prod_takes_two_approvals(stage: Stage) -> None:
    """After the first it waits on, and says how many there are."""
    request, card = await stage.asked("alice", "prod", "shard 3 is down")
    await stage.click("bob", card, "approve")
    one = await stage.card_where(card["ts"], lambda m: "1 of 2 approvals" in words(m))
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING
    await stage.click("carol", one, "approve")
    await stage.card_where(card["ts"], lambda m: "Approved by bob and carol" in words(m))
    await stage.told("alice", "was approved by bob and carol")


async def test_deny_asks_for_a_reason_and_passes_it_on(stage: Stage) -> None:
    """In a form; the requester reads it, and so does everybody on the card."""
    request, card = await stage.asked("alice", "prod", "shard 3 is down")
    await stage.click("carol", card, "deny")
    form = await stage.form("carol", "review_form")
    assert "shard 3 is down" in words(form)
    handed_in = await stage.submit(
        "carol", form, reason={"type": "plain_text_input", "value": "not during the freeze"}
    )
    assert handed_in["acked"]
    denied = await stage.card_where(card["ts"], lambda m: "Denied by carol" in words(m))
    assert buttons(denied) == {}
    assert "not during the freeze" in words(denied)
    assert "not during the freeze" in words(await stage.told("alice", "was denied by carol"))
    await stage.answer("carol", "You denied alice's request")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.DENIED


async def test_every_envelope_is_acked_at_once(stage: Stage) -> None:
    """Long before Slack's three seconds."""
    _, card = await stage.asked("alice", "staging", "redis is stuck")
    await stage.click("bob", card, "approve")
    journal = stage.slack.journal.to_json()
    took = [each["acked_ms"] - each["sent_ms"] for each in journal["envelopes"]]
    assert len(took) == 2
    assert max(took) < 500


async def test_a_card_is_only_drawn_when_it_changes(stage: Stage) -> None:
    """One post and one edit for a request that is approved by one person, also of her notice."""
    _, card = await stage.asked("alice", "staging", "redis is stuck")
    await stage.click("bob", card, "approve")
    await stage.told("alice", "was approved")
    await stage.card("bob approved. 1 of 1 approvals")
    await stage.told("alice", "Approved: your request")
    methods = [call.method for call in stage.slack.journal.calls]
    assert methods.count("chat.update") == 2  # the card, the first message to alice
    assert methods.count("chat.postMessage") == 4  # the card, two messages to alice, a reply
