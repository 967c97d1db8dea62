"""Rules that decide which messages a request gets."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from notifications.notification_rules import (
    Details,
    Plan,
    PlanContext,
    PostCard,
    PostReply,
    RecoverMessage,
    SendNotice,
    SkipRequest,
    UpdateMessage,
    plan,
)
from notifications.records.entry import Entry, Intent, PostedMessage, entry_from_json
from notifications.records.slots import card_slot, notice_slot, reply_slot
from notifications.records.trim import trim_card_model
from notifications.slot_fingerprints import model_fingerprint, slot_fingerprint
from teleport_client.model.access_request import AccessRequest, RequestState, ResourceId, Review
from tests.strategies import moments, requests
from workspace.card_model.notice import Notice
from workspace.card_model.record import CardModel, CardReview
from workspace.card_model.status import Status
from workspace.requests.review_policy import ReviewMode, ReviewPolicy

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OUTLOOK = PlanContext()
CHANNEL = "C1"
_ROUNDS = 7
"""Rounds of up to a hundred replies, sixteen at a time."""


def make_request(**changes: object) -> AccessRequest:
    values: dict[str, object] = {
        "state": RequestState.PENDING,
        "created": NOW - HOUR,
        "expires": NOW + HOUR,
        "access_until": NOW + 2 * HOUR,
    } | changes
    return AccessRequest(id="i", user="alice", roles=("staging",), **values)  # type: ignore[arg-type]


def execute(made: Plan, entry: Entry | None) -> Entry | None:
    """Return the entry after all actions succeeded."""
    if made.card_model is None or not made.actions:
        return entry
    entry = (entry or Entry(card_model=trim_card_model(made.card_model))).with_card_model(
        made.card_model
    )
    for number, action in enumerate(made.actions):
        match action:
            case PostCard(channel):
                shown = PostedMessage(
                    slot=card_slot(channel), channel=channel, ts=f"{number}",
                    fingerprint=model_fingerprint(made.card_model),
                )  # fmt: skip
                entry = entry.with_message(shown)
            case UpdateMessage(message):
                fresh = message.with_fingerprint(slot_fingerprint(message.slot, made.card_model))
                entry = entry.with_message(fresh)
            case SendNotice(kind):
                slot = notice_slot(kind)
                entry = entry.with_message(
                    PostedMessage(
                        slot=slot,
                        channel="D",
                        ts="1",
                        fingerprint=slot_fingerprint(slot, made.card_model),
                    )
                )
            case PostReply(channel, _, vote, _):
                entry = entry.with_message(
                    PostedMessage(slot=reply_slot(vote.author, channel), channel=channel, ts="2")
                )
            case RecoverMessage(intent):
                entry = entry.mark_undelivered(intent.key)
            case SkipRequest():
                entry = replace(entry, skipped_at=NOW)
    return entry


def announce(request: AccessRequest, *channels: str) -> Entry:
    entry = execute(plan(request, None, channels or (CHANNEL,), NOW, OUTLOOK), None)
    assert entry is not None
    return entry


def test_new_request_gets_cards_and_a_notice() -> None:
    """Each channel gets one card, and the requester gets one DM."""
    made = plan(make_request(), None, ("C1", "C2", "C1"), NOW, OUTLOOK)
    assert made.actions == (PostCard("C1"), PostCard("C2"), SendNotice(Notice.CREATED))


def test_unchanged_request_needs_no_action() -> None:
    assert plan(make_request(), announce(make_request()), (CHANNEL,), NOW, OUTLOOK).actions == ()


def test_review_updates_the_card_and_posts_a_reply() -> None:
    """The requester gets no notice yet."""
    voted = make_request(reviews=(Review("bob", RequestState.APPROVED, "looks fine"),))
    edit, reply = plan(voted, announce(make_request()), (CHANNEL,), NOW, OUTLOOK).actions
    assert isinstance(edit, UpdateMessage)
    assert isinstance(reply, PostReply)
    assert (reply.channel, reply.thread_ts) == (CHANNEL, edit.message.ts)
    assert reply.review == CardReview("bob", RequestState.APPROVED, "looks fine")


def test_each_review_is_posted_once_under_each_card() -> None:
    """Cover also reviews older than the card."""
    bob, carol = (Review(name, RequestState.APPROVED) for name in ("bob", "carol"))
    entry = announce(make_request(reviews=(bob,)), "C1", "C2")
    both = make_request(reviews=(bob, carol))
    made = plan(both, entry, ("C1", "C2"), NOW, OUTLOOK)
    told = [(a.channel, a.review.author) for a in made.actions if isinstance(a, PostReply)]
    assert told == [("C1", "bob"), ("C1", "carol"), ("C2", "bob"), ("C2", "carol")]
    assert plan(both, execute(made, entry), ("C1", "C2"), NOW, OUTLOOK).actions == ()


def test_review_by_a_long_name_is_posted_once() -> None:
    """Once the request is deleted, only the truncated name is known."""
    voted = make_request(reviews=(Review("b" * 70, RequestState.APPROVED),))
    entry = announce(voted)
    told = execute(plan(voted, entry, (CHANNEL,), NOW, OUTLOOK), entry)
    gone = plan(None, told, (), NOW, OUTLOOK)
    assert not [action for action in gone.actions if isinstance(action, PostReply)]


def test_lost_reply_is_searched_in_its_thread() -> None:
    """It isn't posted again before the search has a result."""
    voted = make_request(reviews=(Review("bob", RequestState.APPROVED),))
    entry = announce(voted)
    intent = Intent(slot=reply_slot("bob", CHANNEL), channel=CHANNEL, key="k", at=NOW)
    (look,) = plan(voted, entry.with_intents((intent,)), (CHANNEL,), NOW, OUTLOOK).actions
    (card,) = (message for message in entry.messages if message.slot == card_slot(CHANNEL))
    assert look == RecoverMessage(intent, card.ts)
    owed = entry.with_intents((intent,)).mark_undelivered("k")
    (again,) = plan(voted, owed, (CHANNEL,), NOW, OUTLOOK).actions
    assert isinstance(again, PostReply)


