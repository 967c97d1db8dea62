"""Limits of a plan: ages, numbers of replies and of reviewers' DMs, and the actions' slots."""

from dataclasses import replace
from datetime import timedelta

import pytest

from notifications.notification_rules import (
    PlanContext,
    PostCard,
    PostReply,
    RecoverMessage,
    SendNotice,
    UpdateMessage,
    current_card_model,
    has_card,
    plan,
    should_skip,
)
from notifications.records.entry import Entry, Intent, PostedMessage
from notifications.records.slots import card_slot, notice_slot, reply_slot
from notifications.records.trim import trim_card_model
from notifications.slot_fingerprints import slot_fingerprint
from teleport_client.model.access_request import AccessRequest, RequestState, Review
from tests.unit.notifications.test_plan import (
    CHANNEL,
    HOUR,
    NOW,
    OUTLOOK,
    announce,
    execute,
    make_request,
)
from workspace.card_model.notice import Notice
from workspace.card_model.record import CardReview
from workspace.card_model.status import Status

FIRST_START = replace(OUTLOOK, first_started=NOW)
MOMENT = timedelta(seconds=1)


def reviewed(*moments: timedelta | None) -> AccessRequest:
    """Return a denied request of yesterday, reviewed so long before NOW."""
    reviews = tuple(
        Review(f"r{i}", RequestState.DENIED, created=None if each is None else NOW - each)
        for i, each in enumerate(moments)
    )
    return make_request(state=RequestState.DENIED, created=NOW - 20 * HOUR, reviews=reviews)


@pytest.mark.parametrize(
    ("request_", "skipped"),
    [
        (make_request(created=None), False),
        (make_request(created=NOW - 24 * HOUR), False),
        (make_request(created=NOW - 24 * HOUR - MOMENT), True),
        (reviewed(HOUR), False),
        (reviewed(HOUR + MOMENT), True),
        (reviewed(HOUR / 2, 10 * HOUR), False),
        (reviewed(None), True),
        (reviewed(), True),
    ],
)
def test_first_start_skips_requests_beyond_the_age_limit(
    request_: AccessRequest, skipped: bool
) -> None:
    assert should_skip(request_, NOW, FIRST_START) is skipped


def test_request_created_at_the_first_start_is_not_skipped() -> None:
    made = make_request(created=NOW)
    assert not should_skip(made, NOW + 48 * HOUR, FIRST_START)


def test_one_plan_posts_sixteen_replies_of_a_hundred() -> None:
    """An entry contains each reply, so their number is limited."""
    reviews = tuple(Review(f"r{i}", RequestState.APPROVED) for i in range(12))
    voted = make_request(reviews=reviews)
    channels = tuple(f"C{i}" for i in range(9))
    entry: Entry | None = announce(voted, *channels)
    counts = []
    for _ in range(8):
        made = plan(voted, entry, channels, NOW, OUTLOOK)
        counts.append(sum(isinstance(each, PostReply) for each in made.actions))
        entry = execute(made, entry)
    assert counts == [16, 16, 16, 16, 16, 16, 4, 0]


def test_reply_has_no_model_that_could_become_outdated() -> None:
    model = current_card_model(make_request(), OUTLOOK)
    slots = (reply_slot("bob", CHANNEL), notice_slot(Notice.APPROVED))
    assert [slot_fingerprint(slot, model) for slot in slots] == ["", ""]


@pytest.mark.parametrize("end", [Status.ACCESS_ENDED, Status.DELETED_APPROVED])
def test_end_of_access_updates_the_notice_about_the_approval_once(end: Status) -> None:
    """Its record has no fingerprint until then, as in entries of earlier versions."""
    approved = make_request(state=RequestState.APPROVED)
    entry = announce(approved)
    (told,) = [each for each in entry.messages if each.slot == notice_slot(Notice.APPROVED)]
    assert told.fingerprint == ""
    gone = end is Status.DELETED_APPROVED
    later = (None if gone else approved, entry, (CHANNEL,), NOW, OUTLOOK)
    made = plan(*later, expired=not gone)
    assert UpdateMessage(told) in made.actions
    assert plan(later[0], execute(made, entry), *later[2:], expired=not gone).actions == ()


@pytest.mark.parametrize(
    ("state", "more", "messaged"),
    [
        (RequestState.PENDING, 1, (2, 3)),
        (RequestState.PENDING, 0, (0, 0)),
        (RequestState.DENIED, 1, (0, 0)),
    ],
)
def test_card_of_a_pending_request_shows_that_reviewers_get_no_dm(
    state: RequestState, more: int, messaged: tuple[int, int]
) -> None:
    made = make_request(state=state, suggested_reviewers=("bob", "carol"), more_reviewers=more)
    context = PlanContext(reviewer_messages=2)
    assert current_card_model(made, context).messaged == messaged


def test_request_counts_as_listed_unless_it_expired() -> None:
    model = current_card_model(make_request(), OUTLOOK)
    assert (model.status, model.request_url) == (Status.WAITING, "")


def test_action_occupies_the_slot_of_its_message() -> None:
    """A message in flight is recognized by its slot."""
    message = PostedMessage(slot=card_slot(CHANNEL), channel=CHANNEL, ts="1")
    intent = Intent(slot=card_slot("C2"), channel="C2", key="k", at=NOW)
    review = CardReview("bob", RequestState.APPROVED)
    assert [
        PostCard(CHANNEL).slot,
        UpdateMessage(message).slot,
        SendNotice(Notice.CREATED).slot,
        PostReply(CHANNEL, "1", review, "").slot,
        RecoverMessage(intent).slot,
    ] == [
        "card:C1",
        "card:C1",
        "dm:created",
        reply_slot("bob", CHANNEL),
        "card:C2",
    ]


def test_only_a_card_counts_as_the_card_of_a_request() -> None:
    model = trim_card_model(current_card_model(make_request(), OUTLOOK))
    notice = PostedMessage(slot=notice_slot(Notice.CREATED), channel="D", ts="1")
    card = PostedMessage(slot=card_slot(CHANNEL), channel=CHANNEL, ts="1")
    entry = Entry(card_model=model).with_message(notice)
    assert [has_card(each) for each in (None, entry, entry.with_message(card))] == [
        False,
        False,
        True,
    ]
