"""The rules of what is shown to whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from notifications.plan import (
    Details,
    Plan,
    PlanContext,
    PostCard,
    PostReply,
    RecoverMessage,
    SendNotice,
    SkipRequest,
    UpdateMessage,
    card_slot,
    model_fingerprint,
    notice_slot,
    plan,
    reply_slot,
    shown_in,
)
from notifications.records.entry import Entry, Intent, PostedMessage, trimmed
from teleport_client.model.access_request import AccessRequest, RequestState, ResourceId, Review
from tests.strategies import moments, requests
from workspace.requests.review_policy import ReviewMode, ReviewPolicy
from workspace.views.card import CardModel, CardReview
from workspace.views.notices import Notice
from workspace.views.parts.status import Status

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OUTLOOK = PlanContext()
CHANNEL = "C1"
_ROUNDS = 7
"""In which up to a hundred replies are told, sixteen at a time."""


def asked(**changes: object) -> AccessRequest:
    values: dict[str, object] = {
        "state": RequestState.PENDING,
        "created": NOW - HOUR,
        "expires": NOW + HOUR,
        "access_until": NOW + 2 * HOUR,
    } | changes
    return AccessRequest(id="i", user="alice", roles=("staging",), **values)  # type: ignore[arg-type]


def carried_out(made: Plan, entry: Entry | None) -> Entry | None:
    """The entry after all went well."""
    if made.face is None or not made.actions:
        return entry
    entry = (entry or Entry(face=trimmed(made.face))).with_face(made.face)
    for number, action in enumerate(made.actions):
        match action:
            case PostCard(channel):
                shown = PostedMessage(
                    slot=card_slot(channel), channel=channel, ts=f"{number}",
                    face=model_fingerprint(made.face),
                )  # fmt: skip
                entry = entry.with_message(shown)
            case UpdateMessage(message):
                fresh = message.model_copy(update={"face": shown_in(message.slot, made.face)})
                entry = entry.with_message(fresh)
            case SendNotice(kind):
                slot = notice_slot(kind)
                entry = entry.with_message(
                    PostedMessage(slot=slot, channel="D", ts="1", face=shown_in(slot, made.face))
                )
            case PostReply(channel, _, vote, _):
                entry = entry.with_message(
                    PostedMessage(slot=reply_slot(vote.author, channel), channel=channel, ts="2")
                )
            case RecoverMessage(intent):
                entry = entry.mark_undelivered(intent.key)
            case SkipRequest():
                entry = entry.model_copy(update={"passed_over": NOW})
    return entry


def announced(request: AccessRequest, *channels: str) -> Entry:
    entry = carried_out(plan(request, None, channels or (CHANNEL,), NOW, OUTLOOK), None)
    assert entry is not None
    return entry


def test_a_new_request_is_announced_and_its_requester_told() -> None:
    """A card in each channel, once, and one direct message."""
    made = plan(asked(), None, ("C1", "C2", "C1"), NOW, OUTLOOK)
    assert made.actions == (PostCard("C1"), PostCard("C2"), SendNotice(Notice.CREATED))


def test_nothing_changed_means_nothing_to_do() -> None:
    """However often it is looked at."""
    assert plan(asked(), announced(asked()), (CHANNEL,), NOW, OUTLOOK).actions == ()


def test_a_vote_redraws_the_card_and_is_told_in_its_thread() -> None:
    """And tells the requester nothing yet."""
    voted = asked(reviews=(Review("bob", RequestState.APPROVED, "looks fine"),))
    edit, reply = plan(voted, announced(asked()), (CHANNEL,), NOW, OUTLOOK).actions
    assert isinstance(edit, UpdateMessage)
    assert isinstance(reply, PostReply)
    assert (reply.channel, reply.thread_ts) == (CHANNEL, edit.message.ts)
    assert reply.vote == CardReview("bob", RequestState.APPROVED, "looks fine")


def test_each_review_is_told_once_under_each_card() -> None:
    """Also one that was there before the card."""
    bob, carol = (Review(name, RequestState.APPROVED) for name in ("bob", "carol"))
    entry = announced(asked(reviews=(bob,)), "C1", "C2")
    both = asked(reviews=(bob, carol))
    made = plan(both, entry, ("C1", "C2"), NOW, OUTLOOK)
    told = [(a.channel, a.vote.author) for a in made.actions if isinstance(a, PostReply)]
    assert told == [("C1", "bob"), ("C1", "carol"), ("C2", "bob"), ("C2", "carol")]
    assert plan(both, carried_out(made, entry), ("C1", "C2"), NOW, OUTLOOK).actions == ()


def test_a_review_of_somebody_with_a_long_name_is_told_once_too() -> None:
    """Once the request is gone, only the cut name is known."""
    voted = asked(reviews=(Review("b" * 70, RequestState.APPROVED),))
    entry = announced(voted)
    told = carried_out(plan(voted, entry, (CHANNEL,), NOW, OUTLOOK), entry)
    gone = plan(None, told, (), NOW, OUTLOOK)
    assert not [action for action in gone.actions if isinstance(action, PostReply)]


def test_a_lost_reply_is_looked_for_in_its_thread() -> None:
    """And not told a second time before that is known."""
    voted = asked(reviews=(Review("bob", RequestState.APPROVED),))
    entry = announced(voted)
    intent = Intent(slot=reply_slot("bob", CHANNEL), channel=CHANNEL, key="k", at=NOW)
    (look,) = plan(voted, entry.with_intents((intent,)), (CHANNEL,), NOW, OUTLOOK).actions
    (card,) = (message for message in entry.messages if message.slot == card_slot(CHANNEL))
    assert look == RecoverMessage(intent, card.ts)
    owed = entry.with_intents((intent,)).mark_undelivered("k")
    (again,) = plan(voted, owed, (CHANNEL,), NOW, OUTLOOK).actions
    assert isinstance(again, PostReply)


def test_under_a_card_that_is_not_there_nothing_is_told() -> None:
    """Nobody could be shown it."""
    voted = asked(reviews=(Review("bob", RequestState.APPROVED),))
    card = PostedMessage(slot=card_slot(CHANNEL), channel=CHANNEL, ts="")
    entry = announced(voted).with_message(card)
    assert plan(voted, entry, (CHANNEL,), NOW, OUTLOOK).actions == ()


HOST = ResourceId("", "node", "0a1b")
NAMED = Details(host_names=MappingProxyType({"0a1b": "web-1"}))


def test_a_card_follows_when_a_host_name_becomes_known() -> None:
    """It never waits for one."""
    request = asked(resources=(HOST,))
    entry = announced(request)
    edit, *rest = plan(request, entry, (CHANNEL,), NOW, OUTLOOK, details=NAMED).actions
    assert isinstance(edit, UpdateMessage)
    assert rest == []


def test_a_card_with_host_names_stays_while_they_are_looked_up_again() -> None:
    """After a restart none is known at first, and a card is not to flicker."""
    request = asked(resources=(HOST,))
    named = plan(request, None, (CHANNEL,), NOW, OUTLOOK, details=NAMED)
    entry = carried_out(named, None)
    unnamed = plan(request, entry, (CHANNEL,), NOW, OUTLOOK)
    assert unnamed.face is not None
    assert unnamed.actions == ()
    assert plan(request, entry, (CHANNEL,), NOW, OUTLOOK, details=NAMED).actions == ()
    assert entry is not None
    kept = entry.with_face(unnamed.face)
    assert plan(request, kept, (CHANNEL,), NOW, OUTLOOK).actions == ()


def test_a_decision_redraws_what_said_that_it_waits_and_tells_the_requester() -> None:
    """The card and the first notice are edited; one new message has the outcome."""
    for state, notice in (
        (RequestState.APPROVED, Notice.APPROVED),
        (RequestState.DENIED, Notice.DENIED),
        (RequestState.PROMOTED, Notice.PROMOTED),
    ):
        entry = announced(asked())
        *edits, tell = plan(asked(state=state), entry, (CHANNEL,), NOW, OUTLOOK).actions
        assert edits == [UpdateMessage(message) for message in entry.messages]
        assert len(edits) == len((card_slot(CHANNEL), notice_slot(Notice.CREATED)))
        assert tell == SendNotice(notice)


def test_a_vote_or_the_end_of_access_leaves_the_first_notice_as_it_is() -> None:
    """It says no more than whether the request waits, or which outcome it has."""
    voted = asked(reviews=(Review("bob", RequestState.APPROVED),))
    approved = asked(state=RequestState.APPROVED)
    for before, after, expired in ((asked(), voted, False), (approved, approved, True)):
        entry = announced(asked())
        entry = carried_out(plan(before, entry, (CHANNEL,), NOW, OUTLOOK), entry) or entry
        made = plan(after, entry, (CHANNEL,), NOW, OUTLOOK, expired=expired)
        assert notice_slot(Notice.CREATED) not in {
            action.slot for action in made.actions if isinstance(action, UpdateMessage)
        }


def test_a_first_notice_of_before_it_was_kept_up_to_date_stays_as_it_is() -> None:
    """Like cards, which a new version does not rewrite either."""
    entry = announced(asked())
    old = PostedMessage(slot=notice_slot(Notice.CREATED), channel="D", ts="1")
    made = plan(asked(state=RequestState.DENIED), entry.with_message(old), (), NOW, OUTLOOK)
    assert UpdateMessage(old) not in made.actions


def test_a_request_that_was_decided_before_its_turn_is_posted_once_as_decided() -> None:
    """Nobody is asked to decide it any more, yet it is announced."""
    denied = asked(state=RequestState.DENIED)
    made = plan(denied, None, (CHANNEL,), NOW, OUTLOOK)
    assert made.actions == (PostCard(CHANNEL), SendNotice(Notice.DENIED))
    assert made.face is not None
    assert made.face.status is Status.DENIED


def test_access_that_came_and_went_before_its_turn_is_shown_and_told_once() -> None:
    """The bot was away for all of it; the second look finds nothing left to do."""
    over = asked(state=RequestState.APPROVED, access_until=NOW)
    made = plan(over, None, (CHANNEL,), NOW, OUTLOOK)
    assert made.actions == (PostCard(CHANNEL), SendNotice(Notice.APPROVED))
    assert plan(over, carried_out(made, None), (CHANNEL,), NOW, OUTLOOK).actions == ()


def test_expired_request_is_shown_and_a_later_resolution_too() -> None:
    """Teleport takes reviews of a request that it no longer lists."""
    entry = announced(asked())
    made = plan(asked(), entry, (CHANNEL,), NOW, OUTLOOK, expired=True)
    assert SendNotice(Notice.EXPIRED) in made.actions
    after = carried_out(made, entry)
    decided = plan(asked(state=RequestState.APPROVED), after, (CHANNEL,), NOW, OUTLOOK)
    assert SendNotice(Notice.APPROVED) in decided.actions
    assert any(isinstance(action, UpdateMessage) for action in decided.actions)


@given(st.timedeltas(min_value=-9000 * HOUR, max_value=9000 * HOUR))
def test_plan_concludes_nothing_from_the_clock_while_teleport_lists_the_request(
    off: timedelta,
) -> None:
    """However far off it is."""
    for state in (RequestState.PENDING, RequestState.APPROVED):
        request = asked(state=state)
        entry = carried_out(plan(request, None, (CHANNEL,), NOW, OUTLOOK), None)
        assert plan(request, entry, (CHANNEL,), NOW + off, OUTLOOK).actions == ()


def test_a_request_that_is_gone_gets_its_last_card_from_the_ledger() -> None:
    """What it was is known from the entry, why it went from the times."""
    entry = announced(asked())
    deleted = plan(None, entry, (), NOW, OUTLOOK)
    ran_out = plan(None, entry, (), NOW + 2 * HOUR, OUTLOOK)
    assert [made.face and made.face.status for made in (deleted, ran_out)] == [
        Status.DELETED,
        Status.EXPIRED,
    ]
    assert SendNotice(Notice.DELETED) in deleted.actions
    assert SendNotice(Notice.EXPIRED) in ran_out.actions


def test_the_end_of_a_denied_request_changes_nothing() -> None:
    """Teleport forgets it some day; its card has said all there is, however long its texts."""
    denied = asked(state=RequestState.DENIED, reason="x" * 4000, resolve_reason="y" * 4000)
    entry = carried_out(plan(denied, announced(asked()), (CHANNEL,), NOW, OUTLOOK),
                        announced(asked()))  # fmt: skip
    assert plan(None, entry, (), NOW, OUTLOOK).actions == ()


def test_the_end_of_access_is_shown_without_another_message() -> None:
    """The approval already said when it ends."""
    approved = asked(state=RequestState.APPROVED)
    entry = carried_out(plan(approved, announced(asked()), (CHANNEL,), NOW, OUTLOOK),
                        announced(asked()))  # fmt: skip
    (action,) = plan(approved, entry, (CHANNEL,), NOW, OUTLOOK, expired=True).actions
    assert isinstance(action, UpdateMessage)


def test_a_channel_that_is_new_in_the_settings_gets_what_still_waits() -> None:
    """And nothing that is decided."""
    entry = announced(asked())
    made = plan(asked(), entry, (CHANNEL, "C9"), NOW, OUTLOOK)
    assert made.actions == (PostCard("C9"),)
    denied = plan(asked(state=RequestState.DENIED), entry, (CHANNEL, "C9"), NOW, OUTLOOK)
    assert PostCard("C9") not in denied.actions


def test_what_was_left_open_is_found_out_before_anything_else() -> None:
    """An intent of a replica that died must not become a second message."""
    intent = Intent(slot=card_slot(CHANNEL), channel=CHANNEL, key="k", at=NOW)
    entry = Entry(face=trimmed(face(asked()))).with_intents((intent,))
    made = plan(asked(), entry, (CHANNEL,), NOW, OUTLOOK)
    assert made.actions[0] == RecoverMessage(intent)
    assert PostCard(CHANNEL) not in made.actions


def test_a_card_that_never_got_there_is_owed_even_after_the_decision() -> None:
    """Its channel would not know that there was a request at all."""
    intent = Intent(slot=card_slot(CHANNEL), channel=CHANNEL, key="k", at=NOW)
    entry = Entry(face=trimmed(face(asked()))).with_intents((intent,)).mark_undelivered("k")
    denied = plan(asked(state=RequestState.DENIED), entry, (CHANNEL,), NOW, OUTLOOK)
    assert denied.actions == (PostCard(CHANNEL), SendNotice(Notice.DENIED))


def test_a_card_is_owed_to_nobody_whom_the_request_is_not_for() -> None:
    """Whatever its record says; others may write there."""
    face = plan(asked(), None, ["C1"], NOW, OUTLOOK).face
    assert face
    intent = Intent(slot=card_slot("C2"), channel="C2", key="k", at=NOW, owed=True)
    entry = Entry(face=face, intents=(intent,))
    made = plan(asked(state=RequestState.DENIED), entry, ["C1"], NOW, OUTLOOK)
    assert not any(isinstance(action, PostCard) for action in made.actions)


def test_card_that_was_addressed_by_name_fills_the_channel_with_its_id() -> None:
    """The bot may learn the ID later, and posts nothing twice."""
    by_name = card_slot("#general")
    face = plan(asked(), None, (), NOW, OUTLOOK).face
    assert face
    message = PostedMessage(
        slot=by_name, channel="C0GENERAL1", ts="1", face=model_fingerprint(face)
    )
    entry = Entry(face=trimmed(face)).with_message(message)
    for channel in ("#general", "C0GENERAL1"):
        assert plan(asked(), entry, (channel,), NOW, OUTLOOK).actions == (
            SendNotice(Notice.CREATED),
        )
    voted = asked(reviews=(Review("bob", RequestState.APPROVED),))
    edit, _, reply = plan(voted, entry, ("C0GENERAL1",), NOW, OUTLOOK).actions
    assert edit == UpdateMessage(message)
    assert isinstance(reply, PostReply)
    assert (reply.channel, reply.thread_ts) == ("C0GENERAL1", "1")


def test_readdressed_entry_owes_each_card_once() -> None:
    """By ID, and at once: the bot is in the channel now."""
    at = {"key": "k", "at": NOW, "owed": True, "rest_until": NOW + HOUR}
    intents = (
        Intent(slot=card_slot("#general"), channel="#general", **at),  # type: ignore[arg-type]
        Intent(slot=card_slot("C0GENERAL1"), channel="C0GENERAL1", **at),  # type: ignore[arg-type]
        Intent(slot=notice_slot(Notice.CREATED), channel="D0ALICE001", **at),  # type: ignore[arg-type]
    )
    face = plan(asked(), None, (), NOW, OUTLOOK).face
    assert face
    entry = Entry(face=trimmed(face), intents=intents).readdressed({"#general": "C0GENERAL1"})
    assert [each.slot for each in entry.intents] == ["card:C0GENERAL1", "dm:created"]
    assert entry.intents[0].rest_until is None
    assert entry.intents[1].rest_until == NOW + HOUR


def test_a_decision_on_record_outlives_whoever_saw_less() -> None:
    """As a holder that lost the lease, and notes last what it has edited."""
    waiting = plan(asked(), None, [], NOW, OUTLOOK).face
    denied = plan(asked(state=RequestState.DENIED), None, [], NOW, OUTLOOK).face
    late = plan(asked(), None, [], NOW, OUTLOOK, expired=True).face
    assert waiting
    assert denied
    assert late
    entry = Entry(face=waiting).with_face(denied)
    assert entry.with_face(waiting) == entry.with_face(late) == entry
    assert Entry(face=late).with_face(denied) == Entry(face=trimmed(denied))


def test_the_page_of_a_request_that_is_gone_is_teleports() -> None:
    """Whatever address its record names."""
    face = plan(asked(), None, [], NOW, OUTLOOK).face
    assert face
    entry = Entry(face=replace(face, page="https://elsewhere.example/i"))
    context = replace(OUTLOOK, request_url_base="https://teleport.example/requests/")
    for each, page in ((OUTLOOK, ""), (context, "https://teleport.example/requests/i")):
        shown = plan(None, entry, [], NOW, each).face
        assert shown
        assert shown.page == page


def test_a_message_that_slack_never_took_is_left_alone() -> None:
    """Without a ts there is nothing to edit, and nothing is posted again."""
    entry = Entry(
        face=trimmed(face(asked())),
        messages=(
            PostedMessage(slot=card_slot(CHANNEL), channel=CHANNEL, ts=""),
            PostedMessage(slot=notice_slot(Notice.CREATED), channel="", ts=""),
        ),
    )
    assert plan(asked(), entry, (CHANNEL,), NOW, OUTLOOK).actions == ()


def test_the_first_start_passes_over_what_is_old() -> None:
    """Pending ones of a day and more, and decided ones untouched for an hour; newer ones not."""
    first = replace(OUTLOOK, first_started=NOW)
    old = asked(created=NOW - 30 * HOUR)
    decided = asked(created=NOW - 3 * HOUR, state=RequestState.DENIED)
    reviewed = replace(
        decided, reviews=(Review("bob", RequestState.DENIED, created=NOW - HOUR / 2),)
    )
    made_later = asked(created=NOW + HOUR)
    planned = [plan(each, None, (CHANNEL,), NOW, first).actions for each in (old, decided)]
    assert planned == [(SkipRequest(),), (SkipRequest(),)]
    for each in (asked(), reviewed, made_later):
        assert PostCard(CHANNEL) in plan(each, None, (CHANNEL,), NOW, first).actions


def test_at_a_later_start_a_request_is_announced_however_old() -> None:
    """Nothing is lost while the bot is away."""
    old = asked(created=NOW - timedelta(days=5))
    assert PostCard(CHANNEL) in plan(old, None, (CHANNEL,), NOW, OUTLOOK).actions


def test_a_request_passed_over_gets_no_card_but_its_requester_hears_the_outcome() -> None:
    """It was waiting before the bot came; the person still wants to know."""
    entry = Entry(face=trimmed(face(asked())), passed_over=NOW)
    assert plan(asked(), entry, (CHANNEL,), NOW, OUTLOOK).actions == ()
    approved = plan(asked(state=RequestState.APPROVED), entry, (CHANNEL,), NOW, OUTLOOK)
    assert approved.actions == (SendNotice(Notice.APPROVED),)


def test_nothing_is_known_of_an_unknown_request() -> None:
    """Neither Teleport nor the ledger has it."""
    assert plan(None, None, (CHANNEL,), NOW, OUTLOOK) == Plan(None)


channels = st.lists(st.sampled_from(["C1", "C2", "C3"]), max_size=3).map(tuple)
outlooks = st.builds(
    PlanContext,
    first_started=st.none() | moments,
    deciding=st.builds(ReviewPolicy, mode=st.sampled_from(ReviewMode)),
)


@given(requests(), channels, moments, outlooks)
def test_a_plan_carried_out_leaves_nothing_to_do(
    request: AccessRequest, to: tuple[str, ...], now: datetime, context: PlanContext
) -> None:
    """Whatever the request is like: cards, then what hangs on them, and nothing in a loop."""
    entry = carried_out(plan(request, None, to, now, context), None)
    for _ in range(_ROUNDS):
        hanging = plan(request, entry, to, now, context)
        assert all(isinstance(action, PostReply) for action in hanging.actions)
        entry = carried_out(hanging, entry)
    assert plan(request, entry, to, now, context).actions == ()
    gone = plan(None, entry, (), now, context)
    assert plan(None, carried_out(gone, entry), (), now, context).actions == ()


@given(st.lists(requests(), min_size=2, max_size=5), channels, moments)
def test_through_all_changes_each_message_is_posted_once(
    versions: list[AccessRequest], to: tuple[str, ...], now: datetime
) -> None:
    """A request may change in any order; no slot is ever filled twice."""
    entry: Entry | None = None
    filled: list[object] = []
    for version in versions:
        made = plan(replace(version, id="i", user="alice"), entry, to, now, OUTLOOK)
        filled += [action for action in made.actions if isinstance(action, PostCard | SendNotice)]
        filled += [
            (action.channel, action.vote.author)
            for action in made.actions
            if isinstance(action, PostReply)
        ]
        entry = carried_out(made, entry)
    assert len(filled) == len(set(filled))


@given(requests(), moments)
def test_an_entry_stays_small_and_survives_storing(request: AccessRequest, now: datetime) -> None:
    """It is kept in Teleport: for the worst texts it is still under the hard limit."""
    entry = carried_out(plan(request, None, ("C1", "C2"), now, OUTLOOK), None)
    assert entry is not None
    text = entry.model_dump_json(exclude_defaults=True)
    assert Entry.model_validate_json(text) == entry
    assert len(text) < 32 * 1024


def face(request: AccessRequest) -> CardModel:
    made = plan(request, None, (), NOW, OUTLOOK)
    assert made.face is not None
    return made.face
