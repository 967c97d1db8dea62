"""Approving and denying, and what comes of mistakes and of bad luck."""

import asyncio

import grpc
import pytest

from teleport_client._proto.types_pb2 import RequestState
from tests.integration.request_factory import decided
from tests.integration.slack_driver import Stage, buttons, words

GOOD_REASON = {"type": "plain_text_input", "value": "not during the freeze"}


async def test_a_whole_id_approves_with_a_reason(stage: Stage) -> None:
    """Which is kept in Teleport; the approver gets a private answer."""
    request, card = await stage.asked("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-approve {request.Metadata.Name} looks fine")
    await stage.answer("bob", "You approved alice's request for staging")
    await stage.card_where(card["ts"], lambda m: "looks fine" in words(m))
    assert stage.request(request.Metadata.Name).Spec.Reviews[0].Reason == "looks fine"


async def test_a_whole_id_denies_with_a_reason(stage: Stage) -> None:
    """At once when the reason is typed."""
    request, _ = await stage.asked("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-deny `{request.Metadata.Name}` not now")
    await stage.answer("bob", "You denied alice's request for staging")
    assert stage.request(request.Metadata.Name).Spec.ResolveReason == "not now"


@pytest.mark.parametrize(
    "reason", ["--reason ok", "—reason “ok”", "because ok", "reason: ok", '"ok"', "- ok"]
)
@pytest.mark.parametrize("command", ["approve", "deny"])
async def test_recorded_reason_has_neither_flag_nor_quotes(
    stage: Stage, command: str, reason: str
) -> None:
    """Teleport keeps it for ever."""
    request, _ = await stage.asked("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-{command} {request.Metadata.Name} {reason}")
    await stage.answer("bob", "alice's request for staging")
    assert stage.request(request.Metadata.Name).Spec.Reviews[0].Reason == "ok"


async def test_unknown_flag_of_a_review_changes_nothing(stage: Stage) -> None:
    """It isn't recorded as the reason."""
    request, _ = await stage.asked("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-approve {request.Metadata.Name} --reson ok")
    await stage.answer("bob", "Did you mean --reason?")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING


async def test_deny_without_a_reason_opens_the_form(stage: Stage) -> None:
    """Nothing is decided before it is handed in."""
    request, _ = await stage.asked("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-deny {request.Metadata.Name}")
    form = await stage.form("bob", "review_form")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING
    await stage.submit("bob", form, reason=GOOD_REASON)
    await stage.answer("bob", "You denied alice's request for staging")


async def test_a_form_with_a_blank_reason_is_not_taken(stage: Stage) -> None:
    """The requester should learn why."""
    request, _ = await stage.asked("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-deny {request.Metadata.Name}")
    form = await stage.form("bob", "review_form")
    blank = {"type": "plain_text_input", "value": "   "}
    done = await stage.submit("bob", form, reason=blank)
    assert "reason" in (done["payload"] or {}).get("errors", {}) or done["error"]
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING


async def test_a_shown_id_only_shows_the_request(stage: Stage) -> None:
    """The last characters are not enough to decide; the buttons on the answer are."""
    request, _ = await stage.asked("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-approve {request.Metadata.Name[-8:]}")
    shown = await stage.answer("bob", "redis 1")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING
    await stage.click("bob", shown, "approve")
    await stage.answer("bob", "You approved alice's request")


async def test_a_shown_id_tells_nothing_to_those_who_may_not_know(stage: Stage) -> None:
    """Erin may neither review it nor list everything."""
    request, _ = await stage.asked("alice", "staging", "redis 1")
    users = stage.teleport.cluster
    users.add_user("erin", ["dev"], {"slack_uid": ["U0ERIN0001"]})
    await stage.type("erin", f"/teleport-approve {request.Metadata.Name[-8:]}")
    await stage.answer("erin", "There is no request")