def test_missing_card_gets_no_replies() -> None:
    voted = make_request(reviews=(Review("bob", RequestState.APPROVED),))
    card = PostedMessage(slot=card_slot(CHANNEL), channel=CHANNEL, ts="")
    entry = announce(voted).with_message(card)
    assert plan(voted, entry, (CHANNEL,), NOW, OUTLOOK).actions == ()


HOST = ResourceId("", "node", "0a1b")
NAMED = Details(host_names=MappingProxyType({"0a1b": "web-1"}))


def test_card_is_updated_when_a_host_name_becomes_known() -> None:
    """The card never waits for a host name."""
    request = make_request(resources=(HOST,))
    entry = announce(request)
    edit, *rest = plan(request, entry, (CHANNEL,), NOW, OUTLOOK, details=NAMED).actions
    assert isinstance(edit, UpdateMessage)
    assert rest == []


def test_card_keeps_host_names_while_they_are_looked_up() -> None:
    """After a restart no host name is known at first. The card must not flicker."""
    request = make_request(resources=(HOST,))
    named = plan(request, None, (CHANNEL,), NOW, OUTLOOK, details=NAMED)
    entry = execute(named, None)
    unnamed = plan(request, entry, (CHANNEL,), NOW, OUTLOOK)
    assert unnamed.card_model is not None
    assert unnamed.actions == ()
    assert plan(request, entry, (CHANNEL,), NOW, OUTLOOK, details=NAMED).actions == ()
    assert entry is not None
    kept = entry.with_card_model(unnamed.card_model)
    assert plan(request, kept, (CHANNEL,), NOW, OUTLOOK).actions == ()


