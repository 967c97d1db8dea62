"""Approvals and denials by command, button and form."""

import asyncio

import grpc
import pytest

from teleport_client._proto.types_pb2 import RequestState
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import Stage, buttons, decisions, words

GOOD_REASON = {"type": "plain_text_input", "value": "not during the freeze"}


async def test_full_id_approves_with_a_reason(stage: Stage) -> None:
    """Teleport stores the reason, and the approver gets a private response."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-approve {request.Metadata.Name} looks fine")
    await stage.response("bob", "You approved alice's request for staging")
    await stage.card_where(card["ts"], lambda m: "looks fine" in words(m))
    assert stage.request(request.Metadata.Name).Spec.Reviews[0].Reason == "looks fine"


async def test_full_id_denies_with_a_reason(stage: Stage) -> None:
    """A typed reason needs no form."""
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-deny `{request.Metadata.Name}` not now")
    await stage.response("bob", "You denied alice's request for staging")
    assert stage.request(request.Metadata.Name).Spec.ResolveReason == "not now"


@pytest.mark.parametrize(
    "reason", ["--reason ok", "—reason “ok”", "because ok", "reason: ok", '"ok"', "- ok"]
)
@pytest.mark.parametrize("command", ["approve", "deny"])
async def test_stored_reason_has_neither_flag_nor_quotes(
    stage: Stage, command: str, reason: str
) -> None:
    """Teleport stores it permanently."""
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-{command} {request.Metadata.Name} {reason}")
    await stage.response("bob", "alice's request for staging")
    assert stage.request(request.Metadata.Name).Spec.Reviews[0].Reason == "ok"


async def test_unknown_flag_of_a_review_changes_nothing(stage: Stage) -> None:
    """It must not become the reason."""
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-approve {request.Metadata.Name} --reson ok")
    await stage.response("bob", "Did you mean --reason?")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING


async def test_deny_without_a_reason_opens_the_form(stage: Stage) -> None:
    """The review is submitted with the form."""
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-deny {request.Metadata.Name}")
    form = await stage.form("bob", "review_form")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING
    await stage.submit("bob", form, reason=GOOD_REASON)
    await stage.response("bob", "You denied alice's request for staging")


async def test_form_with_a_blank_reason_is_rejected(stage: Stage) -> None:
    """The requester needs the reason."""
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-deny {request.Metadata.Name}")
    form = await stage.form("bob", "review_form")
    blank = {"type": "plain_text_input", "value": "   "}
    done = await stage.submit("bob", form, reason=blank)
    assert "reason" in (done["payload"] or {}).get("errors", {}) or done["error"]
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING


async def test_short_id_only_shows_the_request(stage: Stage) -> None:
    """The last characters aren't enough for a review. The response has buttons."""
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-approve {request.Metadata.Name[-8:]}")
    shown = await stage.response("bob", "redis 1")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING
    await stage.click("bob", shown, "approve")
    await stage.response("bob", "You approved alice's request")


async def test_short_id_of_several_open_requests_lists_them(stage: Stage) -> None:
    """A closed request, and one that bob can't see, aren't among them. A click decides."""
    for number, (role, state) in enumerate(
        [
            ("staging", RequestState.PENDING),
            ("prod", RequestState.PENDING),
            ("staging", RequestState.DENIED),
            ("secret", RequestState.PENDING),
        ]
    ):
        request = pending_request(stage.teleport, role=role, reason=f"redis {number}", state=state)
        stage.teleport.cluster.requests.delete(request.Metadata.Name)
        request.Metadata.Name = f"0190c0de-0000-7000-800{number}-00000000abcd"
        stage.teleport.cluster.requests.put(request)
    await stage.type("bob", "/teleport-approve 0000abcd")
    listed = words(await stage.response("bob", "2 requests have an ID ending in 0000abcd"))
    assert "redis 0" in listed
    assert "redis 1" in listed
    assert "redis 2" not in listed
    assert "redis 3" not in listed
    states = {each.Spec.State for each in stage.requests}
    assert states == {RequestState.PENDING, RequestState.DENIED}


