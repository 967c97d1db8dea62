"""Set a request's state in the name of an approver (mode `override`).

Teleport checks nothing here: it lets the bot set any state, and even turn an approval into a
denial. So the bot checks its settings first, and lets only the first of several approvers act:

1. Claim the request with a compare-and-swap on its plugin data, which the bots of all workspaces
   share. A claim without a resolution is void after 30 seconds.
2. Set the state if the request is still pending. A retry reads the request again before it acts.
3. Read the request. Another user may have resolved it in Teleport in the meantime.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from commands.use_cases import find_request
from commands.use_cases.acting_user.authorized_user import AuthorizedUser
from commands.use_cases.check_review import ensure_approver
from commands.use_cases.services import Services
from teleport_client.errors import Conflict, InvalidArgument, TeleportError
from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.requests.claim import KEY, PLUGIN, Claim, attributed_reason, claim_from
from workspace.requests.user_error import UserError
from workspace.retry import with_retry

_CLAIM_LIFETIME = timedelta(seconds=30)
"""Longer than an interaction can last, so the bot that made an older claim has failed."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """An approver's decision. Only an approval has roles and a start."""

    state: RequestState
    reason: str = ""
    roles: tuple[str, ...] = ()
    """The granted roles, if some are left out."""
    start: datetime | None = None


async def override(
    services: Services,
    user: AuthorizedUser,
    request: AccessRequest,
    decision: Decision,
) -> AccessRequest:
    """Set the state of a pending request, and return the request after that.

    Another user may have resolved it first (see `is_attributed_to`). Raises UserError,
    TeleportError.
    """
    ensure_approver(services, user, request)
    claim = Claim(
        by=user.name,
        state=decision.state,
        at=services.now(),
        roles=decision.roles,
        start=decision.start,
    )
    await _claim(services, request.id, claim)
    try:
        await _set_state(services, request.id, claim, decision.reason)
    except InvalidArgument:
        await _release(services, request.id, claim)
        raise
    resolved = await find_request.read_request(services, request.id)
    log.info(
        "request_state_set", request_id=request.id, state=resolved.state, teleport_user=user.name
    )
    return resolved


async def _set_state(services: Services, request_id: str, claim: Claim, reason: str) -> None:
    async def attempt(deadline: float) -> None:
        if (await services.teleport.requests.get(request_id, deadline=deadline)).pending:
            await services.teleport.requests.set_state(
                request_id,
                claim.state,
                delegator=claim.by,
                reason=attributed_reason(claim.state, claim.by, reason),
                roles=claim.roles,
                assume_start=claim.start,
                deadline=deadline,
            )

    await with_retry(attempt, idempotent=True)


async def _claim(services: Services, request_id: str, claim: Claim) -> None:
    """Record the claim. Raises UserError if another user's claim is in force."""
    stored = await with_retry(
        lambda deadline: services.teleport.plugin_data.list(
            PLUGIN, request_id=request_id, deadline=deadline
        )
    )
    before = stored.get(request_id, {}).get(KEY, "")
    if _is_in_force(before, claim):
        raise _claimed_error()
    try:
        await services.teleport.plugin_data.update(
            PLUGIN,
            request_id,
            change={KEY: claim.to_json()},
            expect={KEY: before},
        )
    except Conflict as error:
        raise _claimed_error() from error


async def _release(services: Services, request_id: str, claim: Claim) -> None:
    """Withdraw a claim after Teleport has rejected it, so that the user can correct the input."""
    try:
        await services.teleport.plugin_data.update(
            PLUGIN, request_id, change={KEY: ""}, expect={KEY: claim.to_json()}
        )
    except TeleportError as error:
        log.warning("claim_release_failed", request_id=request_id, error=str(error))


def _is_in_force(text: str, claim: Claim) -> bool:
    """Return whether another recent claim exists, also one by the same user for another decision.

    Text that isn't a claim doesn't count.
    """
    before = claim_from(text)
    if before is None:
        return False
    return not before.is_repeated_by(claim) and abs(claim.at - before.at) < _CLAIM_LIFETIME


def _claimed_error() -> UserError:
    return UserError(
        "Someone is reviewing this request right now. Nothing changed. Check its card before you"
        " try again.",
        reason="claimed",
    )
