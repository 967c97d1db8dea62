"""The card of an access request: one message that follows the request's whole life."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from types import MappingProxyType

from pydantic import TypeAdapter
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    ConfirmObject,
    HeaderBlock,
    PlainTextObject,
    RichTextElement,
)

from teleport_client.model.access_request import AccessRequest, RequestState, Review
from teleport_client.rules.threshold_progress import SetProgress, has_effect, progress
from workspace.moment import Moment
from workspace.requests.claim import Claim, attribution
from workspace.requests.review_policy import ReviewMode
from workspace.views.parts import rich
from workspace.views.parts.budget import joined
from workspace.views.parts.message import Message, message
from workspace.views.parts.resources import (
    RESOURCES_LISTED,
    RESOURCES_ROOM,
    are_constraints_shown,
    resource_names,
    resource_texts,
)
from workspace.views.parts.status import Status, named, status_of
from workspace.views.parts.untrusted import fitted, safe_line, safe_name, safe_text

APPROVE, DENY = "approve", "deny"
"""Action ids. A button's value is the request's id and nothing else."""
SHORT_ID = 8
"""Shown ids are the last characters: version 7 UUIDs share their first within minutes."""
REASON_LIMIT = 1_500
_VOTE_REASON_LIMIT = 300
_VOTES_SHOWN, _ROLES_SHOWN = 8, 50
_NAMES_ROOM, _ROWS_ROOM, _PROGRESS_ROOM = 1_200, 1_200, 300
_HEADER_LIMIT = 150
_CONFIRM_LIMIT = 300
_CLOCKS_APART = timedelta(seconds=3)
"""Teleport's clock may be ahead of ours, and it deletes by its own."""


@dataclass(frozen=True, slots=True)
class CardReview:
    author: str
    state: RequestState
    """What was proposed; promoted resolves by itself."""
    reason: str = ""
    counts: bool = True
    """False if the author meets the filter of no threshold, so that nothing came of it."""


def vote_of(review: Review, request: AccessRequest) -> CardReview:
    return CardReview(review.author, review.state, review.reason, has_effect(review, request))


@dataclass(frozen=True, slots=True)
class CardModel:
    """Everything that a card shows, as others wrote it. Equal faces look the same."""

    id: str
    user: str
    roles: tuple[str, ...]
    status: Status
    reason: str = ""
    resources: tuple[str, ...] = ()
    access_until: Moment | None = None
    waiting_until: Moment | None = None
    assume_start: Moment | None = None
    progress: tuple[str, ...] = ()
    votes: tuple[CardReview, ...] = ()
    decided_by: tuple[str, ...] = ()
    """Who resolved it; empty if it was resolved past the reviews, as tctl can."""
    resolve_reason: str = ""
    promoted_to: str = ""
    reviewers: tuple[str, ...] = ()
    """Whom the requester, or Teleport, suggests to decide."""
    messaged: tuple[int, int] = (0, 0)
    """How many suggested reviewers get a direct message, and of how many, if not all do."""
    page: str = ""
    """Address of the request's page in Teleport, where it has one."""
    can_decide: bool = True
    """Whether this Slack may decide it; a decided card has no buttons either way."""
    elsewhere: bool = False
    """Whether it waits for a decision in Teleport itself, and says so."""
    constrained: bool = False
    """Whether access to a resource is limited further."""
    incomplete: bool = False
    """Whether it has limits that no card can show."""
    from_slack: bool = False
    """Whether the bot resolved it for somebody in Slack, past all reviews."""
    approvals_left: int = 1
    """How many approvals it needs at least until it is approved."""
    resource_names: tuple[str, ...] = ()
    """`resources` by the names that users know, empty where none is known."""
    access_for: timedelta | None = None
    """How long access lasts from the request on. Never shown where a card shows `access_until`."""

    @property
    def targets(self) -> tuple[str, ...]:
        """What is requested, in the words to show."""
        return self.resource_names or self.resources or self.roles


_FACES = TypeAdapter(CardModel)


def request_url(request_id: str, request_url_base: str) -> str:
    """Address of a request's page in Teleport; `pages` is what request ids are appended to."""
    return f"{request_url_base}{request_id}" if request_url_base else ""