def test_resolution_updates_messages_and_sends_a_notice() -> None:
    """The card and the first notice are updated. One new message contains the outcome."""
    for state, notice in (
        (RequestState.APPROVED, Notice.APPROVED),
        (RequestState.DENIED, Notice.DENIED),
        (RequestState.PROMOTED, Notice.PROMOTED),
    ):
        entry = announce(make_request())
        *edits, tell = plan(make_request(state=state), entry, (CHANNEL,), NOW, OUTLOOK).actions
        assert edits == [UpdateMessage(message) for message in entry.messages]
        assert len(edits) == len((card_slot(CHANNEL), notice_slot(Notice.CREATED)))
        assert tell == SendNotice(notice)


def test_first_notice_ignores_reviews_and_the_end_of_access() -> None:
    """It shows only whether the request waits, or its outcome."""
    voted = make_request(reviews=(Review("bob", RequestState.APPROVED),))
    approved = make_request(state=RequestState.APPROVED)
    for before, after, expired in ((make_request(), voted, False), (approved, approved, True)):
        entry = announce(make_request())
        entry = execute(plan(before, entry, (CHANNEL,), NOW, OUTLOOK), entry) or entry
        made = plan(after, entry, (CHANNEL,), NOW, OUTLOOK, expired=expired)
        assert notice_slot(Notice.CREATED) not in {
            action.slot for action in made.actions if isinstance(action, UpdateMessage)
        }


def test_first_notice_of_an_older_version_stays_unchanged() -> None:
    """A new version doesn't rewrite old cards either."""
    entry = announce(make_request())
    old = PostedMessage(slot=notice_slot(Notice.CREATED), channel="D", ts="1")
    made = plan(make_request(state=RequestState.DENIED), entry.with_message(old), (), NOW, OUTLOOK)
    assert UpdateMessage(old) not in made.actions


def test_request_resolved_before_its_turn_is_posted_once() -> None:
    """The card shows the resolution and has no buttons."""
    denied = make_request(state=RequestState.DENIED)
    made = plan(denied, None, (CHANNEL,), NOW, OUTLOOK)
    assert made.actions == (PostCard(CHANNEL), SendNotice(Notice.DENIED))
    assert made.card_model is not None
    assert made.card_model.status is Status.DENIED


def test_access_that_ended_before_its_turn_is_posted_once() -> None:
    """The bot was down for all of it. The second run has no actions left."""
    over = make_request(state=RequestState.APPROVED, access_until=NOW)
    made = plan(over, None, (CHANNEL,), NOW, OUTLOOK)
    assert made.actions == (PostCard(CHANNEL), SendNotice(Notice.APPROVED))
    assert plan(over, execute(made, None), (CHANNEL,), NOW, OUTLOOK).actions == ()


def test_resolution_after_expiry_is_shown() -> None:
    """Teleport accepts reviews of a request that it no longer lists."""
    entry = announce(make_request())
    made = plan(make_request(), entry, (CHANNEL,), NOW, OUTLOOK, expired=True)
    assert SendNotice(Notice.EXPIRED) in made.actions
    after = execute(made, entry)
    decided = plan(make_request(state=RequestState.APPROVED), after, (CHANNEL,), NOW, OUTLOOK)
    assert SendNotice(Notice.APPROVED) in decided.actions
    assert any(isinstance(action, UpdateMessage) for action in decided.actions)


@given(st.timedeltas(min_value=-9000 * HOUR, max_value=9000 * HOUR))
def test_clock_does_not_matter_while_teleport_lists_a_request(
    off: timedelta,
) -> None:
    for state in (RequestState.PENDING, RequestState.APPROVED):
        request = make_request(state=state)
        entry = execute(plan(request, None, (CHANNEL,), NOW, OUTLOOK), None)
        assert plan(request, entry, (CHANNEL,), NOW + off, OUTLOOK).actions == ()