async def test_without_an_id_one_picks(stage: Stage) -> None:
    """From those that one may decide."""
    await stage.type("bob", "/teleport-deny")
    await stage.answer("bob", "No request waits for you")
    await stage.asked("alice", "staging", "redis 1")
    await stage.type("bob", "/teleport-approve")
    pick = await stage.answer("bob", "Pick the one to decide")
    await stage.click("bob", pick, "approve")
    await stage.answer("bob", "You approved alice's request")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("0190c0de-0000-7000-8000-00000000abcd", "There is no request 0190c0de"),
        ("zzzz", "is not an id of a request"),
        ("abcdef12", "There is no request abcdef12"),
    ],
)
async def test_an_id_of_nothing_is_answered(stage: Stage, typed: str, sentence: str) -> None:
    """Of another cluster, of a request that has ended, or no id at all."""
    await stage.type("bob", f"/teleport-approve {typed}")
    await stage.answer("bob", sentence)


async def test_nobody_decides_their_own(stage: Stage) -> None:
    """Not even one who reviews such requests."""
    request, card = await stage.asked("bob", "staging", "redis 1")
    await stage.click("bob", card, "approve")
    await stage.answer("bob", "This is your own request")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING


async def test_somebody_who_may_not_review_is_told_so(stage: Stage) -> None:
    """By Teleport's own rules, for the person who clicked."""
    request, card = await stage.asked("bob", "staging", "redis 1")
    await stage.click("alice", card, "approve")
    await stage.answer("alice", "Your Teleport roles do not let you review this request")
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING


async def test_a_click_on_a_decided_request_changes_nothing(stage: Stage) -> None:
    """From a client that has not seen the card change yet."""
    request, card = await stage.asked("alice", "staging", "redis 1")
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: not buttons(m))
    await stage.click("carol", card, "deny")
    await stage.answer("carol", "already closed")
    await stage.click("carol", card, "approve")
    assert len(stage.request(request.Metadata.Name).Spec.Reviews) == 1


async def test_a_second_vote_of_the_same_person_is_refused(stage: Stage) -> None:
    """A review is final."""
    request, card = await stage.asked("alice", "prod", "shard 1")
    await stage.click("bob", card, "approve")
    one = await stage.card_where(card["ts"], lambda m: "1 of 2" in words(m))
    await stage.click("bob", one, "approve")
    await stage.answer("bob", "You've already approved this request")
    assert len(stage.request(request.Metadata.Name).Spec.Reviews) == 1


async def test_a_click_on_a_vanished_request_says_so(stage: Stage) -> None:
    """It was deleted while somebody looked at it."""
    request, card = await stage.asked("alice", "staging", "redis 1")
    stage.teleport.cluster.delete_request(request.Metadata.Name)
    await stage.click("bob", card, "approve")
    await stage.answer("bob", "There is no request")


async def test_two_approvers_at_once_and_one_is_told_who_was_faster(stage: Stage) -> None:
    """One approval is enough: exactly one review is stored, and nobody is told a lie."""
    request, card = await stage.asked("alice", "staging", "redis 1")
    await asyncio.gather(stage.click("bob", card, "approve"), stage.click("carol", card, "approve"))
    stored = stage.teleport.cluster
    done = await stored.request_where(lambda r: r.Spec.State == RequestState.APPROVED)
    (review,) = done.Spec.Reviews
    late = "carol" if review.Author == "bob" else "bob"
    await stage.answer(late, f"already closed: ✅ Approved by {review.Author}")
    assert len(stage.request(request.Metadata.Name).Spec.Reviews) == 1


async def test_review_of_a_request_whose_time_has_passed_is_for_teleport_to_judge(
    stage: Stage,
) -> None:
    """It takes reviews until it deletes the request; the bot's clock may be wrong."""
    request, card = await stage.asked("alice", "staging", "redis 1")
    late = type(request)()
    late.CopyFrom(stage.request(request.Metadata.Name))
    late.Spec.ResourceExpiry.seconds = late.Spec.Created.seconds - 1
    stage.teleport.cluster.requests.put(late)
    await stage.click("bob", card, "approve")
    done = await stage.teleport.cluster.request_where(lambda r: bool(r.Spec.Reviews))
    assert [review.Author for review in done.Spec.Reviews] == ["bob"]


