"""Which slots a plan may fill: those of waiting, lost, undelivered and sent messages."""

from dataclasses import replace

import pytest

from notifications.notification_rules import (
    PostCard,
    PostReply,
    RecoverMessage,
    SendNotice,
    UpdateMessage,
    plan,
)
from notifications.records.entry import Entry, Intent, PostedMessage
from notifications.records.slots import card_slot, notice_slot, reply_slot
from notifications.records.trim import trim_card_model
from teleport_client.model.access_request import AccessRequest, RequestState, Review, Threshold
from tests.unit.notifications.test_plan import (
    CHANNEL,
    HOUR,
    NOW,
    OUTLOOK,
    announce,
    card_model,
    make_request,
)
from workspace.card_model.notice import Notice
from workspace.card_model.status import Status

VOTED = make_request(reviews=(Review("bob", RequestState.APPROVED),))


def skipped(request: AccessRequest) -> Entry:
    return Entry(card_model=trim_card_model(card_model(request)), skipped_at=NOW)


def undelivered(slot: str, channel: str = CHANNEL) -> Intent:
    return Intent(slot=slot, channel=channel, key="k", at=NOW, undelivered=True)


def test_rejected_update_waits_until_its_next_attempt() -> None:
    entry = announce(make_request())
    (card,) = (each for each in entry.messages if each.slot == card_slot(CHANNEL))
    waiting = entry.with_message(replace(card, retry_at=NOW + HOUR))
    (reply,) = plan(VOTED, waiting, (CHANNEL,), NOW, OUTLOOK).actions
    assert isinstance(reply, PostReply)
    assert len(plan(VOTED, waiting, (CHANNEL,), NOW + HOUR, OUTLOOK).actions) == len("ur")


def test_message_is_updated_again_at_the_time_of_its_repetition() -> None:
    request = make_request()
    entry = announce(request)
    (card,) = (each for each in entry.messages if each.slot == card_slot(CHANNEL))
    repeated = replace(card, repeat_at=NOW + HOUR)
    entry = entry.with_message(repeated)
    assert plan(request, entry, (CHANNEL,), NOW, OUTLOOK).actions == ()
    later = plan(request, entry, (CHANNEL,), NOW + HOUR, OUTLOOK)
    assert later.actions == (UpdateMessage(repeated),)


def test_rejected_post_waits_until_its_next_attempt() -> None:
    intent = replace(undelivered(card_slot(CHANNEL)), retry_at=NOW + HOUR)
    entry = Entry(card_model=trim_card_model(card_model(make_request())), intents=(intent,))
    notice = SendNotice(Notice.CREATED)
    assert plan(make_request(), entry, (CHANNEL,), NOW, OUTLOOK).actions == (notice,)
    later = plan(make_request(), entry, (CHANNEL,), NOW + HOUR, OUTLOOK)
    assert later.actions == (PostCard(CHANNEL), notice)


def test_message_that_slack_never_accepted_is_not_updated() -> None:
    card = PostedMessage(slot=card_slot(CHANNEL), channel=CHANNEL, ts="", fingerprint="old")
    entry = announce(make_request()).with_message(card)
    assert plan(make_request(), entry, (CHANNEL,), NOW, OUTLOOK).actions == ()


@pytest.mark.parametrize("slot", ["dm:unknown", "dm:denied", reply_slot("bob", CHANNEL), "x:C1"])
def test_forged_fingerprint_leads_to_no_update(slot: str) -> None:
    """No message of this kind is updated, so each attempt would fail, and be repeated."""
    forged = PostedMessage(slot=slot, channel=CHANNEL, ts="1.0", fingerprint="forged")
    entry = announce(make_request()).with_message(forged)
    assert plan(make_request(), entry, (CHANNEL,), NOW, OUTLOOK).actions == ()


def test_requester_who_is_a_recipient_gets_the_card_beside_the_notice() -> None:
    """Both are in one DM channel."""
    notice = PostedMessage(slot=notice_slot(Notice.CREATED), channel="D1", ts="1")
    entry = Entry(card_model=trim_card_model(card_model(make_request()))).with_message(notice)
    assert plan(make_request(), entry, ("D1",), NOW, OUTLOOK).actions == (PostCard("D1"),)