def test_deleted_request_gets_its_last_card_from_the_ledger() -> None:
    """The entry contains the request's last state. The times show why the request is missing."""
    entry = announce(make_request())
    deleted = plan(None, entry, (), NOW, OUTLOOK)
    ran_out = plan(None, entry, (), NOW + 2 * HOUR, OUTLOOK)
    assert [made.card_model and made.card_model.status for made in (deleted, ran_out)] == [
        Status.DELETED,
        Status.EXPIRED,
    ]
    assert SendNotice(Notice.DELETED) in deleted.actions
    assert SendNotice(Notice.EXPIRED) in ran_out.actions


def test_deletion_of_a_denied_request_changes_nothing() -> None:
    """Teleport deletes it eventually. Its card is complete, even with long texts."""
    denied = make_request(state=RequestState.DENIED, reason="x" * 4000, resolve_reason="y" * 4000)
    entry = execute(plan(denied, announce(make_request()), (CHANNEL,), NOW, OUTLOOK),
                        announce(make_request()))  # fmt: skip
    assert plan(None, entry, (), NOW, OUTLOOK).actions == ()


def test_end_of_access_is_shown_without_another_message() -> None:
    """The card and the notice of the approval are updated."""
    approved = make_request(state=RequestState.APPROVED)
    entry = execute(plan(approved, announce(make_request()), (CHANNEL,), NOW, OUTLOOK),
                        announce(make_request()))  # fmt: skip
    actions = plan(approved, entry, (CHANNEL,), NOW, OUTLOOK, expired=True).actions
    updated = [each.slot for each in actions if isinstance(each, UpdateMessage)]
    assert updated == [card_slot(CHANNEL), notice_slot(Notice.APPROVED)]
    assert len(actions) == len(updated)


def test_channel_new_in_the_settings_gets_pending_requests() -> None:
    """It gets no resolved requests."""
    entry = announce(make_request())
    made = plan(make_request(), entry, (CHANNEL, "C9"), NOW, OUTLOOK)
    assert made.actions == (PostCard("C9"),)
    denied = plan(make_request(state=RequestState.DENIED), entry, (CHANNEL, "C9"), NOW, OUTLOOK)
    assert PostCard("C9") not in denied.actions


def test_open_intent_is_looked_up_before_other_actions() -> None:
    """An intent of a dead replica must not lead to a second message."""
    intent = Intent(slot=card_slot(CHANNEL), channel=CHANNEL, key="k", at=NOW)
    entry = Entry(card_model=trim_card_model(card_model(make_request()))).with_intents((intent,))
    made = plan(make_request(), entry, (CHANNEL,), NOW, OUTLOOK)
    assert made.actions[0] == RecoverMessage(intent)
    assert PostCard(CHANNEL) not in made.actions


def test_undelivered_card_is_posted_after_the_resolution() -> None:
    """Otherwise its channel would never see the request."""
    intent = Intent(slot=card_slot(CHANNEL), channel=CHANNEL, key="k", at=NOW)
    entry = (
        Entry(card_model=trim_card_model(card_model(make_request())))
        .with_intents((intent,))
        .mark_undelivered("k")
    )
    denied = plan(make_request(state=RequestState.DENIED), entry, (CHANNEL,), NOW, OUTLOOK)
    assert denied.actions == (PostCard(CHANNEL), SendNotice(Notice.DENIED))


def test_undelivered_card_needs_a_configured_recipient() -> None:
    """The entry isn't trusted for this, because other programs can write it."""
    card_model = plan(make_request(), None, ["C1"], NOW, OUTLOOK).card_model
    assert card_model
    intent = Intent(slot=card_slot("C2"), channel="C2", key="k", at=NOW, undelivered=True)
    entry = Entry(card_model=card_model, intents=(intent,))
    made = plan(make_request(state=RequestState.DENIED), entry, ["C1"], NOW, OUTLOOK)
    assert not any(isinstance(action, PostCard) for action in made.actions)