async def test_short_id_reveals_nothing_without_permission(stage: Stage) -> None:
    """Erin can neither review the request nor list all requests."""
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    users = stage.teleport.cluster
    users.add_user("erin", ["dev"], {"slack_uid": ["U0ERIN0001"]})
    await stage.type("erin", f"/teleport-approve {request.Metadata.Name[-8:]}")
    await stage.response("erin", "There's no request")


async def test_command_without_id_opens_a_form_with_the_requests_to_review(stage: Stage) -> None:
    """`tests/integration/reviews` has its other tests."""
    await stage.type("bob", "/teleport-deny")
    await stage.response("bob", "No requests are waiting for your review")
    await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", "/teleport-approve")
    assert "redis 1" in words(await stage.form("bob", "bulk_review_form"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("0190c0de-0000-7000-8000-00000000abcd", "There's no request 0190c0de"),
        ("zzzz", "isn't a request ID"),
        ("abcdef12", "There's no request abcdef12"),
    ],
)
async def test_unknown_id_gets_a_response(stage: Stage, typed: str, sentence: str) -> None:
    """Cover IDs of other clusters, of deleted requests, and malformed IDs."""
    await stage.type("bob", f"/teleport-approve {typed}")
    await stage.response("bob", sentence)


async def test_requester_cannot_review(stage: Stage) -> None:
    """Bob can review other users' requests for this role."""
    request, card = await stage.create_request("bob", "staging", "redis 1")
    await stage.click("bob", card, "approve")
    await stage.response("bob", "You can't review your own request. Ask a reviewer.")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING


async def test_user_without_review_permission_is_rejected(stage: Stage) -> None:
    """Teleport's rules for the clicking user decide."""
    request, card = await stage.create_request("bob", "staging", "redis 1")
    await stage.click("alice", card, "approve")
    await stage.response("alice", "roles don't let you review this request")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING


async def test_click_on_a_resolved_request_changes_nothing(stage: Stage) -> None:
    """The user's client hasn't received the card's update yet."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: not decisions(m))
    await stage.click("carol", card, "deny")
    await stage.response("carol", "was already approved by bob. Nothing changed.")
    await stage.click("carol", card, "approve")
    assert len(stage.request(request.Metadata.Name).Spec.Reviews) == 1


async def test_second_review_by_the_same_user_is_rejected(stage: Stage) -> None:
    """A review is final."""
    request, card = await stage.create_request("alice", "prod", "shard 1")
    await stage.click("bob", card, "approve")
    one = await stage.card_where(card["ts"], lambda m: "1 of 2" in words(m))
    await stage.click("bob", one, "approve")
    await stage.response("bob", "You've already approved this request")
    assert len(stage.request(request.Metadata.Name).Spec.Reviews) == 1


async def test_click_on_a_deleted_request_gets_a_response(stage: Stage) -> None:
    """It was deleted before the click."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    stage.teleport.cluster.delete_request(request.Metadata.Name)
    await stage.click("bob", card, "approve")
    await stage.response("bob", "There's no request")


async def test_simultaneous_approvals_store_one_review(stage: Stage) -> None:
    """One approval is enough. The response to the second approver names the first."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await asyncio.gather(stage.click("bob", card, "approve"), stage.click("carol", card, "approve"))
    stored = stage.teleport.cluster
    done = await stored.request_where(lambda r: r.Spec.State == RequestState.APPROVED)
    (review,) = done.Spec.Reviews
    late = "carol" if review.Author == "bob" else "bob"
    await stage.response(late, f"was already approved by {review.Author}")
    assert len(stage.request(request.Metadata.Name).Spec.Reviews) == 1


async def test_review_of_an_overdue_request_is_sent_to_teleport(
    stage: Stage,
) -> None:
    """Teleport accepts reviews until it deletes the request, and the bot's clock can be wrong."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    late = type(request)()
    late.CopyFrom(stage.request(request.Metadata.Name))
    late.Spec.ResourceExpiry.seconds = late.Spec.Created.seconds - 1
    stage.teleport.cluster.requests.put(late)
    await stage.click("bob", card, "approve")
    done = await stage.teleport.cluster.request_where(lambda r: bool(r.Spec.Reviews))
    assert [review.Author for review in done.Spec.Reviews] == ["bob"]