async def test_teleport_down_for_a_moment_is_not_noticed(stage: Stage) -> None:
    """The review is handed in again."""
    request, card = await stage.asked("alice", "staging", "redis 1")
    for method in ("ListAccessRequests", "SubmitAccessReview"):
        stage.teleport.faults.add(method, grpc.StatusCode.UNAVAILABLE, details="Socket closed")
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: "Approved by bob" in words(m))
    assert len(stage.request(request.Metadata.Name).Spec.Reviews) == 1


async def test_a_lost_answer_is_not_taken_for_a_failure(stage: Stage) -> None:
    """Teleport had stored the review; the repeated call finds it there."""
    _, card = await stage.asked("alice", "prod", "shard 1")
    stage.teleport.faults.add(
        "SubmitAccessReview", grpc.StatusCode.UNAVAILABLE, after_commit=True,
        details="Socket closed",
    )  # fmt: skip
    pending = await stage.card_where(card["ts"], buttons)
    await stage.click("bob", pending, "approve")
    await stage.card_where(card["ts"], lambda m: "1 of 2" in words(m))
    await stage.teleport.journal.wait_for_call("SubmitAccessReview", count=2, ended=True)
    seen = stage.slack.hands.messages("access-requests", "bob")
    assert not [m for m in seen if m["ephemeral"]]


async def test_a_slow_teleport_is_waited_for(stage: Stage) -> None:
    """The ack does not wait with it."""
    _, card = await stage.asked("alice", "staging", "redis 1")
    stage.teleport.faults.add("SubmitAccessReview", delay=2.0)
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: "Approved by bob" in words(m))
    click = stage.slack.journal.envelopes[-1]
    assert click.acked_ms is not None
    assert click.acked_ms - click.sent_ms < 1000


@pytest.mark.timeout(40)
async def test_teleport_gone_for_longer_is_said_and_nothing_was_done(stage: Stage) -> None:
    """After ten seconds within the click, with the next step."""
    request, card = await stage.asked("alice", "staging", "redis 1")
    await stage.teleport.pause()
    started = asyncio.get_running_loop().time()
    await stage.click("bob", card, "approve")
    await stage.slack.message_where(
        "access-requests", "bob", lambda m: "Nothing was done; try again" in words(m), 15
    )
    assert 8 < asyncio.get_running_loop().time() - started < 12
    await stage.teleport.resume()
    assert stage.request(request.Metadata.Name).Spec.State == RequestState.PENDING


@pytest.mark.timeout(40)
async def test_a_reason_typed_in_a_form_is_given_back_when_teleport_is_gone(stage: Stage) -> None:
    """As a command that does the same, to be sent later."""
    request, card = await stage.asked("alice", "staging", "redis 1")
    await stage.click("bob", card, "deny")
    form = await stage.form("bob", "review_form")
    await stage.teleport.pause()
    await stage.submit("bob", form, reason=GOOD_REASON)
    again = f"/teleport-deny {request.Metadata.Name} not during the freeze"
    await stage.slack.message_where(
        "access-requests", "bob", lambda m: m["ephemeral"] and again in words(m), 15
    )
    await stage.teleport.resume()


async def test_a_slow_teleport_still_opens_the_form(stage: Stage) -> None:
    """With less in it: the trigger does not wait."""
    _, card = await stage.asked("alice", "staging", "redis 1")
    stage.teleport.faults.add("ListAccessRequests", delay=5.0)
    await stage.click("bob", card, "deny")
    form = await stage.form("bob", "review_form")
    assert "redis 1" not in words(form)


async def test_rejected_form_names_the_command_that_needs_none(stage: Stage) -> None:
    request, card = await stage.asked("alice", "staging", "redis 1")
    stage.slack.faults.inject({"method": "views.open", "error": "invalid_arguments", "times": 1})
    await stage.click("bob", card, "deny")
    answer = await stage.answer("bob", "The form didn't open. Click again, or run:")
    assert f"/teleport-deny {request.Metadata.Name} <reason>" in words(answer)


