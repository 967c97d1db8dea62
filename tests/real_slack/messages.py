"""Every kind of message that the bot sends, in each state, rendered from the tests' samples."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

from commands.slash_commands import COMMANDS
from teleport_client.model.access_request import (
    AccessRequest,
    RequestState,
    ResourceId,
    Review,
    Threshold,
)
from tests.real_slack.details import sample_details
from tests.samples import HOSTILE, NOW, model_of, request, sample_model
from workspace.card_model.build import build_card_model, close_card_model
from workspace.card_model.notice import OUTCOMES, Notice
from workspace.card_model.progress import progress_after
from workspace.card_model.record import CardLock, CardModel, CardReview
from workspace.card_model.status import Status
from workspace.requests.request_draft import RequestDraft
from workspace.requests.review_policy import ReviewMode
from workspace.views.cards.card import card
from workspace.views.modals.bulk_review_modal import MOST_REQUESTS
from workspace.views.notices import NoticeOptions, notice
from workspace.views.parts.message import Message, text_message
from workspace.views.requests.request_row import Row
from workspace.views.responses.bulk_review import BulkResult, bulk_review_message
from workspace.views.responses.help import help_message
from workspace.views.responses.lock import access_locked, already_locked
from workspace.views.responses.pending_list import PAGE, pending_list
from workspace.views.responses.request import (
    duplicate_found,
    reason_prompt,
    request_closed,
    request_created,
    reviewer_problems,
    shorter_offer,
)
from workspace.views.responses.review import (
    OpenSet,
    review_submitted,
    without_effect_message,
)
from workspace.views.thread_reply import review_reply

_AFTER_ACCESS = NOW + timedelta(hours=9)
_AFTER_EXPIRY = NOW + timedelta(hours=2)

_OUR_LOCK = CardLock("alice", "I'm done")


class Place(Enum):
    """Where the bot sends a message."""

    CHANNEL = "channel"
    THREAD = "thread"
    DM = "DM"


@dataclass(frozen=True, slots=True)
class SampleMessage:
    name: str
    message: Message
    place: Place = Place.CHANNEL


def sample_messages() -> Iterator[SampleMessage]:
    """Yield every sample. Responses, which only one user sees, are sent like channel messages."""
    for name, model in (*cards_by_status().items(), *_other_cards().items()):
        yield SampleMessage(f"card, {name}", card(model))
    for name, reply in _replies():
        yield SampleMessage(f"thread reply, {name}", reply, Place.THREAD)
    for name, direct in notices():
        yield SampleMessage(f"DM, {name}", direct, Place.DM)
    for name, service in _service_messages():
        yield SampleMessage(f"service message, {name}", service)
    for name, response in _responses():
        yield SampleMessage(f"response, {name}", response)


def cards_by_status() -> dict[Status, CardModel]:
    """Return a card model for each status."""
    approved = model_of(_approved())
    return {
        Status.WAITING: model_of(_two_approvals()),
        Status.APPROVED: approved,
        Status.DENIED: model_of(_denied()),
        Status.PROMOTED: sample_model(
            state=RequestState.PROMOTED,
            promoted_to="Database admins",
            reviews=(Review("bob", RequestState.PROMOTED, "you need it daily"),),
            resolve_reason="you need it daily",
        ),
        Status.EXPIRED: close_card_model(sample_model(), _AFTER_EXPIRY),
        Status.ACCESS_ENDED: close_card_model(approved, _AFTER_ACCESS),
        Status.DELETED: close_card_model(sample_model(), NOW),
        Status.DELETED_APPROVED: close_card_model(approved, NOW),
        Status.CANCELLED: replace(sample_model(), status=Status.CANCELLED),
    }


def notices() -> Iterator[tuple[str, Message]]:
    """Yield every notice with each status that it can show."""
    yield Notice.CREATED, notice(Notice.CREATED, sample_model())
    options = NoticeOptions(announced=False, proxy="teleport.example.com")
    yield "created, not announced", notice(Notice.CREATED, sample_model(), options)
    yield "approved, with the proxy", notice(Notice.APPROVED, model_of(_approved()), options)
    approved = model_of(_approved())
    yield "approved, with locks", notice(Notice.APPROVED, approved, NoticeOptions(can_lock=True))
    yield "approved, locked", notice(Notice.APPROVED, replace(approved, lock=_OUR_LOCK))
    for status, model in cards_by_status().items():
        if status.closed:
            yield f"created, now {status}", notice(Notice.CREATED, model)
        if status in OUTCOMES:
            yield f"{OUTCOMES[status]}, now {status}", notice(OUTCOMES[status], model)
    yield from _warnings()


def _warnings() -> Iterator[tuple[str, Message]]:
    """Yield the warning in each state. Only an approval has one."""
    states = cards_by_status()
    for status in (Status.APPROVED, Status.ACCESS_ENDED, Status.DELETED_APPROVED):
        yield f"access ends, now {status}", notice(Notice.ENDING, states[status])
    locked = replace(states[Status.APPROVED], lock=_OUR_LOCK)
    yield "access ends, now locked", notice(Notice.ENDING, locked)
    options = NoticeOptions(can_request=False)
    unextendable = notice(Notice.ENDING, states[Status.APPROVED], options)
    yield "access ends, no requests from Slack", unextendable


def largest_request() -> AccessRequest:
    """Return a request in which every field is as long as Teleport allows, or longer."""
    names = [f"{number:03}" + "W" * 250 for number in range(300)]
    return request(
        user=names[0],
        roles=tuple(names),
        reason="W" * 4096,
        resources=tuple(ResourceId(name, name, name, name) for name in names),
        suggested_reviewers=tuple(names),
        thresholds=tuple(Threshold(approve=9, deny=9, name=name) for name in names),
        role_thresholds={name: ((number,),) for number, name in enumerate(names)},
        reviews=tuple(Review(name, RequestState.DENIED, "W" * 4096) for name in names),
        resolve_reason="W" * 4096,
    )


def _other_cards() -> dict[str, CardModel]:
    node = ResourceId("main", "node", "0a1b")
    link_only = build_card_model(
        request(), request_url_base="", mode=ReviewMode.NOTIFY, cluster="main"
    )
    return {
        "waiting for one approval": sample_model(
            suggested_reviewers=("bob", "carol"), reason="redis"
        ),
        "resources": model_of(request(resources=(node, replace(node, cluster="leaf")))),
        "link to Teleport": model_of(request(), ReviewMode.NOTIFY),
        "tctl command": link_only,
        "reviews turned off": model_of(request(), ReviewMode.OFF),
        "second confirmation, one of two denials": replace(
            model_of(_one_denial()), confirm_roles=("prod",)
        ),
        "narrower roles": model_of(_narrowed()),
        "access that can be locked": replace(model_of(_approved()), can_lock=True),
        "locked from Slack": replace(model_of(_approved()), lock=_OUR_LOCK),
        "locked with tctl": replace(model_of(_approved()), lock=CardLock()),
        "hostile lock": replace(model_of(_approved()), lock=CardLock(HOSTILE, HOSTILE)),
        "long term": model_of(request(long_term=True), ReviewMode.NOTIFY),
        "promoted to an unnamed list": sample_model(state=RequestState.PROMOTED),
        "hostile text": sample_model(reason=HOSTILE, user=HOSTILE, roles=(HOSTILE,)),
        "largest request": model_of(largest_request()),
    }


def _two_approvals() -> AccessRequest:
    """Return a request with one of two approvals."""
    return request(
        roles=("prod",),
        reason="redis is stuck",
        thresholds=(Threshold(2, 1),),
        role_thresholds={"prod": ((0,),)},
        reviews=(Review("bob", RequestState.APPROVED, "fine", threshold_indexes=(0,)),),
    )


def _approved() -> AccessRequest:
    pending = _two_approvals()
    second = Review("carol", RequestState.APPROVED, threshold_indexes=(0,))
    return replace(pending, state=RequestState.APPROVED, reviews=(*pending.reviews, second))


def _denied() -> AccessRequest:
    denial = Review("carol", RequestState.DENIED, "not during the freeze", threshold_indexes=(0,))
    return replace(
        _two_approvals(),
        state=RequestState.DENIED,
        reviews=(denial,),
        resolve_reason="not during the freeze",
    )


def _one_denial() -> AccessRequest:
    """Return a request with one of two denials, whose approvals count only from some reviewers."""
    denial = Review("carol", RequestState.DENIED, "not yet", threshold_indexes=(0,))
    lead = Threshold(1, 2, "lead", 'contains(reviewer.roles, "lead")')
    return replace(_two_approvals(), thresholds=(lead,), reviews=(denial,))


def _narrowed() -> AccessRequest:
    """Return an approval that leaves out a role and sets a later start."""
    return replace(
        _approved(),
        roles=("staging",),
        role_thresholds={"prod": ((0,),), "staging": ((0,),)},
        assume_start=NOW + timedelta(hours=1),
    )


def _replies() -> Iterator[tuple[str, Message]]:
    standing = progress_after(_two_approvals(), "bob")
    yield "approved", review_reply(CardReview("bob", RequestState.APPROVED, "fine"), standing)
    yield "denied", review_reply(CardReview("bob", RequestState.DENIED, "no"), "")
    yield "promoted", review_reply(CardReview("bob", RequestState.PROMOTED), "")
    yield "without effect", review_reply(CardReview("bob", RequestState.APPROVED, counts=False), "")


def _service_messages() -> Iterator[tuple[str, Message]]:
    older = "3 older access requests are waiting for review. Run /teleport-pending to see them."
    yield "older requests", text_message(older)
    unreachable = "Can't post access requests to prod-alerts: is_archived."
    yield "unreachable recipient", text_message(unreachable)


def _responses() -> Iterator[tuple[str, Message]]:
    ask = RequestDraft(("staging",), "redis", timedelta(hours=10), ("bob",))
    pending = sample_model()
    yield "requested", request_created(ask, pending, NOW, gets_messages=True, can_cancel=True)
    yield "late cancel", request_closed(pending, "approved by bob")
    yield "already requested", duplicate_found(ask, pending, NOW)
    yield "shortened", shorter_offer(ask, pending, limited_by_bot_certificate=False)
    yield "reason wanted", reason_prompt(ask, "Teleport requires a reason.")
    yield "suggested reviewers", reviewer_problems(ask, ["zoe can't review this request."])
    yield "approved", review_submitted(sample_model(state=RequestState.APPROVED), approve=True)
    yield "denied", review_submitted(sample_model(state=RequestState.DENIED), approve=False)
    yield "approved in part", review_submitted(model_of(_narrowed()), approve=True)
    yield "one of two denials", review_submitted(model_of(_one_denial()), approve=False)
    yield (
        "approved, other set open",
        review_submitted(
            model_of(_two_approvals()),
            approve=True,
            uncounted=[OpenSet(("prod",), _one_denial().thresholds)],
        ),
    )
    yield "bulk review", bulk_review_message(_bulk_results(), approve=True, unsent_reason="fine")
    yield (
        "bulk review, largest",
        bulk_review_message(
            [BulkResult(request().id, HOSTILE * 9, HOSTILE * 99)] * MOST_REQUESTS,
            approve=False,
            unsent_reason="W" * 4096,
        ),
    )
    yield "without effect", without_effect_message(pending, (Threshold(1, 1, "lead", "x"),))
    locked = replace(model_of(_approved()), lock=_OUR_LOCK)
    yield "own access locked", access_locked(locked, own=True)
    yield "access of another user locked", access_locked(locked, own=False)
    yield "already locked", already_locked(locked)
    yield (
        "command to copy",
        text_message("Run this command:", preformatted="/teleport-deny 0190c0de no"),
    )
    rows = [Row(pending, NOW, can_review=True)] * (PAGE * 2 + 1)
    for page in range(3):
        yield f"list, page {page + 1}", pending_list("Requests", rows, scope="all", page=page)
    yield "empty list", pending_list("No requests.", [], scope="all")
    for name, details in sample_details():
        yield f"details, {name}", details
    for command in COMMANDS:
        yield f"help of {command.name}", help_message(command.name)


def _bulk_results() -> list[BulkResult]:
    request_id = request().id
    return [
        BulkResult(request_id, "alice requests staging", "approved", done=True),
        BulkResult(request_id, "bob requests prod", "This request was already denied by carol."),
    ]