async def test_short_outage_of_teleport_is_retried(stage: Stage) -> None:
    """The review is submitted again."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    for method in ("ListAccessRequests", "SubmitAccessReview"):
        stage.teleport.faults.add(method, grpc.StatusCode.UNAVAILABLE, details="Socket closed")
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: "Approved by bob" in words(m))
    assert len(stage.request(request.Metadata.Name).Spec.Reviews) == 1


async def test_lost_response_is_not_reported_as_a_failure(stage: Stage) -> None:
    """Teleport stored the review, and the repeated call finds it there."""
    _, card = await stage.create_request("alice", "prod", "shard 1")
    stage.teleport.faults.add(
        "SubmitAccessReview", grpc.StatusCode.UNAVAILABLE, after_commit=True,
        details="Socket closed",
    )  # fmt: skip
    pending = await stage.card_where(card["ts"], buttons)
    await stage.click("bob", pending, "approve")
    await stage.card_where(card["ts"], lambda m: "1 of 2" in words(m))
    await stage.teleport.journal.wait_for_call("SubmitAccessReview", count=2, ended=True)
    seen = stage.slack.control_api.messages("access-requests", "bob")
    assert not [m for m in seen if m["ephemeral"]]


async def test_slow_teleport_delays_only_the_response(stage: Stage) -> None:
    """The ack is immediate."""
    _, card = await stage.create_request("alice", "staging", "redis 1")
    stage.teleport.faults.add("SubmitAccessReview", delay=2.0)
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: "Approved by bob" in words(m))
    click = stage.slack.journal.envelopes[-1]
    assert click.acked_ms is not None
    assert click.acked_ms - click.sent_ms < 2000


async def test_long_outage_of_teleport_gets_a_response(stage: Stage) -> None:
    """It arrives within ten seconds of the click and contains the next step."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.teleport.pause()
    started = asyncio.get_running_loop().time()
    await stage.click("bob", card, "approve")
    await stage.slack.message_where(
        "access-requests", "bob", lambda m: "Nothing changed. Try again" in words(m), 20
    )
    assert 8 < asyncio.get_running_loop().time() - started < 15
    await stage.teleport.resume()
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING


async def test_reason_in_a_form_is_returned_when_teleport_is_down(stage: Stage) -> None:
    """The response contains a command with the reason, to be sent later."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.click("bob", card, "deny")
    form = await stage.form("bob", "review_form")
    await stage.teleport.pause()
    await stage.submit("bob", form, reason=GOOD_REASON)
    again = f"/teleport-deny {request.Metadata.Name} not during the freeze"
    await stage.slack.message_where(
        "access-requests", "bob", lambda m: m["ephemeral"] and again in words(m), 15
    )
    await stage.teleport.resume()


async def test_slow_teleport_opens_a_shorter_form(stage: Stage) -> None:
    """The trigger expires, so the form opens without the request's details."""
    _, card = await stage.create_request("alice", "staging", "redis 1")
    stage.teleport.faults.add("ListAccessRequests", delay=5.0)
    await stage.click("bob", card, "deny")
    form = await stage.form("bob", "review_form")
    assert "redis 1" not in words(form)


async def test_rejected_form_names_the_command_that_needs_none(stage: Stage) -> None:
    request, card = await stage.create_request("alice", "staging", "redis 1")
    stage.slack.faults.inject({"method": "views.open", "error": "invalid_arguments", "times": 1})
    await stage.click("bob", card, "deny")
    response = await stage.response("bob", "The form didn't open. Click again, or run:")
    assert f"/teleport-deny {request.Metadata.Name} <reason>" in words(response)


