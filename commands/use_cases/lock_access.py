"""Lock the access of an approved request, for its requester or a reviewer.

Teleport checks only the bot's permission to create locks, so the bot checks the user itself. The
requester can lock the access. So can each user with roles that permit a review, in mode `person`,
and each approver, in mode `override`. A condition that only the server can evaluate doesn't count
as permission.

The lock has a fixed name for each request, so a repeated call changes nothing.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

import structlog

from commands.use_cases.acting_user.authorized_user import (
    LOCK,
    OVERRIDE,
    AuthorizedUser,
    ensure_allowed,
)
from commands.use_cases.services import Services
from teleport_client.errors import NotFound, NotSupported, PermissionDenied
from teleport_client.model.access_request import AccessRequest, RequestState
from teleport_client.model.lock import Lock
from teleport_client.rules.review_permission import MayReview
from workspace.requests.access_lock import lock_on, outlasts_access
from workspace.requests.review_policy import ReviewMode
from workspace.retry import with_retry

_BY_REQUESTER, _BY_REVIEWER = "I'm done", "stopped by a reviewer"

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Locked:
    request: AccessRequest
    own: bool
    """Whether the request is the user's own."""


@dataclass(frozen=True, slots=True)
class AlreadyLocked:
    """A lock in force lasts until the end of the access."""

    request: AccessRequest
    lock: Lock


@dataclass(frozen=True, slots=True)
class NoAccess:
    """The request isn't approved, or its access has ended."""

    request: AccessRequest


@dataclass(frozen=True, slots=True)
class RequestDeleted:
    """Teleport has deleted the request, so the bot can't check the user's permission."""


@dataclass(frozen=True, slots=True)
class NotPermitted:
    """The user can neither use nor review the request."""


@dataclass(frozen=True, slots=True)
class CannotLock:
    """The settings or the bot's role don't allow locks."""


@dataclass(frozen=True, slots=True)
class NameTaken:
    """A lock with another target has the name of the bot's lock. Replacing it would unlock that."""


Unlocked: TypeAlias = NoAccess | RequestDeleted | NotPermitted | CannotLock | NameTaken
LockOutcome: TypeAlias = Locked | AlreadyLocked | Unlocked


async def lock_access(services: Services, slack_user_id: str, request_id: str) -> LockOutcome:
    """Lock the access of a request. Raises UserError, TeleportError, SlackApiError."""
    structlog.contextvars.bind_contextvars(request_id=request_id)
    user = await services.authorize(slack_user_id, LOCK)
    try:
        request = await with_retry(
            lambda deadline: services.teleport.requests.get(request_id, deadline=deadline)
        )
    except NotFound:
        return RequestDeleted()
    if not _may_lock(services, user, request):
        return NotPermitted()
    if not _is_active(services, request):
        return NoAccess(request)
    if not services.can_lock():
        return CannotLock()
    reason = _BY_REQUESTER if request.user == user.name else _BY_REVIEWER
    async with services.request_locks(f"lock {request_id}"):
        return await _lock(services, user, lock_on(request, user.name, reason))


def _may_lock(services: Services, user: AuthorizedUser, request: AccessRequest) -> bool:
    """Return whether the user is the requester or can review the request. Raises UserError."""
    if request.user == user.name:
        return True
    mode = services.review_policy.mode_of(request)
    if not mode.from_slack or services.permissions.is_review_denied(user, request):
        return False
    if services.permissions.lists(user).may_review(request) is not MayReview.YES:
        return False
    if mode is ReviewMode.PERSON and user.lacks_definitions:
        return False
    if mode is ReviewMode.OVERRIDE:
        ensure_allowed(user, replace(LOCK, verbs=OVERRIDE.verbs))
    return True


def _is_active(services: Services, request: AccessRequest) -> bool:
    if request.state is not RequestState.APPROVED:
        return False
    return request.access_until is None or services.now() < request.access_until


async def _lock(services: Services, user: AuthorizedUser, lock: Lock) -> LockOutcome:
    """Create the lock, unless the request has one or has changed. Each attempt reads both.

    A retry after a lost response finds the lock of the first call.
    """
    attempts = 0

    async def attempt(deadline: float) -> LockOutcome:
        nonlocal attempts
        attempts += 1
        locks = services.teleport.locks
        request_id = lock.access_request
        try:
            request = await services.teleport.requests.get(request_id, deadline=deadline)
        except NotFound:
            return RequestDeleted()
        if not _is_active(services, request):
            return NoAccess(request)
        locked = Locked(request, own=request.user == user.name)
        held = await locks.list_in_force_on_request(request_id, deadline=deadline)
        if found := next((each for each in held if outlasts_access(each, request)), None):
            return locked if found == lock and attempts > 1 else AlreadyLocked(request, found)
        if await _is_name_taken(services, lock, deadline):
            return NameTaken()
        await locks.upsert(lock, deadline=deadline)
        return locked

    try:
        outcome = await with_retry(attempt, idempotent=True)
    except (PermissionDenied, NotSupported) as error:
        log.warning("access_lock_denied", error=error.text)
        return CannotLock()
    if isinstance(outcome, Locked):
        log.info("access_locked", request_id=lock.access_request, teleport_user=user.name)
    services.changed(lock.access_request)
    return outcome


async def _is_name_taken(services: Services, lock: Lock, deadline: float) -> bool:
    try:
        existing = await services.teleport.locks.get(lock.name, deadline=deadline)
    except NotFound:
        return False
    alone = not (existing.user or existing.role or existing.more_targets)
    return existing.access_request != lock.access_request or not alone
