"""Compare the final state in Teleport with the messages in Slack."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.slack.server import SlackStandIn
from teleport_client._proto.types_pb2 import APPROVED, DENIED
from tests.chaos.end_warnings import compare_warnings
from tests.chaos.lease_history import LeaseHistory
from tests.chaos.slack_state import Message, RequestMessages, read_messages
from tests.chaos.teleport_state import (
    ACCESS_ENDED,
    APPROVED_NOW,
    CANCELLED,
    DELETED,
    DELETED_APPROVED,
    DENIED_FOR_GOOD,
    EXPIRED,
    WAITING,
    Life,
)
from tests.integration.slack_driver import CHANNEL, decisions, words
from workspace.requests.cancellation import KEY

_CREATED = "is waiting for approval"
_LOCKED = "🔒 Locked"
_NO_LONGER_WAITING = "See the next message."
_NOTICE_TEXT = {
    WAITING: _CREATED,
    APPROVED_NOW: "was approved",
    ACCESS_ENDED: "was approved",
    DELETED_APPROVED: "was approved",
    DENIED_FOR_GOOD: "was denied",
    EXPIRED: "expired without a decision",
    DELETED: "was deleted before",
}
"""The requester gets no further notice of their own cancellation."""
_RESOLVED_TEXTS = {_NOTICE_TEXT[APPROVED_NOW], _NOTICE_TEXT[DENIED_FOR_GOOD]}
_UNRESOLVED_TEXTS = {_NOTICE_TEXT[EXPIRED], _NOTICE_TEXT[DELETED]}
_REVIEWED = {APPROVED: "approved", DENIED: "denied"}

_CANCELLATION = f'key: "{KEY}"'
"""In the text of the plugin data."""
_ENOUGH = timedelta(seconds=5)
"""Time that one leader needs to list requests, read the ledger, and recover from failures."""

Finding = tuple[str, str]
"""The kind (lost, wrong, doubled or unseen) and the difference."""


@dataclass(frozen=True, slots=True)
class Comparison:
    requests: int = 0
    lost: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    """Requests that were deleted or closed before any leader held the lease for long enough."""


def compare(
    slack: SlackStandIn,
    lives: Mapping[str, Life],
    lease_history: LeaseHistory,
    ledger: Callable[[str], str],
    locked: Callable[[str], bool],
) -> Comparison:
    """Compare the current states.

    `ledger` returns a request's record as text, which is empty if there is none. `locked` returns
    whether a lock on the request is in force.
    """
    now, here = datetime.now(UTC), read_messages(slack)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for request_id, life in lives.items():
        for kind, difference in _compare_request(
            life, here[request_id], lease_history, ledger(request_id), now
        ):
            found[kind].append(f"{request_id} {difference}")
        if life.gone is None:
            for difference in _locks(here[request_id], locked=locked(request_id)):
                found["wrong"].append(f"{request_id} {difference}")
        notices = here[request_id].messages[f"@{life.request.Spec.User}"]
        for kind, difference in compare_warnings(life, notices, now, locked=locked(request_id)):
            found[kind].append(f"{request_id} {difference}")
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

    A request without a card is unseen, not lost, if no leader had time to post one. Every posted
    card has to reach its final state.
    """
    requester = f"@{life.request.Spec.User}"
    recipients = [CHANNEL, *(f"@{name}" for name in life.request.Spec.SuggestedReviewers)]
    announced = [channel for channel in here.messages if channel != requester]
    listed_until = life.listed_until(now)
    held = lease_history.longest(life.created, listed_until)
    if not announced and listed_until < now:
        kind = "unseen" if held < _ENOUGH else "lost"
        yield kind, f"no card; one leader held the lease for {held.total_seconds():.1f} s"
        return
    noticed = lease_history.longest(life.changed, listed_until) >= _ENOUGH
    statuses = life.statuses(now, noticed=noticed, cancelled=_CANCELLATION in record)
    for channel in announced if life.gone and held < _ENOUGH else recipients:
        yield from _cards(statuses, here.messages[channel], channel)
        yield from _replies(life, here.replies[channel], channel)
    yield from _notices(life, statuses, here.messages[requester], record, now)


