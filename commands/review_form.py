"""The form of a review: it asks for a reason, and for the options and typed names of an approval.

It opens within `FORM_SECONDS`, before Slack's trigger expires. If Teleport is slower, it opens
without the request's details; all checks run again when the form is submitted.
"""

import asyncio
from dataclasses import replace

import structlog

from commands.interactions.explain import explain
from commands.interactions.interaction import Interaction
from commands.interactions.listener import FormResult
from commands.interactions.responder import Responder
from commands.request_model import request_model
from commands.review_outcomes import obstacle_error, respond
from commands.reviews.form_errors import field_errors, granted_roles
from commands.reviews.start_error import is_requested
from commands.slash_commands import APPROVE, DENY
from commands.use_cases.acting_user.authorized_user import FILL_IN_REVIEW
from commands.use_cases.check_review import check_review
from commands.use_cases.find_request import is_visible, read_request
from commands.use_cases.services import Services
from commands.use_cases.submit_review import ProposedReview, roles_changed, submit_review
from teleport_client.errors import TeleportError, Unreachable
from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.card_model.record import CardModel
from workspace.requests.review_policy import ReviewMode
from workspace.requests.user_error import UserError
from workspace.retry import FORM_SECONDS
from workspace.sending.slack_failure import SLACK_ERRORS, describe
from workspace.text.names import list_names
from workspace.views.modals.review_input import ReviewFormInput, ReviewFormMetadata, read
from workspace.views.modals.review_modal import MOST_ROLES, ReviewOptions, review_form
from workspace.views.options import role_option
from workspace.views.parts.message import text_message
from workspace.views.parts.moments import utc_text

_CHECK_SECONDS = 1.0
"""For the reads of a submitted form. Its ack has to be sent within `FORM_SECONDS`."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def proposed_review(review: ReviewFormMetadata, reason: str) -> ProposedReview:
    state = RequestState.APPROVED if review.approve else RequestState.DENIED
    return ProposedReview(review.request_id, state, reason, already_visible=review.already_visible)


async def open_form(
    services: Services,
    interaction: Interaction,
    review: ReviewFormMetadata,
    responder: Responder,
    *,
    with_options: bool = False,
) -> None:
    """Read the request and open the form. Raises UserError without permission to review it."""
    user = await services.authorize(interaction.slack_user_id, FILL_IN_REVIEW)
    request: AccessRequest | None = None
    try:
        async with asyncio.timeout(FORM_SECONDS):
            checked = await check_review(
                services, user, review.request_id, already_visible=review.already_visible
            )
    except (Unreachable, TimeoutError) as error:
        log.info("modal_request_load_failed", request_id=review.request_id, error=str(error))
    else:
        if not isinstance(checked, AccessRequest):
            raise obstacle_error(services, checked)
        request = checked
    await show_form(services, review, request, responder, with_options=with_options)


async def show_form(
    services: Services,
    review: ReviewFormMetadata,
    request: AccessRequest | None,
    responder: Responder,
    *,
    reason: str = "",
    with_options: bool = False,
) -> None:
    """Open the form. `request` is None if Teleport didn't return it in time."""
    model: CardModel | None = request_model(services, request) if request else None
    options = _options(services, review, request, reason, with_options=with_options)
    typed = f"{_command(review)} {review.request_id} <reason>"
    if not await responder.open_form(review_form(review, model, options), typed=typed):
        text = "The form didn't open. Click again, or run:"
        await responder.respond(text_message(text, preformatted=typed))


def _options(
    services: Services,
    review: ReviewFormMetadata,
    request: AccessRequest | None,
    reason: str,
    *,
    with_options: bool,
) -> ReviewOptions:
    """Return the inputs that the settings and the review mode want or allow."""
    policy = services.review_policy
    if not review.approve:
        return ReviewOptions(reason=reason)
    roles = request.roles if request else ()
    can_select = (
        request is not None
        and policy.mode_of(request) is ReviewMode.OVERRIDE
        and 1 < len(roles) <= MOST_ROLES
    )
    return ReviewOptions(
        reason_required=policy.needs_reason(roles),
        reason=reason,
        can_set_start=with_options,
        start=request.assume_start if request else None,
        roles=roles if with_options and can_select else (),
        confirm_roles=policy.roles_to_confirm(roles),
    )


