"""Notices, thread replies and DMs to reviewers."""

from pathlib import Path

import pytest

from sandbox.cast import Person
from sandbox.slack.control.faults import MethodFault
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import DECISIONS, Stage, decisions, words

CARD_OF_BOB = "@bob"
WITH_HISTORY = ("channels:history", "groups:history", "im:history")


async def test_each_review_is_posted_once_in_the_thread(stage: Stage) -> None:
    """The reply contains the reviewer, the decision and the progress."""
    _, card = await stage.create_request("alice", "prod", "redis 1")
    await stage.click("bob", card, "approve")
    await stage.card("✓ bob approved. 1 of 2 approvals.")
    await stage.click("carol", card, "approve")
    await stage.card("✓ carol approved. 2 of 2 approvals.")
    await stage.dm("alice", "was approved")
    assert len(stage.replies(card)) == 2


async def test_no_notice_shows_a_resolved_request_as_pending(stage: Stage) -> None:
    """The first notice is updated.

    A new one is posted, because an update doesn't notify the user.
    """
    _, card = await stage.create_request("alice", "staging", "redis 1")
    waiting = await stage.dm("alice", "is waiting for approval")
    await stage.click("bob", card, "approve")
    await stage.dm("alice", "was approved by bob")
    edited = await stage.dm("alice", "✅ Approved. See the next message.")
    assert edited["ts"] == waiting["ts"]
    assert len(stage.messages("@alice", "alice")) == 2
    assert "waiting" not in words(stage.messages("@alice", "alice"))


async def test_notice_of_a_denial_contains_the_reason(stage: Stage) -> None:
    """The reason is shown literally."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", f"/teleport-deny {request.Metadata.Name} not now, <!channel>")
    reply = await stage.card("✗ bob denied.")
    assert "not now, <!channel>" in words(reply["blocks"])
    assert "<!channel>" not in reply["text"]
    assert "of 1" not in reply["text"]
    assert reply["thread_ts"] == card["ts"]


async def test_restart_repeats_no_message(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A review during the restart is still posted."""
    away = Stage(slack, teleport)
    async with run_bot_on(away, settings_file) as stage:
        request, card = await stage.create_request("alice", "prod", "redis 1")
        await stage.click("bob", card, "approve")
        await stage.card("bob approved. 1 of 2")
    async with run_bot_on(away, settings_file) as stage:
        await stage.type("carol", f"/teleport-approve {request.Metadata.Name} fine with me")
        await stage.card("carol approved. 2 of 2")
        await stage.dm("alice", "was approved")
    first, second = away.replies(card)
    assert "bob approved" in first
    assert "fine with me" in second


