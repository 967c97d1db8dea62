"""`/teleport-pending`: a private list of pending requests, with buttons on the reviewable ones."""

from enum import StrEnum

from rapidfuzz import process

from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.parsing.words import DASHES, normalize_word, wants_help
from commands.request_model import request_model
from commands.slash_commands import PENDING, REQUEST
from commands.use_cases import find_request
from commands.use_cases.acting_user.authorized_user import LIST, AuthorizedUser
from commands.use_cases.services import Services
from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_name
from workspace.views.parts.message import Message, text_message
from workspace.views.parts.outdated import outdated_button, reading
from workspace.views.requests.request_row import Row
from workspace.views.responses.help import help_message
from workspace.views.responses.pending_list import PAGE, pending_list


class Scope(StrEnum):
    """The part of the pending requests to list. The values are part of paging buttons."""

    CONCERNED = ""
    """The user's own requests, and those that the user can review."""
    MINE = "mine"
    REVIEWABLE = "reviewable"
    ALL = "all"


_TITLES = {
    Scope.CONCERNED: "Your requests and requests to review",
    Scope.MINE: "Your pending requests",
    Scope.REVIEWABLE: "Waiting for your review",
    Scope.ALL: "All pending requests",
}
_NONE = {
    Scope.CONCERNED: ("You're all caught up. You have no pending requests and nothing to review."),
    Scope.MINE: f"You have no pending requests. Run {REQUEST} to request access.",
    Scope.REVIEWABLE: "No requests are waiting for your review.",
    Scope.ALL: "There are no pending requests.",
}


async def command(services: Services, interaction: Interaction, responder: Responder) -> None:
    if wants_help(interaction.text):
        await responder.respond(help_message(PENDING))
        return
    scope = _scope(normalize_word(interaction.text).lstrip(DASHES).rstrip(".,;"))
    user = await services.authorize(interaction.slack_user_id, LIST)
    await responder.respond(await _list(services, user, scope))


async def turn_page(services: Services, interaction: Interaction, responder: Responder) -> None:
    """Show an older or newer page: a button with the value `<scope>:<page>`."""
    scope, page = _page(interaction.value)
    user = await services.authorize(interaction.slack_user_id, LIST)
    await responder.replace_original(await _list(services, user, scope, page))


def _page(value: str) -> tuple[Scope, int]:
    scope, _, page = value.partition(":")
    with reading(outdated_button(PENDING)):
        return Scope(scope), max(0, int(page))


async def _list(services: Services, user: AuthorizedUser, scope: Scope, page: int = 0) -> Message:
    if scope is Scope.ALL and not user.sees_all_requests:
        raise UserError(
            f"Your Teleport roles don't let you list everyone's requests. Run {PENDING} to see"
            " yours and the ones you can review.",
            reason="cannot_list_all",
        )
    rows = await _rows(services, user, scope)
    if not rows:
        return text_message(_nothing(services, user, scope))
    last_page = (len(rows) - 1) // PAGE
    return pending_list(_TITLES[scope], rows, scope=scope, page=min(page, last_page))


def _nothing(services: Services, user: AuthorizedUser, scope: Scope) -> str:
    """Return the text of an empty list. Without reviews from Slack, others may wait elsewhere."""
    for_review = scope in {Scope.CONCERNED, Scope.REVIEWABLE}
    if services.review_policy.mode.from_slack or not for_review:
        return _NONE[scope]
    own = "You have no pending requests. " if scope is Scope.CONCERNED else ""
    where = (
        f"Run {PENDING} {Scope.ALL} to list everyone's requests."
        if user.sees_all_requests
        else "List others' requests with tsh request ls or in the Teleport web UI."
    )
    return f"{own}Reviews from Slack are off. {where}"


async def _rows(services: Services, user: AuthorizedUser, scope: Scope) -> list[Row]:
    if scope is Scope.MINE:
        mine = await find_request.pending_requests(services, user=user.name)
        return [Row(request_model(services, each), each.created, can_review=False) for each in mine]
    pending = await find_request.pending_requests(services)
    reviewable = services.permissions.reviewable(user, pending)
    return [
        Row(request_model(services, each), each.created, can_review=each.id in reviewable)
        for each in pending
        if each.id in reviewable
        or scope is Scope.ALL
        or (scope is Scope.CONCERNED and each.user == user.name)
    ]


def _scope(word: str) -> Scope:
    try:
        return Scope(word)
    except ValueError:
        named = [scope.value for scope in Scope if scope.value]
        nearest = process.extractOne(word, named, score_cutoff=50)
        hint = f"Did you mean {nearest[0]}? " if nearest else ""
        raise UserError(
            f"Unknown list “{safe_name(word)}”. {hint}Available lists: {', '.join(named)}.",
            reason="unknown_scope",
        ) from None
