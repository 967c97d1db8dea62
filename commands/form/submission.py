"""The submission of the request form: its validation, and the request that it creates.

Slack shows errors at the inputs only in the ack of a submission. So `check` validates the draft
before the ack, with the same functions as the typed command. If Teleport is too slow for that,
`submit` does all the work after the ack, and its response appears in the form.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from commands.interactions.explain import explain
from commands.interactions.failure_response import InputKept
from commands.interactions.interaction import Interaction
from commands.interactions.listener import FormResult
from commands.interactions.responder import Responder
from commands.request_outcomes import field_errors, respond
from commands.use_cases.acting_user.authorized_user import CREATE, AuthorizedUser
from commands.use_cases.create_request import RequestOutcome, create_request, request_access
from commands.use_cases.drafts.rejected import DraftField, ReasonNeeded, Rejected
from commands.use_cases.drafts.resolve_reviewers import resolve_reviewers
from commands.use_cases.offers.resources import rejected_resources, roles_by_resource
from commands.use_cases.services import Services
from commands.use_cases.validate_request import ValidDraft, validate
from teleport_client.errors import TeleportError, Unreachable
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.retry import FORM_SECONDS
from workspace.text.names import it_or_them, list_names
from workspace.views.modals.request_input import RequestFormInput, read
from workspace.views.modals.request_notes import with_access_end
from workspace.views.options import resource_option, role_option
from workspace.views.responses.request import request_rejected

_LEEWAY = timedelta(minutes=1)


async def check(services: Services, interaction: Interaction) -> FormResult:
    """Validate the form before it closes. Raises TimeoutError if Teleport is unreachable."""
    submitted = _read(interaction)
    try:
        user, draft = await _resolve(services, interaction, submitted)
        checked = draft if isinstance(draft, Rejected) else await _validate(services, user, draft)
    except Unreachable as error:
        raise TimeoutError from error
    except TeleportError as error:
        checked = Rejected(explain(error))
    if not isinstance(checked, ValidDraft):
        return FormResult(errors=field_errors(checked, _inputs(interaction)))
    if end := _unconfirmed_end(services, submitted, checked):
        return FormResult(view=_with_shorter_access(interaction, checked, end))
    confirmed = replace(checked, draft=replace(checked.draft, allow_shorter=True))
    return FormResult(work=_create_handler(user, confirmed), channel=submitted.channel)


async def submit(services: Services, interaction: Interaction, responder: Responder) -> None:
    """Validate the form and create the request after the ack.

    The form is gone by now, so the response to a rejection opens it again.
    """
    submitted = _read(interaction)
    kept = _unresolved(submitted)
    try:
        user, draft = await _resolve(services, interaction, submitted)
        outcome: RequestOutcome
        if isinstance(draft, Rejected):
            outcome = draft
        else:
            kept = draft
            outcome = await request_access(services, user, draft)
        await respond(services, outcome, responder)
    except Exception as error:
        raise InputKept(error, partial(request_rejected, kept)) from error


def _unresolved(submitted: RequestFormInput) -> RequestDraft:
    """Return the draft with the values of the menus where they are names."""
    mentions = (f"<@{each}>" for each in submitted.picked_reviewers)
    return replace(
        submitted.draft,
        roles=submitted.role_values,
        resources=(*submitted.draft.resources, *submitted.resource_values),
        reviewers=(*submitted.draft.reviewers, *mentions),
    )


def _inputs(interaction: Interaction) -> Collection[str]:
    return interaction.form.values.keys() if interaction.form else ()


def _unconfirmed_end(
    services: Services, submitted: RequestFormInput, valid: ValidDraft
) -> datetime | None:
    """Return the end of the access if it is earlier than wanted and than the form has shown."""
    end = valid.dry_run.access_until
    if end is None or not valid.draft.is_longer_than(end, services.now()):
        return None
    shown = submitted.accepted_end
    return None if shown is not None and end + _LEEWAY >= shown else end


def _with_shorter_access(
    interaction: Interaction, valid: ValidDraft, end: datetime
) -> Mapping[str, Any]:
    view = interaction.form.view if interaction.form else {}
    return with_access_end(view, valid.dry_run.roles, end)


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
    resources = await _selected_resources(services, user, submitted)
    if isinstance(resources, Rejected):
        return user, resources
    paths = tuple(dict.fromkeys((*draft.resources, *resources)))
    if not roles and not paths:
        text = "Select a role or a resource."
        return user, Rejected(UserError(text, reason="nothing_selected"))
    return user, replace(draft, roles=roles, resources=paths)


async def _selected_resources(
    services: Services, user: AuthorizedUser, submitted: RequestFormInput
) -> tuple[str, ...] | Rejected:
    """Return the paths of the selected resources, if the user can request each of them."""
    try:
        paths = resource_option.paths(submitted.resource_values, services.resource_index.long_paths)
    except LookupError:
        text = "One of these resources is gone. Remove it, or search for it again."
        return Rejected(UserError(text, reason="resource_not_found"), DraftField.RESOURCES)
    roles = await roles_by_resource(services, user.name, paths)
    if rejected := rejected_resources(services, roles):
        text = (
            f"You can't request {list_names(rejected)}. Remove {it_or_them(rejected)}, or choose"
            " others."
        )
        error = UserError(text, reason="resource_not_requestable")
        return Rejected(error, DraftField.RESOURCES)
    return paths


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
        try:
            await respond(services, await create_request(services, user, valid), responder)
        except Exception as error:
            raise InputKept(error, partial(request_rejected, valid.draft)) from error

    return create