def card_model(
    request: AccessRequest,
    *,
    request_url_base: str,
    mode: ReviewMode,
    cluster: str,
    expired: bool = False,
    claim: Claim | None = None,
    host_names: Mapping[str, str] = MappingProxyType({}),
) -> CardModel:
    """Take from a request what its card shows now.

    `pages` is what request ids are appended to, `cluster` the bot's own. `expired` is as for
    `status_of`, and `claim` confirms who resolved the request from Slack.
    `host_names` are by ID.
    """
    from_slack = attribution(request, claim)
    return CardModel(
        id=request.id,
        user=request.user,
        roles=request.roles,
        status=status_of(request, expired=expired),
        reason=request.reason,
        resources=resource_texts(request.resources, cluster),
        resource_names=resource_names(request.resources, cluster, host_names),
        access_until=request.access_until,
        waiting_until=request.expires if request.pending else None,
        assume_start=request.assume_start,
        progress=tuple(progress_words(request)),
        votes=tuple(vote_of(review, request) for review in request.reviews),
        decided_by=(from_slack.user,)
        if from_slack and from_slack.user
        else _resolving_reviewers(request),
        resolve_reason=from_slack.reason if from_slack else request.resolve_reason,
        promoted_to=request.promoted_to,
        reviewers=request.suggested_reviewers if request.pending else (),
        page=request_url(request.id, request_url_base),
        can_decide=mode.from_slack and request.pending,
        elsewhere=mode is ReviewMode.NOTIFY and request.pending,
        constrained=any(each.constraints for each in request.resources),
        incomplete=not are_constraints_shown(request.resources),
        from_slack=from_slack is not None,
        approvals_left=_approvals_left(request),
        access_for=_access_for(request),
    )


def fingerprint(face: CardModel) -> str:
    """Tell faces apart in a few characters, the same in every process.

    A field that is new in a later version and at its default changes nothing, nor does
    `access_for`, which follows from times of the request that never change.
    """
    shown = _FACES.dump_json(face, exclude={"access_for"}, exclude_defaults=True)
    return blake2b(shown, digest_size=6).hexdigest()


def closed_model(face: CardModel, now: datetime) -> CardModel:
    """Show a request that is gone from Teleport, from what was last known of it.

    Teleport doesn't say why one is gone, so the time tells an expired request from a deleted one.
    """
    if face.status is Status.WAITING:
        late = face.waiting_until is not None and face.waiting_until <= now + _CLOCKS_APART
        return replace(face, status=Status.EXPIRED if late else Status.DELETED)
    if face.status is Status.APPROVED:
        late = face.access_until is not None and face.access_until <= now + _CLOCKS_APART
        return replace(face, status=Status.ACCESS_ENDED if late else Status.DELETED_APPROVED)
    return face


def short_id(request_id: str) -> str:
    return request_id[-SHORT_ID:]


