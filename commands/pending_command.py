"""`/teleport-pending`: what waits, privately, with buttons on what one may decide."""

from enum import StrEnum

from rapidfuzz import process

from commands import slash_commands
from commands.actions import find_request
from commands.actions.authorized_user import LIST, AuthorizedUser
from commands.actions.services import Services
from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.parsing.words import DASHES, bare, wants_help
from workspace.requests.user_error import UserError
from workspace.views.help import help_message
from workspace.views.parts.message import Message, sentence
from workspace.views.parts.outdated import outdated_button, reading
from workspace.views.parts.untrusted import safe_name
from workspace.views.pending_list import PAGE, Row, pending_list

NAME = slash_commands.PENDING


class Scope(StrEnum):
    """Which of them. The values travel in paging buttons."""

    CONCERNED = ""
    """One's own and those that one may decide."""
    MINE = "mine"
    REVIEWABLE = "reviewable"
    ALL = "all"


_TITLES = {
    Scope.CONCERNED: "Your requests, and those that wait for you",
    Scope.MINE: "Your pending requests",
    Scope.REVIEWABLE: "Requests that wait for you",
    Scope.ALL: "All pending requests",
}
_NONE = {
    Scope.CONCERNED: "Nothing waits: you have no pending request, and none waits for you.",
    Scope.MINE: "You have no pending request. Ask for access with /teleport-request.",
    Scope.REVIEWABLE: "No request waits for you.",
    Scope.ALL: "No request is pending.",
}


async def command(services: Services, interaction: Interaction, reply: Responder) -> None:
    if wants_help(interaction.text):
        await reply.respond(help_message(NAME))
        return
    scope = _scope(bare(interaction.text).lstrip(DASHES).rstrip(".,;"))
    user = await services.authorize(interaction.slack_user_id, LIST)
    await reply.respond(await listing(services, user, scope))


async def turn_page(services: Services, interaction: Interaction, reply: Responder) -> None:
    """Older or newer: a button whose value is `<scope>:<page>`."""
    scope, page = _page(interaction.value)
    user = await services.authorize(interaction.slack_user_id, LIST)
    await reply.replace_original(await listing(services, user, scope, page))


def _page(value: str) -> tuple[Scope, int]:
    scope, _, page = value.partition(":")
    with reading(outdated_button(NAME)):
        return Scope(scope), max(0, int(page))


async def listing(services: Services, user: AuthorizedUser, scope: Scope, page: int = 0) -> Message:
    if scope is Scope.ALL and not user.sees_all_requests:
        raise UserError(
            "Your Teleport roles do not let you list everybody's requests. See your own and those"
            f" that wait for you with {NAME}.",
            reason="may_not_list_all",
        )
    rows = await _rows(services, user, scope)
    if not rows:
        return sentence(_NONE[scope])
    last_page = (len(rows) - 1) // PAGE
    return pending_list(_TITLES[scope], rows, scope=scope, page=min(page, last_page))


async def _rows(services: Services, user: AuthorizedUser, scope: Scope) -> list[Row]:
    if scope is Scope.MINE:
        mine = await find_request.pending_requests(services, user=user.name)
        return [Row(services.face(each), each.created, may_decide=False) for each in mine]
    pending = await find_request.pending_requests(services)
    reviewable = services.permissions.reviewable(user, pending)
    return [
        Row(services.face(each), each.created, may_decide=each.id in reviewable)
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
            f"There is no list called “{safe_name(word)}”. {hint}There are {', '.join(named)}.",
            reason="unknown_scope",
        ) from None
