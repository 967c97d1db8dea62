"""The details of a request: its full reason, resources, roles, thresholds, deciders and reviews.

They consist of pieces, which `details_pages.py` distributes over pages.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain

from slack_sdk.models.blocks import RichTextElement

from teleport_client.model.access_request import RequestState, Review
from teleport_client.rules.threshold_progress import Standing, has_effect, standings
from workspace.card_model.record import CardModel
from workspace.requests.request_details import Deciders, DetailedRole, Grounds, RequestDetails
from workspace.text.names import join_names, list_names
from workspace.text.resources import resource_texts
from workspace.text.split import split_text
from workspace.text.untrusted import safe_line, safe_name, safe_text
from workspace.views.cards.facts import access_times
from workspace.views.cards.reviews import NO_EFFECT
from workspace.views.parts import rich
from workspace.views.parts.fact import Fact

PIECE_ROOM = 1_500
"""Length of a piece, as `slack_length` counts it."""
_LONGEST, _LINES = 20_000, 2_000
"""Teleport's own limits are lower, except for the limits of one resource."""
_DESCRIPTION, _FILTER = 600, 600
_NAMES_AT_ONCE = 20
_UNREADABLE = "The bot can't read Teleport's users now."
_ONLY_LINKED = "Only users who are linked to Slack are listed."
_NO_DECIDER = "No user who is linked to Slack can decide this request."
_NO_THRESHOLDS = "The request has no thresholds: one approval or denial is enough."
_VERBS = {
    RequestState.APPROVED: "approved",
    RequestState.DENIED: "denied",
    RequestState.PROMOTED: "granted through an access list",
}


def details(card_model: CardModel, found: RequestDetails) -> Iterator[RichTextElement]:
    """Yield the pieces. Each one is short enough to fit into an empty page."""
    request = found.request
    yield from _times(card_model, request.created)
    yield from _section("Reason", _quotes(request.reason))
    if request.resolve_reason:
        yield from _section("Resolution reason", _quotes(request.resolve_reason))
    yield from _section("Roles", _bullets(map(_role, found.roles)))
    if request.resources:
        texts = resource_texts(request.resources, cluster="")
        names = dict(zip(card_model.resources, card_model.resource_names, strict=False))
        shown = zip(texts, card_model.resources, strict=True)
        rows = chain.from_iterable(_resource(text, names.get(own, own)) for text, own in shown)
        yield from _section("Resources", _bullets(rows))
    yield from _thresholds(standings(request), pending=request.pending)
    if request.pending:
        yield from _section("Can still decide", _deciders(found.deciders))
    if request.suggested_reviewers:
        names_of = _names(request.suggested_reviewers, more=request.more_reviewers)
        yield from _section("Suggested reviewers", _bullets((each,) for each in names_of))
    reviews = (_review(each, counts=has_effect(each, request)) for each in request.reviews)
    yield from _section("Reviews", chain.from_iterable(reviews))


def _section(name: str, pieces: Iterable[RichTextElement]) -> Iterator[RichTextElement]:
    """Yield the pieces after a heading, or nothing without pieces."""
    for number, piece in enumerate(pieces):
        if number == 0:
            yield rich.lines((rich.bold(name),))
        yield piece


def _times(card_model: CardModel, created: datetime | None) -> Iterator[RichTextElement]:
    moments = [
        *([Fact("Requested", created)] if created else []),
        *([Fact("Request expires", card_model.waiting_until)] if card_model.waiting_until else []),
        *access_times(card_model),
    ]
    rows: list[rich.Line] = [
        (rich.bold(f"{each.name}: "), rich.moment(each.value))
        for each in moments
        if isinstance(each.value, datetime)
    ]
    rows.append((rich.bold("ID: "), safe_name(card_model.id)))
    yield rich.lines(*rows)