async def test_reply_with_a_lost_response_is_found_in_its_thread(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The history scopes allow the lookup that prevents duplicates."""
    slack.workspace.app.scopes.update(WITH_HISTORY)
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        _, card = await stage.create_request("alice", "prod", "redis 1")
        await stage.dm("alice", "is waiting")
        slack.faults.on_method(MethodFault("chat.postMessage", drop_after_commit=True, times=1))
        await stage.click("bob", card, "approve")
        await slack.call_where(lambda call: call.method == "conversations.replies")
        await stage.click("carol", card, "approve")
        await stage.card("carol approved. 2 of 2")
        await stage.dm("alice", "was approved")
        assert len(stage.replies(card)) == 2


async def test_suggested_reviewer_gets_a_dm(stage: Stage) -> None:
    """The DM is a normal card that is updated with the request."""
    await stage.type("alice", "/teleport-request staging --reviewers @bob --reason redis 1")
    card = await stage.dm("bob", "redis 1")
    await stage.card("redis 1")
    await stage.click("bob", card, "approve", channel=CARD_OF_BOB)
    await stage.dm("bob", "✅ Approved by bob")


@pytest.mark.parametrize(
    ("reviewer", "hears"),
    [("nora@example.com", "nora"), ("grace@example.com", ""), ("nobody@example.com", "")],
)
async def test_reviewer_can_be_an_email_address(stage: Stage, reviewer: str, hears: str) -> None:
    """Tsh users can enter any name. Guests and external accounts get no message."""
    request = pending_request(stage.teleport, reason="redis 1")
    del request.Spec.SuggestedReviewers[:]
    request.Spec.SuggestedReviewers.append(reviewer)
    stage.teleport.cluster.requests.put(request)
    if hears:
        card = await stage.dm(hears, "redis 1")
        assert set(decisions(card)) == DECISIONS
    await stage.card("redis 1")
    await stage.dm("alice", "is waiting")
    assert bool(stage.messages("@grace", "grace")) is False


async def test_failed_reviewer_lookup_does_not_block_channels(stage: Stage) -> None:
    """The reviewer gets the card once Slack works again."""
    slack = stage.slack
    slack.faults.on_method(MethodFault("users.lookupByEmail", status=500, times=2))
    pending_request(stage.teleport, reason="redis 1", reviewers=["nora@example.com"])
    await stage.card("redis 1")
    await stage.dm("nora", "redis 1")
    assert len(stage.cards()) == 1


async def test_failed_reviewer_lookup_does_not_block_other_reviewers(stage: Stage) -> None:
    """The lookup of one of them fails permanently here."""
    stage.slack.faults.on_method(MethodFault("users.lookupByEmail", status=500))
    pending_request(stage.teleport, reason="redis 1", reviewers=["nora@example.com", "carol"])
    await stage.card("redis 1")
    await stage.dm("carol", "redis 1")


async def test_reviewer_found_after_the_resolution_gets_the_card(stage: Stage) -> None:
    """The channel already has its final card by then."""
    slack, state = stage.slack, RequestState.APPROVED
    slack.faults.on_method(MethodFault("users.lookupByEmail", status=500, times=2))
    pending_request(stage.teleport, reason="redis 1", state=state, reviewers=["nora@example.com"])
    await stage.card("redis 1")
    await stage.dm("nora", "redis 1")
    assert len(stage.cards()) == 1


async def test_reviewer_missing_in_slack_is_logged_once(
    slack: SlackStandIn,
    teleport: TeleportStandIn,
    settings_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lookup is repeated while the request is pending."""
    monkeypatch.setattr("notifications.routing.reviewer_dms._CACHE_SECONDS", 0.01)
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
            pending_request(teleport, reason="redis 1", reviewers=["nobody-here"])
            await stage.card("redis 1")
            for number in range(2, 4):
                teleport.faults.cut_watches()
                pending_request(teleport, reason=f"redis {number}", reviewers=["nobody-here"])
                await stage.card(f"redis {number}")
    assert len(log.all("reviewer_not_linked")) == 1


@pytest.mark.parametrize(("count", "limit"), [(60, 20), (60, 3), (130, 20)])
async def test_reviewers_beyond_the_limit_are_counted_and_logged(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, count: int, limit: int
) -> None:
    """Access lists can suggest many reviewers."""
    for number in range(count):
        person = Person(f"owner-{number:03}", f"U0OWNER{number:03}", "Owner")
        slack.workspace.add_person(person)
        teleport.cluster.add_user(person.name, ["reviewer"], {"slack_uid": [person.slack_user_id]})
    names = [f"owner-{number:03}" for number in range(count)]

    def limit_reviewers(text: str) -> str:
        return text.replace("[review]\n", f"[review]\nmax_reviewer_messages = {limit}\n")

    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file, limit_reviewers) as stage:
            request = pending_request(teleport, reason="redis 1", reviewers=names)
            card = await stage.card(f"only to the first {limit} of {count} reviewers")
            await stage.dm(names[limit - 1], "redis 1")
            request.Spec.Reviews.add(Author="dana", ProposedState=RequestState.DENIED)
            teleport.cluster.requests.put(request)
            await stage.card_where(card["ts"], lambda m: "dana" in words(m))
            assert stage.messages(f"@{names[limit]}", names[limit]) == []
    (cut,) = log.all("reviewers_not_messaged")
    assert cut["reviewers"] == names[limit:100]
    assert cut["more_count"] == max(0, count - 100)
