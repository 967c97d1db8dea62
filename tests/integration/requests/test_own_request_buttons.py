"""Users cancel, repeat and extend their own requests with buttons."""

from teleport_client._proto.types_pb2 import RequestState
from tests.integration.request_factory import with_state
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
    shown = await stage.dm("alice", "Cancelled: your request for staging")
    assert shown["ts"] == waiting["ts"]
    assert len(stage.messages("@alice", "alice")) == 1


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
    assert confirm == (
        "This requests the same access again. It continues after approval and a new login."
    )
    await stage.click("alice", outcome, "extend_access", channel="@alice")
    await stage.response("alice", "You requested staging", channel="@alice")
    states = sorted(each.Spec.State for each in stage.requests)
    assert states == [RequestState.PENDING, RequestState.APPROVED]


async def test_later_start_is_confirmed_in_the_readers_zone(stage: Stage) -> None:
    await stage.type("alice", "/teleport-request staging for 2h from in 1 hour because redis 1")
    response = await stage.response("alice", "You requested staging")
    assert "Access starts" in words(response)
    assert "Access ends" in words(response)
    card = await stage.card("redis 1")
    assert "Access starts" in words(card)