async def check(services: Services, interaction: Interaction) -> FormResult:
    """Check the input before the form closes. If Teleport is too slow, `submit` checks the rest."""
    submitted = _read(interaction)
    request, gone = await _read_for_check(services, interaction.slack_user_id, submitted)
    if errors := field_errors(services, submitted, request, gone):
        return FormResult(errors=errors)
    return FormResult(work=submit, channel=submitted.review.channel)


async def _read_for_check(
    services: Services, slack_user_id: str, submitted: ReviewFormInput
) -> tuple[AccessRequest | None, frozenset[str]]:
    """Return the request, and the selected roles that Teleport doesn't have any more.

    The request is None if Teleport doesn't return it in time, or for a denial, which needs none, or
    if the user can't see it any more: errors at the fields would describe it.
    """
    request, gone = None, frozenset[str]()
    if not submitted.review.approve:
        return request, gone
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            user, found = await asyncio.gather(
                services.authorize(slack_user_id, FILL_IN_REVIEW),
                services.teleport.requests.get(submitted.review.request_id),
            )
            request = found if is_visible(services, user, found) else None
            if request is not None and submitted.role_values is not None:
                selected = granted_roles(submitted, request)
                known = await services.authorization.definitions(selected, fresh=True)
                gone = frozenset(selected) - known.keys()
    except (UserError, TeleportError, TimeoutError, *SLACK_ERRORS) as error:
        log.info("form_check_incomplete", error=describe(error))
    return request, gone


async def submit(services: Services, interaction: Interaction, responder: Responder) -> None:
    """Submit the review. If Teleport is unreachable, the response keeps the input."""
    submitted = _read(interaction)
    if errors := field_errors(services, submitted, None):
        raise UserError(" ".join((*errors.values(), "Nothing changed.")), reason="form_errors")
    try:
        proposed = await _proposed(services, submitted)
        outcome = await submit_review(services, interaction.slack_user_id, proposed)
    except Unreachable as error:
        cause = explain(error)
        retry = f"{_command(submitted.review)} {submitted.review.request_id} {submitted.reason}"
        text = " ".join(filter(None, (cause.text, _selected(submitted))))
        raise UserError(text, reason=cause.reason, suggested_command=retry) from error
    await respond(services, outcome, responder)


async def _proposed(services: Services, submitted: ReviewFormInput) -> ProposedReview:
    proposed = proposed_review(submitted.review, submitted.reason)
    if not proposed.approves:
        return proposed
    proposed = replace(
        proposed, start=submitted.start, typed_roles=frozenset(submitted.typed_roles)
    )
    if submitted.role_values is None and submitted.start is None:
        return proposed
    request = await read_request(services, submitted.review.request_id)
    if submitted.start is not None and is_requested(submitted.start, request):
        proposed = replace(proposed, start=None)
    if submitted.role_values is None:
        return proposed
    try:
        roles = role_option.names(submitted.role_values, request.roles)
    except LookupError as error:
        raise roles_changed() from error
    if not roles:  # no roles would mean all of them
        raise roles_changed()
    return replace(proposed, roles=roles)


def _selected(submitted: ReviewFormInput) -> str:
    """Repeat the options that the command line below can't contain."""
    parts = []
    if submitted.start is not None:
        parts.append(f"start of access {utc_text(submitted.start)}")
    if submitted.role_values is not None:
        parts.append(f"roles {list_names(submitted.role_values)}")
    if not parts:
        return ""
    return f"You selected {' and '.join(parts)}: for these, click Approve with… again."


def _command(review: ReviewFormMetadata) -> str:
    return APPROVE if review.approve else DENY


def _read(interaction: Interaction) -> ReviewFormInput:
    if interaction.form is None:
        raise ValueError("a submitted form has a state")
    return read(interaction.form.values, interaction.form.private_metadata)