def test_card_addressed_by_name_counts_for_the_channel_id() -> None:
    """The bot can learn the ID later and must not post twice."""
    by_name = card_slot("#general")
    card_model = plan(make_request(), None, (), NOW, OUTLOOK).card_model
    assert card_model
    message = PostedMessage(
        slot=by_name, channel="C0GENERAL1", ts="1", fingerprint=model_fingerprint(card_model)
    )
    entry = Entry(card_model=trim_card_model(card_model)).with_message(message)
    for channel in ("#general", "C0GENERAL1"):
        assert plan(make_request(), entry, (channel,), NOW, OUTLOOK).actions == (
            SendNotice(Notice.CREATED),
        )
    voted = make_request(reviews=(Review("bob", RequestState.APPROVED),))
    edit, _, reply = plan(voted, entry, ("C0GENERAL1",), NOW, OUTLOOK).actions
    assert edit == UpdateMessage(message)
    assert isinstance(reply, PostReply)
    assert (reply.channel, reply.thread_ts) == ("C0GENERAL1", "1")


def test_readdress_entry_posts_each_card_once() -> None:
    """The card is posted by ID and at once, because the bot is now in the channel."""
    at = {"key": "k", "at": NOW, "undelivered": True, "retry_at": NOW + HOUR}
    intents = (
        Intent(slot=card_slot("#general"), channel="#general", **at),  # type: ignore[arg-type]
        Intent(slot=card_slot("C0GENERAL1"), channel="C0GENERAL1", **at),  # type: ignore[arg-type]
        Intent(slot=notice_slot(Notice.CREATED), channel="D0ALICE001", **at),  # type: ignore[arg-type]
    )
    card_model = plan(make_request(), None, (), NOW, OUTLOOK).card_model
    assert card_model
    entry = Entry(card_model=trim_card_model(card_model), intents=intents).readdress(
        {"#general": "C0GENERAL1"}
    )
    assert [each.slot for each in entry.intents] == ["card:C0GENERAL1", "dm:created"]
    assert entry.intents[0].retry_at is None
    assert entry.intents[1].retry_at == NOW + HOUR


def test_recorded_resolution_survives_an_outdated_writer() -> None:
    """A former lease holder can write its entry after the new one."""
    waiting = plan(make_request(), None, [], NOW, OUTLOOK).card_model
    denied = plan(make_request(state=RequestState.DENIED), None, [], NOW, OUTLOOK).card_model
    late = plan(make_request(), None, [], NOW, OUTLOOK, expired=True).card_model
    assert waiting
    assert denied
    assert late
    entry = Entry(card_model=waiting).with_card_model(denied)
    assert entry.with_card_model(waiting) == entry.with_card_model(late) == entry
    assert Entry(card_model=late).with_card_model(denied) == Entry(
        card_model=trim_card_model(denied)
    )


def test_link_of_a_deleted_request_leads_to_teleport() -> None:
    """The address in the entry is ignored."""
    card_model = plan(make_request(), None, [], NOW, OUTLOOK).card_model
    assert card_model
    entry = Entry(card_model=replace(card_model, request_url="https://elsewhere.example/i"))
    context = replace(OUTLOOK, request_url_base="https://teleport.example/requests/")
    for each, page in ((OUTLOOK, ""), (context, "https://teleport.example/requests/i")):
        shown = plan(None, entry, [], NOW, each).card_model
        assert shown
        assert shown.request_url == page


def test_message_without_a_timestamp_is_left_alone() -> None:
    """Slack never accepted it, so the plan neither updates it nor posts it again."""
    entry = Entry(
        card_model=trim_card_model(card_model(make_request())),
        messages=(
            PostedMessage(slot=card_slot(CHANNEL), channel=CHANNEL, ts=""),
            PostedMessage(slot=notice_slot(Notice.CREATED), channel="", ts=""),
        ),
    )
    assert plan(make_request(), entry, (CHANNEL,), NOW, OUTLOOK).actions == ()


