"""`/teleport-request`: ask for access by typing it, or by a form."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from commands import create_request
from commands.authorized_user import CREATE, FILL_IN_REQUEST, AuthorizedUser
from commands.create_request import ReasonMissing
from commands.grammar import CONJUNCTIONS, ask_from
from commands.interaction import Interaction
from commands.patience import patiently
from commands.reply import Reply
from commands.services import Services
from commands.suggested_reviewers import (
    ensure_within_limit,
    problems,
    with_user_names,
    without_mentions,
)
from commands.words import wants_help
from teleport_client.access_request import AccessRequest
from workspace.ask import Ask, unpacked
from workspace.untrusted import label
from workspace.views import rich
from workspace.views.help import help_message
from workspace.views.message import sentence
from workspace.views.outdated import outdated_button, reading
from workspace.views.request_answers import (
    ask_again,
    ask_shorter,
    asked,
    is_shorter,
    reason_wanted,
    reviewers_doubtful,
)
from workspace.views.request_form import request_form

NAME = "/teleport-request"
_ROLES_TYPED = 5
_SAME_CLICK = timedelta(seconds=10)


async def command(services: Services, interaction: Interaction, reply: Reply) -> None:
    if wants_help(interaction.text):
        await reply.say(help_message(NAME))
        return
    ask = ask_from(interaction.text)
    user = await services.authorize(interaction.slack_id, CREATE if ask.roles else FILL_IN_REQUEST)
    ask = await without_conjunctions(services, user, ask)
    ensure_within_limit(services, interaction.slack_id, ask.reviewers)
    ask = replace(ask, reviewers=await with_user_names(services, ask.reviewers))
    if ask.roles:
        await ask_for(services, user, ask, reply)
    else:
        await open_form(services, user, reply, ask)


async def without_conjunctions(services: Services, user: AuthorizedUser, ask: Ask) -> Ask:
    """Leave out the words between roles, unless they are roles that can be requested."""
    if CONJUNCTIONS.isdisjoint(ask.roles):
        return ask
    allowed = (await services.permissions.capabilities(user.name)).requestable_roles
    words = CONJUNCTIONS.difference(allowed)
    return replace(ask, roles=tuple(role for role in ask.roles if role not in words))


async def ask_anyway(services: Services, interaction: Interaction, reply: Reply) -> None:
    """Ask in spite of what was said: a button, with the ask in its value."""
    ask = _unpacked(interaction.value)
    if not ask.roles:
        raise outdated_button(NAME)
    user = await services.authorize(interaction.slack_id, CREATE)
    await ask_for(services, user, ask, reply)


async def fill_in(services: Services, interaction: Interaction, reply: Reply) -> None:
    """Open the form with what was typed: a button, with the ask in its value."""
    ask = _unpacked(interaction.value)
    user = await services.authorize(interaction.slack_id, FILL_IN_REQUEST)
    await open_form(services, user, reply, ask)


def _unpacked(value: str) -> Ask:
    with reading(outdated_button(NAME)):
        return unpacked(value)


async def ask_for(services: Services, user: AuthorizedUser, ask: Ask, reply: Reply) -> None:
    """Check, point out a like request, and store. Raises Refusal, TeleportError."""
    try:
        tried = await patiently(
            lambda deadline: create_request.check(services, user, ask, deadline=deadline)
        )
        await store(services, user, ask, tried, reply)
    except ReasonMissing as missing:
        await _ask_for_reason(ask, missing, reply)


async def store(
    services: Services, user: AuthorizedUser, ask: Ask, tried: AccessRequest, reply: Reply
) -> None:
    """Store what Teleport has tried, unless the person has to hear something first.

    Raises ReasonMissing.
    """
    if not ask.any_reviewers and (
        found := await problems(services, user.name, ask.reviewers, tried)
    ):
        reviewers = without_mentions(ask.reviewers)
        await reply.say(reviewers_doubtful(replace(ask, reviewers=reviewers), found))
        return
    if is_shorter(ask, tried.access_until, services.now()) and not ask.shorter:
        ends_with_bot = create_request.ends_with_bot(services, tried)
        await reply.say(ask_shorter(ask, services.face(tried), ends_with_bot=ends_with_bot))
        return
    async with services.asking(user.name):
        before = await create_request.requests_of(services, user)
        like = create_request.alike(tried, before)
        if like and not ask.anyway and user.sees_own_requests:
            await reply.say(ask_again(ask, services.face(like[0]), like[0].created))
            return
        made = _made_just_now(services, ask, like) or await create_request.create(
            services, user, ask, before
        )
    told = await services.gets_messages(user.person)
    await reply.instead(asked(ask, services.face(made), made.created, told=told))


def _made_just_now(
    services: Services, ask: Ask, like: Iterable[AccessRequest]
) -> AccessRequest | None:
    """Take a second click on the same button for the first."""
    earliest = services.now() - _SAME_CLICK
    for request in like:
        if request.reason == ask.reason and request.created and request.created > earliest:
            return request
    return None


async def open_form(services: Services, user: AuthorizedUser, reply: Reply, ask: Ask) -> None:
    create_request.refuse_if_asking_is_off(services)
    typed = _typed(ask)
    if not await reply.open_form(request_form(ask, channel=reply.channel), typed=typed):
        said = f"The form didn't open. Run {NAME} again, or without the form:"
        await reply.say(sentence(said, to_copy=typed))
        return
    # The menu of roles asks for these a moment later.
    await services.permissions.capabilities(user.name)


async def _ask_for_reason(ask: Ask, missing: ReasonMissing, reply: Reply) -> None:
    form = request_form(ask, channel=reply.channel, note=missing.sentence, reason_required=True)
    if not await reply.open_form(form, typed=_typed(ask)):
        await reply.say(reason_wanted(ask, missing.sentence))


def _typed(ask: Ask) -> str:
    """Return the command line that needs no form."""
    roles = " ".join(label(role) for role in ask.roles[:_ROLES_TYPED]) or "<role>"
    duration = f" for {rich.duration(ask.duration)}" if ask.duration else ""
    return f"{NAME} {roles}{duration} because <reason>"
