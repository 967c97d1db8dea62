"""Open the form that reviews several requests at once.

It lists the requests that the user can probably review. Those that need a typed name, and those
that a checkbox can't describe, are only reviewed one by one.
"""

from dataclasses import dataclass

from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.parsing.list_grammar import ListQuery, Scope
from commands.request_model import request_model
from commands.slash_commands import APPROVE, DENY
from commands.use_cases.acting_user.authorized_user import LIST
from commands.use_cases.lists.list_requests import list_requests
from commands.use_cases.services import Services
from teleport_client.model.access_request import AccessRequest
from workspace.views.modals.bulk_review_modal import (
    MOST_REQUESTS,
    BulkReviewForm,
    BulkReviewMetadata,
    bulk_review_form,
)
from workspace.views.modals.loading import loading_bulk_form
from workspace.views.parts.message import text_message
from workspace.views.requests.request_row import Row
from workspace.views.responses.pending_list import pending_list


@dataclass(frozen=True, slots=True)
class _Reviewable:
    """Requests that the user can review, newest first."""

    together: tuple[AccessRequest, ...]
    single: tuple[AccessRequest, ...]
    """Requests that are only reviewed one by one."""


async def open_bulk_form(
    services: Services,
    interaction: Interaction,
    responder: Responder,
    *,
    approve: bool,
    reason: str,
) -> None:
    """Open the form, or list the requests if no form can open. Raises UserError, TeleportError."""
    typed = f"{APPROVE if approve else DENY} <id> <reason>"
    found = await responder.with_placeholder(
        _reviewable(services, interaction, approve=approve), loading_bulk_form(), typed=typed
    )
    if not found.together and not found.single:
        await responder.respond(text_message("No requests are waiting for your review."))
        return
    if found.together:
        metadata = BulkReviewMetadata(approve, responder.channel)
        view = bulk_review_form(metadata, _form(services, found, approve=approve, reason=reason))
        if await responder.fill_form(view, typed=typed):
            return
    rows = [
        Row(request_model(services, each), each.created, can_review=True)
        for each in (*found.together, *found.single)
    ]
    await responder.respond(pending_list("Choose a request to review", rows, scope="reviewable"))


async def _reviewable(
    services: Services, interaction: Interaction, *, approve: bool
) -> _Reviewable:
    user = await services.authorize(interaction.slack_user_id, LIST)
    listed = await list_requests(services, user, ListQuery(Scope.REVIEWABLE))
    found = [each for each in listed if services.review_policy.mode_of(each).from_slack]
    single = {each.id for each in found if _is_single(services, each, approve=approve)}
    return _Reviewable(
        together=tuple(each for each in found if each.id not in single),
        single=tuple(each for each in found if each.id in single),
    )


def _is_single(services: Services, request: AccessRequest, *, approve: bool) -> bool:
    if approve and services.review_policy.roles_to_confirm(request.roles):
        return True
    return any(each.constraints for each in request.resources)


def _form(services: Services, found: _Reviewable, *, approve: bool, reason: str) -> BulkReviewForm:
    shown = found.together[:MOST_REQUESTS]
    policy = services.review_policy
    return BulkReviewForm(
        requests=[request_model(services, each) for each in shown],
        more=len(found.together) - len(shown),
        single=len(found.single),
        reason=reason,
        reason_required=not approve or any(policy.needs_reason(each.roles) for each in shown),
    )