def target_names(face: CardModel, each: int = 80, room: int = 300) -> str:
    """Name what is asked for, in a text of about `room` characters.

    Names are cut to `each` characters, or to more where there is room.
    """
    return named(face.targets, room=room, each=max(each, room // max(1, len(face.targets))))


def card(face: CardModel) -> Message:
    """Draw a face. Status is said in words and never by colour or sign alone."""
    title = f"{safe_name(face.user)} requests {target_names(face)}"
    content = [
        HeaderBlock(text=PlainTextObject(text=fitted(title, _HEADER_LIMIT), emoji=False)),
        rich.block(*_body(face)),
    ]
    if face.can_decide and not face.status.decided:
        content.append(decision_buttons(face))
    return message(f"{title}. {status_line(face)}.", *content)


def decision_buttons(face: CardModel) -> ActionsBlock:
    return ActionsBlock(
        elements=[
            ButtonElement(
                text="Approve",
                action_id=APPROVE,
                value=face.id,
                style="primary",
                confirm=_confirm(face),
                accessibility_label=f"Approve {safe_name(face.user, 40)}'s request",
            ),
            ButtonElement(
                text="Deny",
                action_id=DENY,
                value=face.id,
                style="danger",
                accessibility_label=f"Deny {safe_name(face.user, 40)}'s request",
            ),
        ]
    )


def _confirm(face: CardModel) -> ConfirmObject:
    return ConfirmObject(
        title="Approve this request?",
        text=PlainTextObject(text=fitted(_effect(face), _CONFIRM_LIMIT), emoji=False),
        confirm="Approve",
        deny="Cancel",
    )


def _effect(face: CardModel) -> str:
    """Say what an approval leads to. Plain text has no times in the reader's zone."""
    # Short enough each, so that how many more there are is always said.
    wanted = target_names(face, each=32, room=150)
    length = f" for up to {rich.duration(face.access_for)}" if face.access_for else ""
    gets = f"{safe_name(face.user, 40)} gets access to {wanted}{length}."
    more = face.approvals_left - 1
    if more < 1:
        return gets
    needed = "1 more approval is needed" if more == 1 else f"{more} more approvals are needed"
    return f"After yours, {needed} before {gets}"


def _body(face: CardModel) -> Iterator[RichTextElement]:
    yield rich.lines((rich.bold(status_line(face)),))
    yield rich.facts(_facts(face))
    if face.reason.strip():
        yield rich.lines((rich.bold("Reason:"),))
        yield rich.quote(safe_text(face.reason, REASON_LIMIT) or "(no visible text)")
    if votes := tuple(_votes(face)):
        yield rich.lines(*votes)
    if face.incomplete:
        yield rich.lines((rich.bold(_INCOMPLETE),))
    if face.status is Status.DELETED_APPROVED:
        yield from still_valid(face)
    if face.elsewhere and not face.status.decided:
        yield from _elsewhere(face)
    yield rich.lines(_footer(face))


def status_line(face: CardModel) -> str:
    """Say where a request stands, and who resolved it as far as that is known."""
    words = face.status.words
    if face.status is Status.WAITING and len(face.progress) == 1:
        return f"{words}: {fitted(face.progress[0], _PROGRESS_ROOM)}"
    if face.status is Status.PROMOTED and face.promoted_to:
        return f"{words}: {safe_name(face.promoted_to)}"
    by = resolved_by(face)
    if not by or face.status is Status.PROMOTED:
        return words
    if face.status is Status.DELETED_APPROVED:
        return f"🗑️ Approved{by}, then deleted"
    return f"{words} (approved{by})" if face.status is Status.ACCESS_ENDED else f"{words}{by}"


def resolved_by(face: CardModel) -> str:
    """Say who resolved it, as far as that is known: ` by bob`, ` from Slack`, or nothing."""
    if face.decided_by:
        return f" by {named(face.decided_by)}"
    return " from Slack" if face.from_slack else ""


def _facts(face: CardModel) -> Iterator[rich.Fact]:
    yield rich.fact("Requester", safe_name(face.user))
    yield rich.fact("Roles", named(face.roles, _ROLES_SHOWN, _NAMES_ROOM, each=60))
    if face.resources:
        each = RESOURCES_ROOM if face.constrained else 80
        names = named(face.targets, RESOURCES_LISTED, RESOURCES_ROOM, each=each)
        yield rich.fact("Resources", names)
    if len(face.progress) > 1 and not face.status.decided:
        rows = (fitted(row, _PROGRESS_ROOM) for row in face.progress)
        yield rich.fact("Approvals", "\n• ", joined(rows, _ROWS_ROOM, "\n• "))
    if face.assume_start is not None and face.status in _WITH_ACCESS:
        yield rich.fact("Access starts", rich.moment(face.assume_start))
    if face.access_until is not None and face.status in _WITH_ACCESS:
        yield rich.fact("Access ends", rich.moment(face.access_until))
    if face.reviewers and not face.status.decided:
        yield rich.fact("Suggested reviewers", named(face.reviewers, limit=10))
    if face.messaged[1] and not face.status.decided:
        some, total = face.messaged
        yield rich.fact("Direct messages", f"only to the first {some} of {total} reviewers")
    if face.waiting_until is not None and _waits_apart(face):
        yield rich.fact("Request expires", rich.moment(face.waiting_until))
    if face.resolve_reason.strip() and face.resolve_reason not in {v.reason for v in face.votes}:
        yield rich.fact("Resolution reason", safe_line(face.resolve_reason, _VOTE_REASON_LIMIT))


def _waits_apart(face: CardModel) -> bool:
    """Whether the request expires at another time than the access would end."""
    if face.status is not Status.WAITING or face.waiting_until is None:
        return False
    return face.access_until is None or abs(face.access_until - face.waiting_until) >= _MINUTE


_MINUTE = timedelta(minutes=1)
_WITH_ACCESS = {Status.WAITING, Status.APPROVED, Status.ACCESS_ENDED}


_VERBS = {
    RequestState.APPROVED: "✓ approved by ",
    RequestState.DENIED: "✗ denied by ",
    RequestState.PROMOTED: "✓ granted through an access list by ",
}
_DECIDERS_NAMED = 5
COUNTS_FOR_NOTHING = "counts toward no threshold"


def _votes(face: CardModel) -> Iterator[rich.Line]:
    """List the reviews, without those of which the first line says it all."""
    for vote in face.votes[:_VOTES_SHOWN]:
        said = safe_line(vote.reason, _VOTE_REASON_LIMIT)
        known = vote.author in face.decided_by[:_DECIDERS_NAMED]
        if known and not said:
            continue
        yield (
            "" if known else _VERBS.get(vote.state, "reviewed by "),
            rich.bold(safe_name(vote.author)),
            "" if vote.counts else f" ({COUNTS_FOR_NOTHING})",
            f": {said}" if said else "",
        )
    if len(face.votes) > _VOTES_SHOWN:
        yield (f"and {len(face.votes) - _VOTES_SHOWN} more",)


_INCOMPLETE = (
    "⚠️ This card can't show the full request: it limits access to a resource in a way that doesn't"
    " fit here."
)


def still_valid(face: CardModel) -> Iterator[RichTextElement]:
    """Say what the deletion of an approved request leaves, and how to end it."""
    until: rich.Line = ("until they expire",)
    if face.access_until is not None:
        until = ("until ", rich.moment(face.access_until))
    yield rich.lines(
        ("Certificates issued with this request stay valid ", *until, "."),
        ("To stop them, a Teleport administrator can run:",),
    )
    yield rich.preformatted(f"tctl lock --access-request={safe_name(face.id)}")


def _elsewhere(face: CardModel) -> Iterator[RichTextElement]:
    if face.page:
        yield rich.lines((rich.link(face.page, "Review it in Teleport"),))
    else:
        yield rich.lines(("To approve it, run:",))
        yield rich.preformatted(f"tctl requests approve {safe_name(face.id)}")


def _footer(face: CardModel) -> rich.Line:
    yield "Request "
    yield rich.code(short_id(face.id))
    if face.page:
        yield "  ·  "
        yield rich.link(face.page, "Open in Teleport")


def _resolving_reviewers(request: AccessRequest) -> tuple[str, ...]:
    if request.pending:
        return ()
    deciders = tuple(
        review.author
        for review in request.reviews
        if review.state is request.state and has_effect(review, request)
    )
    if request.state is RequestState.APPROVED:
        return deciders if all(one.met for one in progress(request)) else ()
    if request.state is RequestState.DENIED:
        enough = min((each.deny for each in request.thresholds if each.deny > 0), default=1)
        return deciders if len(deciders) >= enough else ()
    return deciders


def _approvals_left(request: AccessRequest) -> int:
    """Count the approvals that are needed, of which each may count for several sets."""
    if not request.pending:
        return 1
    left = (
        min(count.needed - count.approved for count in one.counts)
        for one in progress(request)
        if one.counts
    )
    return max((1, *left))


def _access_for(request: AccessRequest) -> timedelta | None:
    if request.created is None or request.access_until is None:
        return None
    minutes = round((request.access_until - request.created) / _MINUTE)
    return minutes * _MINUTE if minutes > 0 else None


def progress_words(request: AccessRequest) -> Iterator[str]:
    """One line for each set that must be met, naming roles only where sets differ by role."""
    sets = [one for one in progress(request) if one.counts]
    for one in sets:
        yield _set_words(one, name_roles=len(sets) > 1)


def _set_words(one: SetProgress, *, name_roles: bool) -> str:
    ways = joined(
        (
            f"{count} approvals"
            + (f" ({safe_name(count.name)})" if count.name not in _UNNAMED else "")
            for count in one.counts
        ),
        _PROGRESS_ROOM,
        " or ",
    )
    return f"{ways} for {named(one.roles)}" if name_roles else ways


_UNNAMED = {"", "default"}
