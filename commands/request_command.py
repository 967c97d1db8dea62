"""`/teleport-request`: ask for access by typing it, or by a form."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from commands import slash_commands
from commands.actions import create_request
from commands.actions.authorized_user import CREATE, FILL_IN_REQUEST, AuthorizedUser
from commands.actions.create_request import ReasonMissing
from commands.actions.services import Services
from commands.actions.suggested_reviewers import (
    ensure_within_limit,
    problems,
    with_user_names,
    without_mentions,
)
from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.parsing.grammar import CONJUNCTIONS, ask_from
from commands.parsing.words import wants_help
from teleport_client.model.access_request import AccessRequest
from workspace.requests.request_draft import RequestDraft, draft_from_json
from workspace.retry import with_retry
from workspace.views.forms.request_form import request_form
from workspace.views.help import help_message
from workspace.views.parts import rich
from workspace.views.parts.message import sentence
from workspace.views.parts.outdated import outdated_button, reading
from workspace.views.parts.untrusted import safe_name
from workspace.views.request_responses import (
    duplicate_found,
    reason_prompt,
    request_created,
    reviewers_doubtful,
    shorter_offer,
)

NAME = slash_commands.REQUEST
_ROLES_TYPED = 5
_SAME_CLICK = timedelta(seconds=10)


async def command(services: Services, interaction: Interaction, reply: Responder) -> None:
    if wants_help(interaction.text):
        await reply.respond(help_message(NAME))
        return
    draft = ask_from(interaction.text)
    user = await services.authorize(
        interaction.slack_user_id, CREATE if draft.roles else FILL_IN_REQUEST
    )
    draft = await without_conjunctions(services, user, draft)
    ensure_within_limit(services, interaction.slack_user_id, draft.reviewers)
    draft = replace(draft, reviewers=await with_user_names(services, draft.reviewers))
    if draft.roles:
        await request_access(services, user, draft, reply)
    else:
        await open_form(services, user, reply, draft)


async def without_conjunctions(
    services: Services, user: AuthorizedUser, draft: RequestDraft
) -> RequestDraft:
    """Leave out the words between roles, unless they are roles that can be requested."""
    if CONJUNCTIONS.isdisjoint(draft.roles):
        return draft
    allowed = (await services.permissions.capabilities(user.name)).requestable_roles
    words = CONJUNCTIONS.difference(allowed)
    return replace(draft, roles=tuple(role for role in draft.roles if role not in words))


async def request_anyway(services: Services, interaction: Interaction, reply: Responder) -> None:
    """Ask in spite of what was said: a button, with the ask in its value."""
    draft = _unpacked(interaction.value)
    if not draft.roles:
        raise outdated_button(NAME)
    user = await services.authorize(interaction.slack_user_id, CREATE)
    await request_access(services, user, draft, reply)


async def open_prefilled_form(
    services: Services, interaction: Interaction, reply: Responder
) -> None:
    """Open the form with what was typed: a button, with the ask in its value."""
    draft = _unpacked(interaction.value)
    user = await services.authorize(interaction.slack_user_id, FILL_IN_REQUEST)
    await open_form(services, user, reply, draft)


def _unpacked(value: str) -> RequestDraft:
    with reading(outdated_button(NAME)):
        return draft_from_json(value)


async def request_access(
    services: Services, user: AuthorizedUser, draft: RequestDraft, reply: Responder
) -> None:
    """Check, point out a like request, and store. Raises Refusal, TeleportError."""
    try:
        tried = await with_retry(
            lambda deadline: create_request.check(services, user, draft, deadline=deadline)
        )
        await store(services, user, draft, tried, reply)
    except ReasonMissing as missing:
        await _ask_for_reason(draft, missing, reply)


async def store(
    services: Services,
    user: AuthorizedUser,
    draft: RequestDraft,
    tried: AccessRequest,
    reply: Responder,
) -> None:
    """Store what Teleport has tried, unless the person has to hear something first.

    Raises ReasonMissing.
    """
    if not draft.any_reviewers and (
        found := await problems(services, user.name, draft.reviewers, tried)
    ):
        reviewers = without_mentions(draft.reviewers)
        await reply.respond(reviewers_doubtful(replace(draft, reviewers=reviewers), found))
        return
    if draft.is_longer_than(tried.access_until, services.now()) and not draft.allow_shorter:
        limited_by_bot_certificate = create_request.limited_by_bot_certificate(services, tried)
        await reply.respond(
            shorter_offer(
                draft, services.face(tried), limited_by_bot_certificate=limited_by_bot_certificate
            )
        )
        return
    async with services.request_locks(user.name):
        before = await create_request.requests_of(services, user)
        like = create_request.duplicates_of(tried, before)
        if like and not draft.allow_duplicate and user.sees_own_requests:
            await reply.respond(duplicate_found(draft, services.face(like[0]), like[0].created))
            return
        made = _made_just_now(services, draft, like) or await create_request.create(
            services, user, draft, before
        )
    told = await services.gets_messages(user.person)
    await reply.replace_original(
        request_created(draft, services.face(made), made.created, told=told)
    )


def _made_just_now(
    services: Services, draft: RequestDraft, like: Iterable[AccessRequest]
) -> AccessRequest | None:
    """Take a second click on the same button for the first."""
    earliest = services.now() - _SAME_CLICK
    for request in like:
        if request.reason == draft.reason and request.created and request.created > earliest:
            return request
    return None


async def open_form(
    services: Services, user: AuthorizedUser, reply: Responder, draft: RequestDraft
) -> None:
    create_request.ensure_requests_enabled(services)
    typed = _typed(draft)
    if not await reply.open_form(request_form(draft, channel=reply.channel), typed=typed):
        said = f"The form didn't open. Run {NAME} again, or without the form:"
        await reply.respond(sentence(said, preformatted=typed))
        return
    # The menu of roles asks for these a moment later.
    await services.permissions.capabilities(user.name)


async def _ask_for_reason(draft: RequestDraft, missing: ReasonMissing, reply: Responder) -> None:
    form = request_form(draft, channel=reply.channel, note=missing.sentence, reason_required=True)
    if not await reply.open_form(form, typed=_typed(draft)):
        await reply.respond(reason_prompt(draft, missing.sentence))


def _typed(draft: RequestDraft) -> str:
    """Return the command line that needs no form."""
    roles = " ".join(safe_name(role) for role in draft.roles[:_ROLES_TYPED]) or "<role>"
    duration = f" for {rich.duration(draft.duration)}" if draft.duration else ""
    return f"{NAME} {roles}{duration} because <reason>"
