"""The form of `/teleport-request`: its menu of roles, its validation and its submission.

Slack shows errors at the inputs only in the ack of a submission. So `check` validates the draft
before the ack, with the same functions as the typed command. If Teleport is too slow for that,
`submit` does all the work after the ack, and its response appears in the form.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from rapidfuzz import fuzz, process

from commands.interactions.explain import explain
from commands.interactions.interaction import Interaction
from commands.interactions.listener import FormResult
from commands.interactions.responder import Responder
from commands.request_outcomes import field_errors, respond
from commands.use_cases.acting_user.authorized_user import CREATE, FILL_IN_REQUEST, AuthorizedUser
from commands.use_cases.create_request import create_request, request_access
from commands.use_cases.services import Services
from commands.use_cases.validate_request import (
    ReasonNeeded,
    Rejected,
    ValidDraft,
    resolve_reviewers,
    validate,
)
from teleport_client.errors import TeleportError, Unreachable
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.retry import FORM_SECONDS
from workspace.views.modals import role_option
from workspace.views.modals.request_modal import RequestFormInput, read, role_options

_MIN_SIMILARITY = 50
"""Least similarity of a role's name and the typed text, out of 100."""


async def suggest_roles(services: Services, interaction: Interaction) -> list[dict[str, Any]]:
    """Return the roles that this user can request, best match first."""
    user = await services.authorize(interaction.slack_user_id, FILL_IN_REQUEST)
    requestable = (await services.permissions.capabilities(user.name)).requestable_roles
    typed = interaction.text.strip()
    if not typed:
        return role_options(sorted(requestable))
    found = process.extract(
        typed.lower(), requestable, scorer=fuzz.WRatio, processor=str.lower, limit=100,
        score_cutoff=_MIN_SIMILARITY,
    )  # fmt: skip
    return role_options(name for name, _, _ in found)


async def check(services: Services, interaction: Interaction) -> FormResult:
    """Validate the form before it closes. Raises TimeoutError if Teleport is unreachable."""
    submitted = _read(interaction)
    try:
        user, draft = await _resolve(services, interaction, submitted)
        checked = draft if isinstance(draft, Rejected) else await _validate(services, user, draft)
    except Unreachable as error:
        raise TimeoutError from error
    if isinstance(checked, ValidDraft):
        return FormResult(work=_create_handler(user, checked), channel=submitted.channel)
    return FormResult(errors=field_errors(checked))


async def submit(services: Services, interaction: Interaction, responder: Responder) -> None:
    """Validate the form and create the request after the ack."""
    user, draft = await _resolve(services, interaction, _read(interaction))
    outcome = draft if isinstance(draft, Rejected) else await request_access(services, user, draft)
    await respond(services, outcome, responder)


def _read(interaction: Interaction) -> RequestFormInput:
    if interaction.form is None:
        raise ValueError("a submitted form has a state")
    return read(interaction.form.values, interaction.form.private_metadata)


async def _resolve(
    services: Services, interaction: Interaction, submitted: RequestFormInput
) -> tuple[AuthorizedUser, RequestDraft | Rejected]:
    """Replace the values of the menus by names of roles and users."""
    slack_user_id = interaction.slack_user_id
    user = await services.authorize(slack_user_id, CREATE)
    draft = await resolve_reviewers(
        services, slack_user_id, submitted.draft, submitted.picked_reviewers
    )
    if isinstance(draft, Rejected):
        return user, draft
    requestable = (await services.permissions.capabilities(user.name)).requestable_roles
    try:
        roles = role_option.names(submitted.role_values, requestable)
    except LookupError:
        text = "You can't request one of these roles any more. Remove it, or search for it again."
        return user, Rejected(UserError(text, reason="role_not_requestable"))
    return user, replace(draft, roles=roles)


async def _validate(
    services: Services, user: AuthorizedUser, draft: RequestDraft
) -> ValidDraft | ReasonNeeded | Rejected:
    """Validate the draft once, since a retry would take longer than the ack can wait."""
    try:
        return await validate(services, user, draft, deadline=FORM_SECONDS)
    except Unreachable:
        raise
    except TeleportError as error:
        return Rejected(explain(error))


def _create_handler(
    user: AuthorizedUser, valid: ValidDraft
) -> Callable[[Services, Interaction, Responder], Awaitable[None]]:
    async def create(services: Services, _: Interaction, responder: Responder) -> None:
        await respond(services, await create_request(services, user, valid), responder)

    return create
