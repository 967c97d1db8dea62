"""The ledger entry of a request stays small for any request."""

from datetime import timedelta

from notifications.notification_rules import PostCard, PostReply, SendNotice, plan
from notifications.records.entry import Entry, Intent
from notifications.records.ledger_codec import encode_entry
from notifications.records.slots import card_slot, notice_slot, reply_slot
from teleport_client.model.access_request import (
    AccessRequest,
    RequestState,
    ResourceId,
    Review,
    Threshold,
)
from tests.unit.notifications.test_plan import NOW, OUTLOOK, execute, make_request
from workspace.card_model.progress import denial_rows

_AS_A_RULE, _AT_MOST = 2 * 1024, 32 * 1024
"""Bytes."""


def largest(request: AccessRequest, channels: tuple[str, ...]) -> tuple[int, Entry]:
    """Execute all actions, and return the size of the largest entry and the last entry."""
    entry, most = None, 0
    while (made := plan(request, entry, channels, NOW, OUTLOOK)).actions:
        intents: list[Intent] = []
        for number, action in enumerate(made.actions):
            match action:
                case PostCard(channel):
                    intents.append(intent(card_slot(channel), channel, number))
                case PostReply(channel, _, vote, _):
                    intents.append(intent(reply_slot(vote.author, channel), channel, number))
                case SendNotice(kind):
                    intents.append(intent(notice_slot(kind), "D0REQUEST1", number))
        done = execute(made, entry)
        assert done is not None
        before = (entry or Entry(card_model=done.card_model)).with_intents(tuple(intents))
        most = max(most, len(encode_entry(before).encode()), len(encode_entry(done).encode()))
        entry = done
    assert entry is not None
    return most, entry


def intent(slot: str, channel: str, number: int) -> Intent:
    return Intent(slot=slot, channel=channel, key=f"{number:032}", at=NOW)


def channels(count: int) -> tuple[str, ...]:
    return tuple(f"C0{number:09}" for number in range(count))


def reviews(count: int, text: str) -> tuple[Review, ...]:
    return tuple(
        Review(f"{number}@example.com", RequestState.APPROVED, text, NOW) for number in range(count)
    )


def test_ordinary_request_takes_two_kilobytes() -> None:
    """It has three recipients, two reviews and a reason."""
    request = make_request(reason="shard 3 is down, see INC-1234", reviews=reviews(2, "go ahead"))
    assert largest(request, channels(3))[0] <= _AS_A_RULE


def test_largest_request_still_fits_into_its_entry() -> None:
    """The texts consist of letters with four bytes. The entry keeps all message references."""
    long = "\N{FIRE}" * 400
    request = make_request(
        reason=long,
        resources=tuple(ResourceId("main", "node", f"{n}{long}") for n in range(300)),
        suggested_reviewers=tuple(f"{n}{long}" for n in range(300)),
        reviews=reviews(40, long),
        resolve_reason=long,
        access_until=NOW + timedelta(hours=3),
    )
    most, entry = largest(request, channels(60))
    assert most <= _AT_MOST
    assert {message.channel for message in entry.messages} >= {*channels(60)}


def test_very_many_roles_and_thresholds_fit_into_the_entry() -> None:
    """An approval left out most of the roles, or one denial counts for each threshold."""
    long = "\N{FIRE}" * 80
    roles = {f"{n}{long}": ((0,),) for n in range(300)}
    approved = make_request(state=RequestState.APPROVED, role_thresholds=roles)
    thresholds = tuple(Threshold(2, 2, name=f"{n}{long}") for n in range(300))
    denial = Review("bob", RequestState.DENIED, "no", NOW, tuple(range(300)))
    needed = {"staging": tuple((n,) for n in range(300))}
    denied = make_request(thresholds=thresholds, reviews=(denial,), role_thresholds=needed)
    assert approved.removed_roles
    assert len(tuple(denial_rows(denied))) == 300
    for request in (approved, denied):
        assert largest(request, channels(60))[0] <= _AT_MOST


def test_review_of_very_many_cards_is_posted_under_some() -> None:
    """The record of replies has a limit. Some replies are better than none."""
    _, entry = largest(make_request(reviews=reviews(12, "yes")), channels(20))
    assert sum(message.slot.startswith("review:") for message in entry.messages) == 100