def _cards(statuses: frozenset[str], cards: Sequence[Message], channel: str) -> Iterator[Finding]:
    """Expect one card with the request's status, and with buttons only while it waits.

    If there are two copies, at least one has to be right: the ledger can't contain a message for
    which Slack's response was lost.
    """
    yield from _counted(f"card in {channel}", len(cards))
    right = [card for card in cards if any(status in words(card) for status in statuses)]
    if cards and not right:
        yield "wrong", f"no card in {channel} shows {_either(statuses)}"
    for card in right:
        if (WAITING in words(card)) != bool(decisions(card)):
            yield (
                "wrong",
                f"Approve in {channel} on a closed card, or a waiting card without it",
            )


def _locks(here: RequestMessages, *, locked: bool) -> Iterator[str]:
    """Expect the lock on every message about an approved request, and only there.

    A second copy of a message isn't on record if Slack's response was lost.
    """
    for channel, messages in here.messages.items():
        shown = [message for message in messages if _shows_access(message)]
        if shown and not any((_LOCKED in words(message)) is locked for message in shown):
            yield f"no {'locked' if locked else 'unlocked'} message in {channel}"


def _shows_access(message: Message) -> bool:
    text = words(message)
    notice = _NOTICE_TEXT[APPROVED_NOW] in text and "tsh log" in text
    return notice or (APPROVED_NOW in text and ACCESS_ENDED not in text)


def _replies(life: Life, replies: Sequence[Message], channel: str) -> Iterator[Finding]:
    for review in life.request.Spec.Reviews:
        text = f"{review.Author} {_REVIEWED[review.ProposedState]}"
        count = sum(text in reply["text"] for reply in replies)
        if count or not life.gone:
            yield from _counted(f"reply of {review.Author} in {channel}", count)


def _notices(
    life: Life, statuses: frozenset[str], notices: Sequence[Message], record: str, now: datetime
) -> Iterator[Finding]:
    """Expect one notice of the outcome, and at most one notice of the request.

    If Slack's response was lost, the notice's ts isn't on record and the notice can't be updated.
    It counts as doubled, which only a seed without history allows.

    A notice of an expiry can precede a resolution, but not follow it.
    """
    expected = {_NOTICE_TEXT[status] for status in statuses - {CANCELLED}}
    allowed = (
        expected | {_CREATED} | ({_NOTICE_TEXT[EXPIRED]} if life.may_expire_first(now) else set())
    )
    texts = [text for each in notices for text in {*_NOTICE_TEXT.values()} if text in words(each)]
    if not expected & {*texts} and CANCELLED not in statuses:
        yield "lost", f"no notice that it {_either(expected)}"
    for text in {*texts}:
        if text not in allowed:
            yield "wrong", f"a notice that it {text}"
        elif texts.count(text) > 1:
            yield "doubled", f"{texts.count(text)} times: notice that it {text}"
    updated = any(_NO_LONGER_WAITING in words(each) for each in notices)
    if _CREATED in texts and not updated and expected != {_CREATED}:
        known = not record or any(
            each["ts"] in record for each in notices if _CREATED in words(each)
        )
        kind = "wrong" if known else "doubled"
        yield kind, f"no update of the notice that it {_CREATED}"
    resolved = [number for number, text in enumerate(texts) if text in _RESOLVED_TEXTS]
    if resolved and any(text in _UNRESOLVED_TEXTS for text in texts[resolved[0] :]):
        yield "wrong", f"contradictory notices in this order: {', '.join(texts)}"


def _counted(item: str, count: int) -> Iterator[Finding]:
    if count == 0:
        yield "lost", f"no {item}"
    elif count > 1:
        yield "doubled", f"{count} times: {item}"


def _either(choices: "frozenset[str] | set[str]") -> str:
    return " or ".join(sorted(choices))