def test_first_start_skips_old_requests() -> None:
    """Old means pending for a day or more, or resolved and unchanged for an hour."""
    first = replace(OUTLOOK, first_started=NOW)
    old = make_request(created=NOW - 30 * HOUR)
    decided = make_request(created=NOW - 3 * HOUR, state=RequestState.DENIED)
    reviewed = replace(
        decided, reviews=(Review("bob", RequestState.DENIED, created=NOW - HOUR / 2),)
    )
    made_later = make_request(created=NOW + HOUR)
    planned = [plan(each, None, (CHANNEL,), NOW, first).actions for each in (old, decided)]
    assert planned == [(SkipRequest(),), (SkipRequest(),)]
    for each in (make_request(), reviewed, made_later):
        assert PostCard(CHANNEL) in plan(each, None, (CHANNEL,), NOW, first).actions


def test_later_start_announces_old_requests() -> None:
    """Requests that arrive while the bot is down aren't lost."""
    old = make_request(created=NOW - timedelta(days=5))
    assert PostCard(CHANNEL) in plan(old, None, (CHANNEL,), NOW, OUTLOOK).actions


def test_skipped_request_gets_only_an_outcome_notice() -> None:
    """It was pending before the bot was installed. The requester still needs the outcome."""
    entry = Entry(card_model=trim_card_model(card_model(make_request())), skipped_at=NOW)
    assert plan(make_request(), entry, (CHANNEL,), NOW, OUTLOOK).actions == ()
    approved = plan(make_request(state=RequestState.APPROVED), entry, (CHANNEL,), NOW, OUTLOOK)
    assert approved.actions == (SendNotice(Notice.APPROVED),)


def test_unknown_request_needs_no_action() -> None:
    assert plan(None, None, (CHANNEL,), NOW, OUTLOOK) == Plan(None)


channels = st.lists(st.sampled_from(["C1", "C2", "C3"]), max_size=3).map(tuple)
outlooks = st.builds(
    PlanContext,
    first_started=st.none() | moments,
    review_policy=st.builds(ReviewPolicy, mode=st.sampled_from(ReviewMode)),
)


@given(requests(), channels, moments, outlooks)
def test_executed_plan_leaves_no_actions(
    request: AccessRequest, to: tuple[str, ...], now: datetime, context: PlanContext
) -> None:
    """Cards come first, then the messages that depend on them. The plan never loops."""
    entry = execute(plan(request, None, to, now, context), None)
    for _ in range(_ROUNDS):
        hanging = plan(request, entry, to, now, context)
        assert all(isinstance(action, PostReply) for action in hanging.actions)
        entry = execute(hanging, entry)
    assert plan(request, entry, to, now, context).actions == ()
    gone = plan(None, entry, (), now, context)
    assert plan(None, execute(gone, entry), (), now, context).actions == ()


@given(st.lists(requests(), min_size=2, max_size=5), channels, moments)
def test_each_message_is_posted_once_through_all_changes(
    versions: list[AccessRequest], to: tuple[str, ...], now: datetime
) -> None:
    """A request can change in any order."""
    entry: Entry | None = None
    filled: list[object] = []
    for version in versions:
        made = plan(replace(version, id="i", user="alice"), entry, to, now, OUTLOOK)
        filled += [action for action in made.actions if isinstance(action, PostCard | SendNotice)]
        filled += [
            (action.channel, action.review.author)
            for action in made.actions
            if isinstance(action, PostReply)
        ]
        entry = execute(made, entry)
    assert len(filled) == len(set(filled))


@given(requests(), moments)
def test_entry_stays_small_and_survives_encoding(request: AccessRequest, now: datetime) -> None:
    """The longest texts stay below Teleport's hard limit."""
    entry = execute(plan(request, None, ("C1", "C2"), now, OUTLOOK), None)
    assert entry is not None
    text = entry.to_json()
    assert entry_from_json(text) == entry
    assert len(text) < 32 * 1024


def card_model(request: AccessRequest) -> CardModel:
    made = plan(request, None, (), NOW, OUTLOOK)
    assert made.card_model is not None
    return made.card_model
