"""Teleport's truth beside what Slack shows."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.cast import PEOPLE
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import APPROVED, DENIED, PENDING, AccessRequestV3
from tests.chaos.people import CREW
from tests.integration.stage import CHANNEL, buttons, words

_SHOWN = {PENDING: "Waiting for approval", APPROVED: "Approved", DENIED: "Denied"}
_TOLD = {PENDING: "is waiting for approval", APPROVED: "was approved", DENIED: "was denied"}
_REVIEWED = {APPROVED: "approved", DENIED: "denied"}


@dataclass(frozen=True, slots=True)
class Verdict:
    requests: int = 0
    lost: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()


def _lists() -> defaultdict[str, list[dict[str, Any]]]:
    return defaultdict(list)


@dataclass
class _Shown:
    """What Slack has of one request, by conversation."""

    cards: defaultdict[str, list[dict[str, Any]]] = field(default_factory=_lists)
    replies: defaultdict[str, list[dict[str, Any]]] = field(default_factory=_lists)


def verdict(
    slack: SlackStandIn, teleport: TeleportStandIn, deleted: Mapping[str, AccessRequestV3]
) -> Verdict:
    """Compare now. `deleted` are as they were when they went."""
    shown = _shown(slack)
    kept = dict(teleport.cluster.requests.items())
    found: defaultdict[str, list[str]] = defaultdict(list)
    for request_id, request in kept.items():
        for kind, what in _compare(request, shown[request_id]):
            found[kind].append(f"{request_id} {what}")
    for request_id in deleted.keys() - kept.keys():
        for kind, what in _compare_deleted(deleted[request_id], shown[request_id]):
            found[kind].append(f"{request_id} {what}")
    return Verdict(
        requests=len(kept) + len(deleted.keys() - kept.keys()),
        lost=tuple(found["lost"]),
        wrong=tuple(found["wrong"]),
        doubled=tuple(found["doubled"]),
    )


def _shown(slack: SlackStandIn) -> defaultdict[str, _Shown]:
    shown: defaultdict[str, _Shown] = defaultdict(_Shown)
    for channel in (CHANNEL, *(f"@{person.name}" for person in (*PEOPLE, *CREW))):
        if slack.workspace.conversation(channel) is None:
            continue
        for message in slack.hands.messages(channel):
            if request_id := _request_of(message):
                is_reply = message.get("thread_ts", message["ts"]) != message["ts"]
                here = shown[request_id].replies if is_reply else shown[request_id].cards
                here[channel].append(message)
    return shown


def _request_of(message: Mapping[str, Any]) -> str:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return str(payload.get("request_id", ""))


def _compare(request: AccessRequestV3, shown: _Shown) -> Iterator[tuple[str, str]]:
    """Announced, in its state, each review told, the requester told, no button that is too many."""
    state = request.Spec.State
    for channel in (CHANNEL, *(f"@{name}" for name in request.Spec.SuggestedReviewers)):
        cards, replies = shown.cards[channel], shown.replies[channel]
        yield from _counted(f"card in {channel}", len(cards))
        if cards and not any(_SHOWN[state] in words(card) for card in cards):
            yield "wrong", f"the card in {channel} does not say {_SHOWN[state]!r}"
        if len(cards) == 1 and (state == PENDING) != bool(buttons(cards[0])):
            yield "wrong", f"buttons in {channel} on a decided card, or none on one that waits"
        for review in request.Spec.Reviews:
            said = f"{review.Author} {_REVIEWED[review.ProposedState]}"
            told = sum(said in reply["text"] for reply in replies)
            yield from _counted(f"reply of {review.Author} in {channel}", told)
    notices = shown.cards[f"@{request.Spec.User}"]
    yield from _counted("notice", sum(_TOLD[state] in notice["text"] for notice in notices))


def _compare_deleted(request: AccessRequestV3, shown: _Shown) -> Iterator[tuple[str, str]]:
    """What came and went unseen is not missed; what was shown has to end."""
    requester = f"@{request.Spec.User}"
    announced = [(channel, cards) for channel, cards in shown.cards.items() if channel != requester]
    for channel, cards in announced:
        if len(cards) > 1:
            yield "doubled", f"{len(cards)} cards in {channel}"
        elif buttons(cards[0]):
            yield "wrong", f"buttons in {channel} on the card of a request that is gone"
    if announced and request.Spec.State == PENDING:
        notices = shown.cards[requester]
        told = sum("was deleted before" in notice["text"] for notice in notices)
        yield from _counted("notice of deletion", told)


def _counted(what: str, count: int) -> Iterator[tuple[str, str]]:
    if count == 0:
        yield "lost", f"no {what}"
    elif count > 1:
        yield "doubled", f"{count} times: {what}"
