"""Cancel the user's own pending request: the bot deletes it in Teleport.

Teleport lets a user create a request, but deletes one only for a caller with the verb `delete`. So
the bot checks that the request is pending and the user's own, and records the cancellation before
the call: see `workspace/requests/cancellation.py`.
"""

from dataclasses import dataclass
from typing import TypeAlias

import structlog

from commands.use_cases.acting_user.authorized_user import CANCEL
from commands.use_cases.check_review import RequestClosed
from commands.use_cases.find_request import is_visible, no_such_request, read_request
from commands.use_cases.services import Services
from teleport_client.errors import NotFound, PermissionDenied
from teleport_client.model.access_request import AccessRequest
from workspace.requests.cancellation import KEY, PLUGIN, Cancellation
from workspace.retry import ATTEMPT_SECONDS, with_retry

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Cancelled:
    request: AccessRequest
    """The request as it was."""


@dataclass(frozen=True, slots=True)
class NotOwnRequest:
    """The request is another user's."""

    request: AccessRequest


@dataclass(frozen=True, slots=True)
class CannotDelete:
    """The bot's role lacks the verb `delete`."""

    request: AccessRequest


CancelOutcome: TypeAlias = Cancelled | NotOwnRequest | CannotDelete | RequestClosed


async def cancel_request(services: Services, slack_user_id: str, request_id: str) -> CancelOutcome:
    """Delete the user's own pending request. Raises UserError, TeleportError, SlackApiError."""
    structlog.contextvars.bind_contextvars(request_id=request_id)
    user = await services.authorize(slack_user_id, CANCEL)
    request = await read_request(services, request_id)
    if request.user != user.name:
        if not is_visible(services, user, request):
            raise no_such_request(services, request_id)
        return NotOwnRequest(request)
    if not request.pending:
        return RequestClosed(request)
    if not services.can_delete():
        return CannotDelete(request)
    return await _delete(services, request)


async def _delete(
    services: Services, request: AccessRequest
) -> Cancelled | CannotDelete | RequestClosed:
    """Record the cancellation and delete the request, unless a review came first."""
    closed: AccessRequest | None = None

    async def attempt(deadline: float) -> None:
        nonlocal closed
        try:
            current = await services.teleport.requests.get(request.id, deadline=deadline)
        except NotFound:
            return
        if not current.pending:
            closed = current
            return
        await _record(services, request, deadline=deadline)
        await services.teleport.requests.delete(request.id, deadline=deadline)

    try:
        await with_retry(attempt, idempotent=True)
    except PermissionDenied:
        # Otherwise a later deletion by an administrator would look like a cancellation.
        await _record(services, request, cancelled=False)
        return CannotDelete(request)
    services.changed(request.id)
    if closed is not None:
        return RequestClosed(closed)
    log.info("request_cancelled", request_id=request.id, teleport_user=request.user)
    return Cancelled(request)


async def _record(
    services: Services,
    request: AccessRequest,
    *,
    cancelled: bool = True,
    deadline: float = ATTEMPT_SECONDS,
) -> None:
    record = Cancellation(by=request.user, at=services.now()).model_dump_json()
    await services.teleport.plugin_data.update(
        PLUGIN,
        request.id,
        change={KEY: record if cancelled else ""},
        expect={},
        deadline=deadline,
    )