def _quotes(text: str) -> Iterator[RichTextElement]:
    if text.strip():
        visible = safe_text(text, _LONGEST, _LINES) or "(no visible text)"
        for part in split_text(visible, PIECE_ROOM):
            yield rich.quote(rich.text(part))


def _bullets(rows: Iterable[Sequence[rich.Part | str]]) -> Iterator[RichTextElement]:
    """Yield one list for each row: a page can end after any of them."""
    for row in rows:
        yield rich.bullets(row)


def _role(role: DetailedRole) -> Sequence[rich.Part | str]:
    text = safe_line(role.description, _DESCRIPTION)
    if not role.exists:
        text = "Teleport has no such role now."
    return rich.bold(safe_name(role.name, _DESCRIPTION)), f": {text}" if text else ""


def _resource(text: str, name: str) -> Iterator[Sequence[rich.Part | str]]:
    """Yield the path with its cluster and constraints, and the name that users know."""
    parts = list(split_text(safe_line(text, _LONGEST) or "\ufffd", PIECE_ROOM))
    known = "" if safe_line(name, _LONGEST) in text else f" ({safe_name(name, 200)})"
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        yield part, known if last else ""


def _thresholds(found: Sequence[Standing], *, pending: bool) -> Iterator[RichTextElement]:
    if found:
        yield from _section("Thresholds", _bullets(map(_threshold, found)))
    elif pending:
        yield from _section("Thresholds", _bullets([(_NO_THRESHOLDS,)]))


def _threshold(each: Standing) -> Sequence[rich.Part | str]:
    counts = (
        f"{each.approvals} approvals" if each.approvals else "never approves",
        f"{each.denials} denials" if each.denials else "never denies",
    )
    name = f" ({safe_name(each.threshold.name)})" if each.threshold.name else ""
    roles = f" for {list_names(each.roles, 20, 400)}"
    if not each.threshold.filter:
        return (f"{', '.join(counts)}{name}{roles}",)
    words = rich.code(safe_name(each.threshold.filter, _FILTER))
    return f"{', '.join(counts)}{name}{roles}. Only reviewers who match ", words


def _deciders(found: tuple[Deciders, ...] | None) -> Iterator[RichTextElement]:
    if found is None:
        yield from _bullets([(_UNREADABLE,)])
        return
    for group in found:
        for names in _names(group.names):
            yield from _bullets([(rich.bold(names), f": {_grounds(group.grounds)}")])
    yield from _bullets([(_ONLY_LINKED if found else _NO_DECIDER,)])


def _grounds(grounds: Grounds) -> str:
    """Return the reason, such as `role reviewer`."""
    word = "role" if len(grounds.roles) == 1 else "roles"
    roles = f"{word} {list_names(grounds.roles, 10, 400)}" if grounds.roles else ""
    if grounds.by_settings:
        with_roles = f" through the {roles}" if roles else ""
        return f"approver in the bot's settings{with_roles}"
    limits = [
        *(f"if {safe_name(each, _FILTER)}" for each in grounds.conditions[:1]),
        *(["depending on the user's traits"] if grounds.by_traits else []),
    ]
    return ", ".join([roles, *limits])


def _names(names: Sequence[str], more: int = 0) -> Iterator[str]:
    for start in range(0, len(names), _NAMES_AT_ONCE):
        part = names[start : start + _NAMES_AT_ONCE]
        yield join_names([safe_name(name, 60) for name in part], _NAMES_AT_ONCE, PIECE_ROOM)
    if more:
        yield f"and {more} more"


def _review(review: Review, *, counts: bool) -> Iterator[RichTextElement]:
    """Yield the review and its full reason."""
    effect = "" if counts else f" ({NO_EFFECT})"
    verb = _VERBS.get(review.state, "reviewed")
    row: list[rich.Part | str] = [rich.bold(f"{safe_name(review.author)} {verb}"), effect]
    if review.created is not None:
        row += [": ", rich.moment(review.created)]
    yield rich.lines(row)
    yield from _quotes(review.reason)