async def test_lines_of_a_vote_cannot_pass_for_other_votes(stage: Stage) -> None:
    """A reason stands in one line, whatever is in it."""
    request, card = await stage.asked("alice", "prod", "shard 1")
    forged = "ok\n✓ approved by carol\n✓ approved by dana"
    await stage.type("bob", f"/teleport-approve {request.Metadata.Name} {forged}")
    voted = await stage.card_where(card["ts"], lambda m: "1 of 2" in words(m))
    assert "\\n✓ approved by carol" not in words(voted)
    assert "ok ✓ approved by carol" in words(voted)


async def test_a_typed_id_tells_nothing_to_those_who_may_not_know(stage: Stage) -> None:
    """Neither what it is nor that it exists: not by approving, not by the form of deny."""
    request, _ = await stage.asked("alice", "staging", "redis 1")
    stage.teleport.cluster.add_user("erin", ["dev"], {"slack_uid": ["U0ERIN0001"]})
    for command in ("approve", "deny"):
        await stage.type("erin", f"/teleport-{command} {request.Metadata.Name}")
        await stage.answer("erin", "There is no request")
    assert stage.slack.hands.views("erin")["modals"] == []
    await stage.type("bob", f"/teleport-deny {request.Metadata.Name} no")
    await stage.answer("bob", "You denied")
    await stage.type("erin", f"/teleport-approve {request.Metadata.Name}")
    seen = [m for m in stage.slack.hands.messages("access-requests", "erin") if m["ephemeral"]]
    assert "denied" not in words(seen)


async def test_somebody_who_may_not_review_gets_no_form(stage: Stage) -> None:
    """Writing a reason would be for nothing."""
    _, card = await stage.asked("bob", "staging", "redis 1")
    await stage.click("alice", card, "deny")
    await stage.answer("alice", "Your Teleport roles do not let you review this request")
    assert stage.slack.hands.views("alice")["modals"] == []


async def test_a_reason_with_a_part_of_an_id_is_given_back(stage: Stage) -> None:
    """With the command that would use it."""
    request, _ = await stage.asked("alice", "staging", "redis 1")
    request_id = request.Metadata.Name
    await stage.type("bob", f"/teleport-deny {request_id[-8:]} not now")
    await stage.answer("bob", f"/teleport-deny {request_id} not now")
    assert stage.request(request_id).Spec.State == RequestState.PENDING


async def test_a_decided_request_is_found_by_its_shown_id(stage: Stage) -> None:
    """It was there a moment ago."""
    request, card = await stage.asked("alice", "staging", "redis 1")
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
    await stage.type("carol", f"/teleport-deny {request.Metadata.Name[-8:]}")
    shown = await stage.answer("carol", "Approved by bob")
    assert buttons(shown) == {}


async def test_slack_in_trouble_is_said_and_nothing_was_done(stage: Stage) -> None:
    """It could not say who clicked."""
    request, card = await stage.asked("alice", "staging", "redis 1")
    stage.slack.faults.inject({"method": "users.info", "error": "internal_error", "times": 1})
    await stage.click("bob", card, "approve")
    await stage.answer("bob", "Nothing changed. Try again in a moment")
    assert not stage.request(request.Metadata.Name).Spec.Reviews


async def test_a_reviewer_whose_review_counts_for_nothing_reads_whose_would(stage: Stage) -> None:
    """The server takes the review all the same, and nobody else would ever say so."""
    (threshold,) = stage.teleport.cluster.roles["prod-requester"].Spec.Allow.Request.Thresholds
    threshold.Filter = 'contains(reviewer.roles, "admin")'
    _, card = await stage.asked("alice", "prod", "shard 1")
    await stage.click("bob", card, "approve")
    answer = words(await stage.answer("bob", "counts toward no threshold"))
    assert "reviewers with the role admin" in answer
    assert "0 of 2 approvals" in answer
    await stage.card_where(card["ts"], lambda m: "(counts toward no threshold)" in words(m))
    resolved = decided(stage.request(buttons(card)["approve"]["value"]), RequestState.APPROVED)
    stage.teleport.cluster.requests.put(resolved)
    await stage.card_where(card["ts"], lambda m: not buttons(m))
    await stage.click("carol", card, "approve")
    assert "closed: ✅ Approved. Nothing changed." in words(await stage.answer("carol", "closed"))
