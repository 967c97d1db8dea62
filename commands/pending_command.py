"""`/teleport-pending`: private lists of requests, page by page, with the user's buttons.

Each page reads the requests and the user's permissions again. Its buttons carry the list, the page
and the search.
"""

from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.parsing.list_grammar import SCOPES, ListQuery, Scope, parse_list, query_from
from commands.parsing.words import MIN_SIMILARITY, wants_help
from commands.request_model import request_model
from commands.slash_commands import PENDING, REQUEST
from commands.use_cases.acting_user.authorized_user import LIST, AuthorizedUser
from commands.use_cases.lists.list_requests import list_requests
from commands.use_cases.lists.search import resolve_mentions
from commands.use_cases.services import Services
from teleport_client.model.access_request import AccessRequest
from workspace.text.untrusted import safe_line
from workspace.views.parts.message import Message, text_message
from workspace.views.parts.outdated import outdated_button, reading
from workspace.views.requests.request_row import Row
from workspace.views.responses.help import help_message
from workspace.views.responses.pending_list import PAGE, Paging, list_page

_SEARCH_SHOWN = 60


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts of one list."""

    title: str
    subject: str
    """The requests as the subject of a sentence."""
    nothing: str


_TEXTS = {
    Scope.CONCERNED: _Texts(
        "Your requests and requests to review",
        "Your requests and requests to review",
        "You're all caught up. You have no pending requests and nothing to review.",
    ),
    Scope.MINE: _Texts(
        "Your pending requests",
        "Your pending requests",
        f"You have no pending requests. Run {REQUEST} to request access.",
    ),
    Scope.REVIEWABLE: _Texts(
        "Waiting for your review",
        "The requests waiting for your review",
        "No requests are waiting for your review.",
    ),
    Scope.SUGGESTED: _Texts(
        "Waiting for your review, as a suggested reviewer",
        "The requests that suggest you as a reviewer",
        "No pending requests suggest you as a reviewer.",
    ),
    Scope.ACTIVE: _Texts(
        "Your active access",
        "Your active requests",
        f"You have no active access from a request. Run {REQUEST} to request access.",
    ),
    Scope.ALL: _Texts(
        "All pending requests", "The pending requests", "There are no pending requests."
    ),
}
_FOR_REVIEW = {Scope.CONCERNED, Scope.REVIEWABLE, Scope.SUGGESTED}


async def command(services: Services, interaction: Interaction, responder: Responder) -> None:
    if wants_help(interaction.text):
        await responder.respond(help_message(PENDING))
        return
    typed = parse_list(interaction.text)
    user = await services.authorize(interaction.slack_user_id, LIST)
    query = replace(
        typed, search=await resolve_mentions(services, interaction.slack_user_id, typed.search)
    )
    await responder.respond(await _list(services, user, query))


async def turn_page(services: Services, interaction: Interaction, responder: Responder) -> None:
    """Show an older or newer page."""
    with reading(outdated_button(PENDING)):
        query = query_from(interaction.value)
    user = await services.authorize(interaction.slack_user_id, LIST)
    await responder.replace_original(await _list(services, user, query))


async def _list(services: Services, user: AuthorizedUser, query: ListQuery) -> Message:
    found = await list_requests(services, user, query)
    if not found:
        nothing = _no_match(query) if query.search else _nothing(services, user, query.scope)
        return text_message(nothing)
    page = min(query.page, (len(found) - 1) // PAGE)
    shown = found[page * PAGE : (page + 1) * PAGE]
    left = len(found) - (page + 1) * PAGE
    paging = Paging(
        newer=query.to_value(page - 1) if page else "",
        older=query.to_value(page + 1) if left > 0 else "",
        left=left,
    )
    lists = services.permissions.lists(user)
    rows = [
        _row(services, each, can_review=lists.is_reviewable(each), scope=query.scope)
        for each in shown
    ]
    return list_page(_title(query), rows, paging)


def _row(services: Services, request: AccessRequest, *, can_review: bool, scope: Scope) -> Row:
    extendable = scope is Scope.ACTIVE and services.policy.requests_enabled
    return Row(
        request_model(services, request),
        request.created,
        can_review=can_review,
        can_extend=extendable and services.can_create(),
        can_lock=scope is Scope.ACTIVE and services.can_lock(),
    )


def _title(query: ListQuery) -> str:
    title = _TEXTS[query.scope].title
    return f"{title}: {_quoted(query)}" if query.search else title


def _quoted(query: ListQuery) -> str:
    return f"“{safe_line(' '.join(query.search), _SEARCH_SHOWN)}”"


def _nothing(services: Services, user: AuthorizedUser, scope: Scope) -> str:
    """Return the text of an empty list. Without reviews from Slack, others may wait elsewhere."""
    if services.review_policy.mode.from_slack or scope not in _FOR_REVIEW:
        return _TEXTS[scope].nothing
    own = "You have no pending requests. " if scope is Scope.CONCERNED else ""
    where = (
        f"Run {PENDING} {Scope.ALL} to list everyone's requests."
        if user.sees_all_requests
        else "List others' requests with tsh request ls or in the Teleport web UI."
    )
    return f"{own}Reviews from Slack are turned off. {where}"


def _no_match(query: ListQuery) -> str:
    """Return the text of a search without results. One of its words may be a misspelled list."""
    words = (query.search[0], query.search[-1]) if query.scope is Scope.CONCERNED else ()
    meant = next(filter(None, map(_similar_list, words)), "")
    hint = f" Did you mean {meant}?" if meant else ""
    return (
        f"{_TEXTS[query.scope].subject} contain no match for {_quoted(query)}.{hint} Available"
        f" lists: {', '.join(SCOPES)}."
    )


def _similar_list(word: str) -> str:
    """Return the name of the list that the word probably means, empty if it means none."""
    found = process.extractOne(word, SCOPES, scorer=fuzz.ratio, score_cutoff=MIN_SIMILARITY)
    return found[0] if found else ""