def test_lost_message_is_searched_outside_of_threads_unless_it_is_a_reply() -> None:
    """A card and a notice can be in one channel. The card of a reply can be gone."""
    intents = (
        Intent(slot=notice_slot(Notice.DENIED), channel=CHANNEL, key="k", at=NOW),
        Intent(slot=reply_slot("bob", "C2"), channel="C2", key="l", at=NOW),
    )
    entry = announce(make_request()).with_intents(intents)
    made = plan(make_request(), entry, (CHANNEL,), NOW, OUTLOOK)
    assert made.actions == (RecoverMessage(intents[0], ""), RecoverMessage(intents[1], ""))


def test_reviews_by_names_with_one_stored_form_get_one_reply() -> None:
    """An entry contains the first 60 characters of a name."""
    authors = ("b" * 60 + end for end in ("x", "y"))
    voted = make_request(reviews=tuple(Review(each, RequestState.APPROVED) for each in authors))
    actions = plan(voted, announce(make_request()), (CHANNEL,), NOW, OUTLOOK).actions
    assert sum(isinstance(each, PostReply) for each in actions) == 1


def test_reply_shows_the_progress_after_its_review() -> None:
    """The progress of a deleted request is unknown."""
    voted = replace(
        VOTED,
        thresholds=(Threshold(approve=2, deny=1),),
        role_thresholds={"staging": ((0,),)},
        reviews=(Review("bob", RequestState.APPROVED, threshold_indexes=(0,)),),
    )
    texts = []
    for request, entry in (
        (voted, announce(make_request())),
        (None, announce(make_request()).with_card_model(card_model(voted))),
    ):
        actions = plan(request, entry, (CHANNEL,), NOW, OUTLOOK).actions
        texts += [each.progress_text for each in actions if isinstance(each, PostReply)]
    assert texts == ["1 of 2 approvals", ""]


def test_recipient_found_after_the_resolution_gets_the_card() -> None:
    entry = replace(announce(make_request()), recipients_incomplete=True)
    made = plan(make_request(state=RequestState.DENIED), entry, (CHANNEL, "C2"), NOW, OUTLOOK)
    assert PostCard("C2") in made.actions


def test_undelivered_card_of_a_deleted_request_is_posted() -> None:
    """Only its entry shows the channel. An undelivered notice leads to no card."""
    intents = (undelivered(card_slot("C2"), "C2"), undelivered(notice_slot(Notice.CREATED), "D1"))
    entry = announce(make_request()).with_intents(intents)
    made = plan(None, entry, (), NOW, OUTLOOK)
    assert [each for each in made.actions if isinstance(each, PostCard)] == [PostCard("C2")]


def test_undelivered_notice_leads_to_no_card_in_its_dm() -> None:
    """The requester can be a recipient, whose card was posted before."""
    entry = announce(make_request()).with_intents((undelivered(notice_slot(Notice.CREATED), "D1"),))
    denied = make_request(state=RequestState.DENIED)
    made = plan(denied, entry, (CHANNEL, "D1"), NOW, OUTLOOK)
    assert PostCard("D1") not in made.actions


def test_old_request_with_an_entry_is_not_skipped() -> None:
    """The entry shows that the bot announced it."""
    old = make_request(created=NOW - 30 * HOUR)
    context = replace(OUTLOOK, first_started=NOW)
    assert plan(old, announce(old), (CHANNEL,), NOW, context).actions == ()


def test_request_skipped_after_its_resolution_gets_no_notice() -> None:
    """Its requester learned of the outcome before the bot's first start."""
    denied = make_request(state=RequestState.DENIED)
    made = plan(denied, skipped(denied), (CHANNEL,), NOW, OUTLOOK)
    assert made.actions == ()
    assert made.card_model is not None
    assert made.card_model.status is Status.DENIED
