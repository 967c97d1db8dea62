"""Render the outcomes of a request: for the typed command, the buttons and the form."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import assert_never

from commands import slash_commands
from commands.interactions.responder import Responder
from commands.request_model import request_model
from commands.use_cases.create_request import (
    AlreadyPending,
    Created,
    RequestOutcome,
    Shortened,
    UnsuitableReviewers,
)
from commands.use_cases.drafts.rejected import DraftField, ReasonNeeded, Rejected
from commands.use_cases.drafts.resolve_reviewers import without_mentions
from commands.use_cases.services import Services
from teleport_client.rules.resource_paths import parse_resource_path
from workspace.moment import minutes_between
from workspace.requests.request_draft import RequestDraft
from workspace.text.budget import join_texts
from workspace.text.untrusted import safe_name, safe_text
from workspace.views.modals.request_input import (
    DURATION,
    EXPIRY,
    REASON,
    RESOURCES,
    REVIEWERS,
    ROLES,
    START,
)
from workspace.views.modals.request_modal import FormContext, request_form
from workspace.views.parts.message import Message
from workspace.views.parts.moments import duration_text, utc_text
from workspace.views.responses.request import (
    corrections_offer,
    duplicate_found,
    reason_prompt,
    request_created,
    reviewer_problems,
    shorter_offer,
)

_INPUTS = {
    DraftField.ROLES: ROLES,
    DraftField.REASON: REASON,
    DraftField.REVIEWERS: REVIEWERS,
    DraftField.START: START,
    DraftField.END: DURATION,
    DraftField.RESOURCES: RESOURCES,
    DraftField.EXPIRY: EXPIRY,
}
"""Block IDs of the form."""
_MAX_ROLES = 5
_PROMPT_LENGTH, _PROMPTS_ROOM = 300, 800


async def respond(services: Services, outcome: RequestOutcome, responder: Responder) -> None:
    """Respond with the outcome. Raises UserError for a rejection without corrections."""
    match outcome:
        case Rejected(error=error, corrections=corrections) if corrections:
            await responder.respond(corrections_offer(error.text, corrections))
        case Rejected(error=error):
            raise error
        case ReasonNeeded():
            await _prompt_for_reason(services, outcome, responder)
        case Created():
            # The button that was clicked has done its work.
            await responder.replace_original(_message(services, outcome))
        case _:
            await responder.respond(_message(services, outcome))


def field_errors(outcome: ReasonNeeded | Rejected, inputs: Collection[str]) -> dict[str, str]:
    """Return the outcome as errors at the inputs of the form.

    `inputs` are those that the form has. An older form has fewer.
    """
    match outcome:
        case Rejected(error=error, field=field):
            return {_INPUTS[field] if _INPUTS[field] in inputs else ROLES: error.text}
        case ReasonNeeded(prompts=prompts):
            return {REASON: reason_text(prompts)}
        case _:
            assert_never(outcome)


def form_context(services: Services, draft: RequestDraft, responder: Responder) -> FormContext:
    index = services.resource_index
    found = {path: index.find(parse_resource_path(path)) for path in draft.resources}
    return FormContext(
        responder.channel,
        has_resources=index.available,
        listed={path: resource for path, resource in found.items() if resource is not None},
    )


async def open_form(
    services: Services,
    draft: RequestDraft,
    responder: Responder,
    *,
    note: str = "",
    reason_required: bool = False,
) -> bool:
    """Open the form, filled with the draft. Return whether it opened."""
    context = replace(
        form_context(services, draft, responder),
        note=note,
        reason_required=reason_required,
        short=reason_required,
    )
    return await responder.open_form(request_form(draft, context), typed=typed_command(draft))


def typed_command(draft: RequestDraft) -> str:
    """Return the command line that needs no form."""
    wanted = [*draft.resources, *draft.roles][:_MAX_ROLES]
    times = (
        f" from {utc_text(draft.start)}" if draft.start else "",
        f" for {duration_text(draft.duration)}" if draft.duration else "",
        f" until {utc_text(draft.until)}" if draft.until else "",
        f" --session-ttl {duration_text(draft.session)}" if draft.session else "",
    )
    names = " ".join(map(safe_name, wanted)) or "<role>"
    return f"{slash_commands.REQUEST} {names}{''.join(times)} because <reason>"


def reason_text(prompts: Sequence[str]) -> str:
    """Return the prompts of the requested roles, or a default if there are none."""
    texts = (safe_text(each, _PROMPT_LENGTH, lines=2) for each in prompts)
    return join_texts(texts, _PROMPTS_ROOM, " ") or "This request needs a reason."


def _message(
    services: Services, outcome: Created | AlreadyPending | Shortened | UnsuitableReviewers
) -> Message:
    match outcome:
        case Created(draft=draft, request=request, gets_messages=gets_messages, active=active):
            return request_created(
                draft,
                request_model(services, request),
                request.created,
                gets_messages=gets_messages,
                can_cancel=services.can_delete(),
                active_until=active.access_until if active else None,
                session=minutes_between(request.created, request.session_until)
                if draft.session
                else None,
            )
        case AlreadyPending(draft=draft, request=request):
            return duplicate_found(draft, request_model(services, request), request.created)
        case Shortened(draft=draft, dry_run=dry_run, by_bot_certificate=limited):
            return shorter_offer(
                draft, request_model(services, dry_run), limited_by_bot_certificate=limited
            )
        case UnsuitableReviewers(draft=draft, problems=problems):
            reviewers = without_mentions(draft.reviewers)
            return reviewer_problems(replace(draft, reviewers=reviewers), problems)
        case _:
            assert_never(outcome)


async def _prompt_for_reason(
    services: Services, outcome: ReasonNeeded, responder: Responder
) -> None:
    note = reason_text(outcome.prompts)
    if responder.can_open_form and await open_form(
        services, outcome.draft, responder, note=note, reason_required=True
    ):
        return
    await responder.respond(reason_prompt(outcome.draft, note))
