"""Request the same access again: after a request is closed, or to go on when its access ends.

The new request is a request of its own, which needs its own approval. It never asks for more than
the old one: roles that the user can't request any more are left out and named, and the access lasts
as long as before, to the minute. Teleport deletes requests some time after their end. Then the
bot's record of the card is all that is left, so the user completes the draft in the form.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from commands.use_cases.acting_user.authorized_user import CREATE, AuthorizedUser
from commands.use_cases.create_request import RequestOutcome, request_access
from commands.use_cases.find_request import no_such_request
from commands.use_cases.services import Services
from teleport_client.errors import NotFound
from teleport_client.model.access_request import AccessRequest
from teleport_client.rules.resource_paths import resource_path
from workspace.card_model.record import CardModel
from workspace.moment import minutes_between
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.retry import with_retry
from workspace.text.names import list_names


@dataclass(frozen=True, slots=True)
class Repeated:
    outcome: RequestOutcome
    left_out: tuple[str, ...] = ()
    """Roles that the user can't request any more."""


@dataclass(frozen=True, slots=True)
class OnlyRecorded:
    """Teleport has deleted the request. `draft` is what the bot's record still contains."""

    draft: RequestDraft


RepeatOutcome: TypeAlias = Repeated | OnlyRecorded


async def repeat_request(services: Services, slack_user_id: str, request_id: str) -> RepeatOutcome:
    """Request the access of the user's own earlier request again.

    Raises UserError, TeleportError, SlackApiError.
    """
    structlog.contextvars.bind_contextvars(repeated_request_id=request_id)
    user = await services.authorize(slack_user_id, CREATE)
    try:
        request = await with_retry(
            lambda deadline: services.teleport.requests.get(request_id, deadline=deadline)
        )
    except NotFound:
        return await _recorded(services, user, request_id)
    if request.user != user.name:
        raise no_such_request(services, request_id)
    _ensure_repeatable(request)
    requestable = (await services.permissions.capabilities(user.name)).requestable_roles
    draft, left_out = _draft(request, requestable)
    return Repeated(await request_access(services, user, draft), left_out)


def _ensure_repeatable(request: AccessRequest) -> None:
    if any(resource.constraints for resource in request.resources):
        raise UserError(
            "This request limits access to parts of its resources, and the bot can't repeat such"
            " limits. Nothing was requested. Use tsh or the Teleport web UI.",
            reason="constraints_not_repeatable",
        )


def _draft(
    request: AccessRequest, requestable: Iterable[str]
) -> tuple[RequestDraft, tuple[str, ...]]:
    """Return the draft, and the roles that it leaves out. Raises UserError if none is left.

    Teleport selects the roles of a request for resources.
    """
    resources = tuple(map(resource_path, request.resources))
    allowed = frozenset(requestable)
    roles = () if resources else tuple(role for role in request.roles if role in allowed)
    left_out = () if resources else tuple(role for role in request.roles if role not in allowed)
    if not roles and not resources:
        raise UserError(
            f"You can't request {list_names(left_out)} any more, so nothing was requested. Run"
            " /teleport-request to see the roles that you can request.",
            reason="role_not_requestable",
        )
    draft = RequestDraft(
        roles,
        request.reason,
        minutes_between(request.assume_start or request.created, request.access_until),
        request.suggested_reviewers,
        any_reviewers=True,
        resources=resources,
    )
    return draft, left_out


async def _recorded(services: Services, user: AuthorizedUser, request_id: str) -> OnlyRecorded:
    """Return the draft from the bot's record. Raises UserError if there is no record either."""
    model = await services.recorded_card(request_id)
    if model is None or model.user != user.name:
        raise no_such_request(services, request_id)
    return OnlyRecorded(_draft_of_card(model))


def _draft_of_card(model: CardModel) -> RequestDraft:
    return RequestDraft(model.roles, model.reason, model.access_for, truncated=True)
