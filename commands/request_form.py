"""The form of `/teleport-request`: what it offers while it is filled in, and what is handed in."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import Any

from rapidfuzz import fuzz, process

from commands import request_command
from commands.actions import create_request
from commands.actions.authorized_user import CREATE, FILL_IN_REQUEST, AuthorizedUser
from commands.actions.create_request import ReasonMissing
from commands.actions.services import Services
from commands.actions.suggested_reviewers import (
    CannotReview,
    ensure_within_limit,
    linked_person,
)
from commands.interactions.explain import explain
from commands.interactions.interaction import Interaction
from commands.interactions.listener import FormResult
from commands.interactions.responder import Responder
from teleport_client.errors import TeleportError, Unreachable
from teleport_client.model.access_request import AccessRequest
from workspace.requests.request_draft import RequestDraft, check_reviewers
from workspace.requests.user_error import UserError
from workspace.retry import FORM_SECONDS
from workspace.views.forms import role_option
from workspace.views.forms.request_form import (
    REASON,
    REVIEWERS,
    ROLES,
    RequestFormInput,
    read,
    role_options,
)
from workspace.views.request_responses import reason_prompt

_ALIKE = 50
"""How much a role's name has to resemble what was typed, out of 100."""


class _FieldError(Exception):
    """One field is wrong, in a sentence that is shown beside it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


async def suggest_roles(services: Services, interaction: Interaction) -> list[dict[str, Any]]:
    """Offer the roles that this user can request, best match first."""
    user = await services.authorize(interaction.slack_user_id, FILL_IN_REQUEST)
    allowed = (await services.permissions.capabilities(user.name)).requestable_roles
    typed = interaction.text.strip()
    if not typed:
        return role_options(sorted(allowed))
    found = process.extract(
        typed.lower(), allowed, scorer=fuzz.WRatio, processor=str.lower, limit=100,
        score_cutoff=_ALIKE,
    )  # fmt: skip
    return role_options(name for name, _, _ in found)


async def check(services: Services, interaction: Interaction) -> FormResult:
    """Look at what was handed in, and have Teleport try it, before the form closes."""
    filled = _filled(interaction)
    try:
        user, draft = await _parse(services, interaction, filled)
        tried = await _dry_run(services, user, draft)
    except _FieldError as refused:
        return FormResult(errors={refused.field: refused.sentence})
    except Unreachable as error:
        raise TimeoutError from error
    return FormResult(work=_create_handler(user, draft, tried), channel=filled.channel)


async def submit(services: Services, interaction: Interaction, reply: Responder) -> None:
    """Do it all after the ack, for when Teleport was too slow for the form."""
    try:
        user, draft = await _parse(services, interaction, _filled(interaction))
    except _FieldError as refused:
        raise UserError(refused.sentence, reason="form_field") from refused
    await request_command.request_access(services, user, draft, reply)


def _filled(interaction: Interaction) -> RequestFormInput:
    if interaction.form is None:
        raise ValueError("a form that was handed in has a state")
    return read(interaction.form.values, interaction.form.private_metadata)


async def _parse(
    services: Services, interaction: Interaction, filled: RequestFormInput
) -> tuple[AuthorizedUser, RequestDraft]:
    user = await services.authorize(interaction.slack_user_id, CREATE)
    _check_reviewers(services, interaction.slack_user_id, filled)
    picked = await asyncio.gather(
        *(_reviewer(services, slack_user_id) for slack_user_id in filled.picked_reviewers)
    )
    allowed = (await services.permissions.capabilities(user.name)).requestable_roles
    return user, replace(
        filled.draft,
        roles=_role_names(filled, allowed),
        reviewers=tuple(dict.fromkeys((*filled.draft.reviewers, *picked))),
    )


def _role_names(filled: RequestFormInput, requestable: Collection[str]) -> tuple[str, ...]:
    try:
        return role_option.names(filled.role_values, requestable)
    except LookupError as error:
        said = "You can't request one of these roles any more. Remove it, or search for it again."
        raise _FieldError(ROLES, said) from error


def _check_reviewers(services: Services, slack_user_id: str, filled: RequestFormInput) -> None:
    """Refuse too many before any is looked up: Slack limits lookups for all users together."""
    reviewers = (*filled.draft.reviewers, *filled.picked_reviewers)
    try:
        check_reviewers(reviewers)
        ensure_within_limit(services, slack_user_id, reviewers)
    except UserError as refusal:
        raise _FieldError(REVIEWERS, refusal.sentence) from refusal


async def _reviewer(services: Services, slack_user_id: str) -> str:
    try:
        return (await linked_person(services, slack_user_id)).name
    except CannotReview as error:
        raise _FieldError(REVIEWERS, f"{error.sentence} Choose someone else.") from error


async def _dry_run(services: Services, user: AuthorizedUser, draft: RequestDraft) -> AccessRequest:
    try:
        return await create_request.check(services, user, draft, deadline=FORM_SECONDS)
    except ReasonMissing as missing:
        raise _FieldError(REASON, missing.sentence) from missing
    except UserError as refusal:
        field = REASON if refusal.reason == "reason_too_long" else ROLES
        raise _FieldError(field, refusal.sentence) from refusal
    except Unreachable:
        raise
    except TeleportError as error:
        raise _FieldError(ROLES, explain(error).sentence) from error


def _create_handler(
    user: AuthorizedUser, draft: RequestDraft, tried: AccessRequest
) -> Callable[[Services, Interaction, Responder], Awaitable[None]]:
    async def store(services: Services, _interaction: Interaction, reply: Responder) -> None:
        try:
            await request_command.store(services, user, draft, tried, reply)
        except ReasonMissing as missing:
            await reply.respond(reason_prompt(draft, missing.sentence))

    return store