async def test_reason_with_newlines_cannot_imitate_other_reviews(stage: Stage) -> None:
    """Each reason is shown in one line."""
    request, card = await stage.create_request("alice", "prod", "shard 1")
    forged = "ok\n✓ approved by carol\n✓ approved by dana"
    await stage.type("bob", f"/teleport-approve {request.Metadata.Name} {forged}")
    voted = await stage.card_where(card["ts"], lambda m: "1 of 2" in words(m))
    assert "\\n✓ approved by carol" not in words(voted)
    assert "ok ✓ approved by carol" in words(voted)


async def test_full_id_reveals_nothing_without_permission(stage: Stage) -> None:
    """Neither the request nor its existence is visible, by approving or by the form of deny."""
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    stage.teleport.cluster.add_user("erin", ["dev"], {"slack_uid": ["U0ERIN0001"]})
    for command in ("approve", "deny"):
        await stage.type("erin", f"/teleport-{command} {request.Metadata.Name}")
        await stage.response("erin", "There's no request")
    assert stage.slack.control_api.views("erin")["modals"] == []
    await stage.type("bob", f"/teleport-deny {request.Metadata.Name} no")
    await stage.response("bob", "You denied")
    await stage.type("erin", f"/teleport-approve {request.Metadata.Name}")
    seen = [
        m for m in stage.slack.control_api.messages("access-requests", "erin") if m["ephemeral"]
    ]
    assert "denied" not in words(seen)


async def test_user_without_review_permission_gets_no_form(stage: Stage) -> None:
    """The typed reason would be useless."""
    _, card = await stage.create_request("bob", "staging", "redis 1")
    await stage.click("alice", card, "deny")
    await stage.response("alice", "roles don't let you review this request")
    assert stage.slack.control_api.views("alice")["modals"] == []


async def test_reason_with_a_partial_id_is_returned(stage: Stage) -> None:
    """The response contains the complete command with the reason."""
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    request_id = request.Metadata.Name
    await stage.type("bob", f"/teleport-deny {request_id[-8:]} not now")
    await stage.response("bob", f"/teleport-deny {request_id} not now")
    assert stage.request(request_id).Spec.State == RequestState.PENDING


async def test_resolved_request_is_found_by_its_short_id(stage: Stage) -> None:
    """The user saw it as pending a moment ago."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
    await stage.type("carol", f"/teleport-deny {request.Metadata.Name[-8:]}")
    shown = await stage.response("carol", "Approved by bob")
    assert decisions(shown) == {}


async def test_failed_user_lookup_in_slack_changes_nothing(stage: Stage) -> None:
    """Without it, the user behind the click is unknown."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    stage.slack.faults.inject({"method": "users.info", "error": "internal_error", "times": 1})
    await stage.click("bob", card, "approve")
    await stage.response("bob", "Nothing changed. Try again in a moment")
    assert not stage.request(request.Metadata.Name).Spec.Reviews


async def test_review_without_effect_gets_the_required_reviewers(stage: Stage) -> None:
    """The server accepts the review, and no other message explains that it has no effect."""
    (threshold,) = stage.teleport.cluster.roles["prod-requester"].Spec.Allow.Request.Thresholds
    threshold.Filter = 'contains(reviewer.roles, "admin")'
    _, card = await stage.create_request("alice", "prod", "shard 1")
    await stage.click("bob", card, "approve")
    response = words(await stage.response("bob", "counts toward no threshold"))
    assert "reviewers with the role admin" in response
    assert "0 of 2 approvals" in response
    await stage.card_where(card["ts"], lambda m: "(counts toward no threshold)" in words(m))
    resolved = with_state(stage.request(buttons(card)["approve"]["value"]), RequestState.APPROVED)
    stage.teleport.cluster.requests.put(resolved)
    await stage.card_where(card["ts"], lambda m: not decisions(m))
    await stage.click("carol", card, "approve")
    await stage.response("carol", "This request was already approved. Nothing changed.")
