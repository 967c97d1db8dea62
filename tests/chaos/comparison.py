"""Compare the final state in Teleport with the messages in Slack."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.slack.server import SlackStandIn
from teleport_client._proto.types_pb2 import APPROVED, DENIED
from tests.chaos.lease_history import LeaseHistory
from tests.chaos.slack_state import Message, RequestMessages, read_messages
from tests.chaos.teleport_state import (
    ACCESS_ENDED,
    APPROVED_NOW,
    DELETED,
    DELETED_APPROVED,
    DENIED_FOR_GOOD,
    EXPIRED,
    WAITING,
    Life,
)
from tests.integration.slack_driver import CHANNEL, buttons, words

_CREATED = "is waiting for approval"
_NO_LONGER_WAITING = ": your request for"
_TOLD = {
    WAITING: _CREATED,
    APPROVED_NOW: "was approved",
    ACCESS_ENDED: "was approved",
    DELETED_APPROVED: "was approved",
    DENIED_FOR_GOOD: "was denied",
    EXPIRED: "expired without a decision",
    DELETED: "was deleted before",
}
_DECIDED = {_TOLD[APPROVED_NOW], _TOLD[DENIED_FOR_GOOD]}
_UNDECIDED = {_TOLD[EXPIRED], _TOLD[DELETED]}
_REVIEWED = {APPROVED: "approved", DENIED: "denied"}

_ENOUGH = timedelta(seconds=5)
"""Time in which one leader lists, reads the ledger, and recovers from failures on the way."""

Finding = tuple[str, str]
"""The kind (lost, wrong, doubled or unseen) and the difference."""


@dataclass(frozen=True, slots=True)
class Comparison:
    requests: int = 0
    lost: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    """Deleted or closed before a leader held the lease for long enough to announce it."""


def compare(
    slack: SlackStandIn,
    lives: Mapping[str, Life],
    lease_history: LeaseHistory,
    ledger: Callable[[str], str],
) -> Comparison:
    """Compare now. `ledger` returns the record of a request as text, empty if there is none."""
    now, here = datetime.now(UTC), read_messages(slack)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for request_id, life in lives.items():
        for kind, what in _compare_request(
            life, here[request_id], lease_history, ledger(request_id), now
        ):
            found[kind].append(f"{request_id} {what}")
    return Comparison(
        len(lives),
        tuple(found["lost"]),
        tuple(found["wrong"]),
        tuple(found["doubled"]),
        tuple(found["unseen"]),
    )


def _compare_request(
    life: Life, here: RequestMessages, lease_history: LeaseHistory, record: str, now: datetime
) -> Iterator[Finding]:
    """Compare one request.

    An unseen request isn't missed, but every card has to reach its final state.
    """
    requester = f"@{life.request.Spec.User}"
    recipients = [CHANNEL, *(f"@{name}" for name in life.request.Spec.SuggestedReviewers)]
    announced = [channel for channel in here.messages if channel != requester]
    listed_until = life.listed_until(now)
    held = lease_history.longest(life.asked, listed_until)
    if not announced and listed_until < now:
        kind = "unseen" if held < _ENOUGH else "lost"
        yield kind, f"no card; the lease was held for {held.total_seconds():.1f} s on end"
        return
    noticed = lease_history.longest(life.changed, listed_until) >= _ENOUGH
    statuses = life.statuses(now, noticed=noticed)
    for channel in announced if life.gone and held < _ENOUGH else recipients:
        yield from _cards(statuses, here.messages[channel], channel)
        yield from _replies(life, here.replies[channel], channel)
    yield from _notices(life, statuses, here.messages[requester], record, now)


def _cards(statuses: frozenset[str], cards: Sequence[Message], channel: str) -> Iterator[Finding]:
    """One card in the state of the request, with buttons only while it waits.

    Of two copies at least one; the ledger knows of no other where Slack's answer was lost.
    """
    yield from _counted(f"card in {channel}", len(cards))
    right = [card for card in cards if any(status in words(card) for status in statuses)]
    if cards and not right:
        yield "wrong", f"no card in {channel} says {_either(statuses)}"
    for card in right:
        if (WAITING in words(card)) != bool(buttons(card)):
            yield "wrong", f"buttons in {channel} on a decided card, or none on one that waits"


def _replies(life: Life, replies: Sequence[Message], channel: str) -> Iterator[Finding]:
    for review in life.request.Spec.Reviews:
        said = f"{review.Author} {_REVIEWED[review.ProposedState]}"
        count = sum(said in reply["text"] for reply in replies)
        if count or not life.gone:
            yield from _counted(f"reply of {review.Author} in {channel}", count)


def _notices(
    life: Life, statuses: frozenset[str], notices: Sequence[Message], record: str, now: datetime
) -> Iterator[Finding]:
    """Expect a notice of the outcome and at most the notice of the request, each at most once.

    A notice whose ts isn't on record, because Slack's response was lost, can't be updated. It
    counts as doubled, which only a seed without history allows.

    A notice of an expiry can precede a resolution, but not the other way round.
    """
    expected = {_TOLD[status] for status in statuses}
    allowed = expected | {_CREATED} | ({_TOLD[EXPIRED]} if life.ran_out_first(now) else set())
    told = [said for each in notices for said in {*_TOLD.values()} if said in each["text"]]
    if not expected & {*told}:
        yield "lost", f"no notice that it {_either(expected)}"
    for said in {*told}:
        if said not in allowed:
            yield "wrong", f"a notice that it {said}"
        elif told.count(said) > 1:
            yield "doubled", f"{told.count(said)} times: notice that it {said}"
    edited = any(_NO_LONGER_WAITING in each["text"] for each in notices)
    if _CREATED in told and not edited and expected != {_CREATED}:
        known = not record or any(
            each["ts"] in record for each in notices if _CREATED in each["text"]
        )
        kind = "wrong" if known else "doubled"
        yield kind, f"the notice that it {_CREATED} says so still"
    decided = [number for number, said in enumerate(told) if said in _DECIDED]
    if decided and any(said in _UNDECIDED for said in told[decided[0] :]):
        yield "wrong", f"notices one after the other: {', '.join(told)}"


def _counted(what: str, count: int) -> Iterator[Finding]:
    if count == 0:
        yield "lost", f"no {what}"
    elif count > 1:
        yield "doubled", f"{count} times: {what}"


def _either(choices: "frozenset[str] | set[str]") -> str:
    return " or ".join(sorted(choices))
