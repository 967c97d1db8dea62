"""Request the same access again: after a request is closed, or to go on when its access ends.

The new request is a request of its own, which needs its own approval. It never asks for more than
the old one: roles that the user can't request any more are left out and named, and the access lasts
as long as before, to the minute. Teleport deletes requests some time after their end. Then the
bot's record of the card is all that is left, so the user completes the draft in the form.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import structlog

from commands.use_cases.acting_user.authorized_user import CREATE, AuthorizedUser
from commands.use_cases.create_request import RequestOutcome, request_access
from commands.use_cases.find_request import no_such_request
from commands.use_cases.services import Services
from teleport_client.errors import NotFound
from teleport_client.model.access_request import AccessRequest
from teleport_client.rules.resource_paths import resource_path
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.retry import with_retry
from workspace.text.names import list_names

_MINUTE = timedelta(minutes=1)
_CLOCK_STEP = timedelta(seconds=2)


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

    A request for resources keeps its roles, which Teleport has selected: without them, Teleport
    would select all that apply, perhaps more than before. It checks them itself.
    """
    resources = tuple(map(resource_path, request.resources))
    allowed = frozenset(request.roles if resources else requestable)
    roles = tuple(role for role in request.roles if role in allowed)
    left_out = tuple(role for role in request.roles if role not in allowed)
    if not roles:
        raise UserError(
            f"You can't request {list_names(left_out)} any more, so nothing was requested. Run"
            " /teleport-request to see the roles that you can request.",
            reason="role_not_requestable",
        )
    draft = RequestDraft(
        roles,
        request.reason,
        _duration(request),
        request.suggested_reviewers,
        any_reviewers=True,
        resources=resources,
        session=_session(request),
    )
    return draft, left_out


def _session(request: AccessRequest) -> timedelta | None:
    """Return the limit on sessions, None if it isn't shorter than the access."""
    if request.created is None or request.session_until is None or request.access_until is None:
        return None
    session = request.session_until - request.created
    return session if timedelta() < session < request.access_until - request.created else None


def _duration(request: AccessRequest) -> timedelta:
    """Return the duration of the access in whole minutes, and not more than before.

    Raises UserError for less than a minute: without a duration, Teleport grants the longest.
    """
    start = request.assume_start or request.created
    if start is not None and request.access_until is not None:
        # Teleport reads its clock twice, so the difference can be a little short of whole minutes.
        whole = (request.access_until - start + _CLOCK_STEP) // _MINUTE * _MINUTE
        if whole:
            return whole
    raise UserError(
        "The old request was for less than a minute, so nothing was requested. Run"
        " /teleport-request with the duration that you need.",
        reason="duration_not_repeatable",
    )


async def _recorded(services: Services, user: AuthorizedUser, request_id: str) -> OnlyRecorded:
    """Return the draft from the bot's record. Raises UserError if there is no record either."""
    model = await services.recorded_card(request_id)
    if model is None or model.user != user.name:
        raise no_such_request(services, request_id)
    if model.resources or model.constrained or model.incomplete:
        raise UserError(
            "Teleport has deleted this request, and the bot's record doesn't contain enough to"
            " repeat a request for resources. Nothing was requested. Run /teleport-request with"
            " the resources that you need.",
            reason="record_incomplete",
        )
    return OnlyRecorded(RequestDraft(model.roles, model.reason, model.access_for, truncated=True))
