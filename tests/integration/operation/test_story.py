"""The main flow: request, notify, review."""

from teleport_client._proto.types_pb2 import RequestState
from tests.integration.slack_driver import Stage, decisions, words


async def test_staging_is_requested_approved_and_announced(stage: Stage) -> None:
    """Alice requests, bob approves on the card, and alice gets the command for her next step."""
    request, card = await stage.create_request("alice", "staging", "redis is stuck")
    await stage.response("alice", "You requested staging")
    await stage.dm("alice", "is waiting for approval")
    assert "Open in Teleport" in words(card)
    assert f"https://teleport.example.com/web/requests/{request.Metadata.Name}" in words(card)

    await stage.click("bob", card, "approve")

    decided = await stage.card_where(card["ts"], lambda m: "Approved by bob" in words(m))
    assert decisions(decided) == {}
    notice = await stage.dm("alice", "was approved by bob")
    assert f"tsh login --request-id={request.Metadata.Name}" in words(notice)
    stored = stage.request(request.Metadata.Name)
    assert stored.Spec.State == RequestState.APPROVED
    (review,) = stored.Spec.Reviews
    assert (review.Author, review.SubmittedBy) == ("bob", "bot-teleport-chatops")


async def test_prod_needs_two_approvals(stage: Stage) -> None:
    """After the first approval the card shows the progress."""
    request, card = await stage.create_request("alice", "prod", "shard 3 is down")
    await stage.click("bob", card, "approve")
    one = await stage.card_where(card["ts"], lambda m: "1 of 2 approvals" in words(m))
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING
    await stage.click("carol", one, "approve")
    await stage.card_where(card["ts"], lambda m: "Approved by bob and carol" in words(m))
    await stage.dm("alice", "was approved by bob and carol")


async def test_deny_opens_a_form_and_shows_the_reason(stage: Stage) -> None:
    """The reason is in the notice and on the card."""
    request, card = await stage.create_request("alice", "prod", "shard 3 is down")
    await stage.click("carol", card, "deny")
    form = await stage.form("carol", "review_form")
    assert "shard 3 is down" in words(form)
    handed_in = await stage.submit(
        "carol", form, reason={"type": "plain_text_input", "value": "not during the freeze"}
    )
    assert handed_in["acked"]
    denied = await stage.card_where(card["ts"], lambda m: "Denied by carol" in words(m))
    assert decisions(denied) == {}
    assert "not during the freeze" in words(denied)
    assert "not during the freeze" in words(await stage.dm("alice", "was denied by carol"))
    await stage.response("carol", "You denied alice's request")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.DENIED


async def test_every_envelope_is_acked_at_once(stage: Stage) -> None:
    """Slack's limit is three seconds."""
    _, card = await stage.create_request("alice", "staging", "redis is stuck")
    await stage.click("bob", card, "approve")
    journal = stage.slack.journal.to_json()
    took = [each["acked_ms"] - each["sent_ms"] for each in journal["envelopes"]]
    assert len(took) == 2
    assert max(took) < 3000


async def test_card_is_updated_only_when_it_changes(stage: Stage) -> None:
    """A request with one approval takes one post and one update of the card and of the notice."""
    _, card = await stage.create_request("alice", "staging", "redis is stuck")
    await stage.click("bob", card, "approve")
    await stage.dm("alice", "was approved")
    await stage.card("bob approved. 1 of 1 approvals")
    await stage.dm("alice", "Approved. See the next message.")
    methods = [call.method for call in stage.slack.journal.calls]
    assert methods.count("chat.update") == 2  # The card and the first message to alice.
    assert methods.count("chat.postMessage") == 4  # The card, two messages to alice, and a reply.
