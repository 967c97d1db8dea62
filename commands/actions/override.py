"""Decide by setting a request's state, where Teleport takes no reviews from the bot.

Teleport judges nothing here: not who decides, and not whether it is decided already, since an
approval may still be turned into a denial. So the bot does both, and of two people who decide at
the same moment lets the first one.
"""

from datetime import timedelta

import structlog

from commands.actions import find_request
from commands.actions.authorized_user import AuthorizedUser
from commands.actions.services import Services
from commands.interactions.explain import may_not_review
from teleport_client.errors import Conflict
from teleport_client.model.access_request import AccessRequest, RequestState
from teleport_client.rules.review_permission import review_denied
from workspace.requests.claim import KEY, PLUGIN, Claim, attributed_reason, claim_from
from workspace.requests.user_error import UserError
from workspace.retry import with_retry
from workspace.views.parts.status import named

_STALE = timedelta(seconds=30)
"""After which whoever claimed it has failed: no decision takes longer."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def override(
    services: Services,
    user: AuthorizedUser,
    request: AccessRequest,
    state: RequestState,
    reason: str,
) -> AccessRequest:
    """Set the state of a pending request in the name of an approver.

    Gives the request as it stands then, which is decided by somebody else if they were faster (see
    `is_attributed_to`). Raises Refusal, TeleportError.
    """
    ensure_approver(services, user, request)
    claim = Claim(by=user.name, state=state, at=services.now())
    await _claim(services, request.id, claim)

    async def attempt(deadline: float) -> None:
        """Look each time: it may be decided by now, here or elsewhere."""
        if (await services.teleport.request(request.id, deadline=deadline)).pending:
            await services.teleport.set_request_state(
                request.id,
                state,
                delegator=user.name,
                reason=attributed_reason(state, user.name, reason),
                deadline=deadline,
            )

    await with_retry(attempt, idempotent=True)
    decided = await find_request.read_request(services, request.id)
    log.info(
        "request_state_set", request_id=request.id, state=decided.state, teleport_user=user.name
    )
    return decided


def ensure_approver(services: Services, user: AuthorizedUser, request: AccessRequest) -> None:
    """Go by the settings, and by the roles that the user holds now.

    A role that denies to review the requested roles counts here too, though Teleport doesn't
    look at it when the bot sets the state.
    """
    if not services.deciding.may_override(user.name, user.held, request):
        raise _not_an_approver(request)
    if review_denied(user.denying_roles, request):
        raise may_not_review()


async def _claim(services: Services, request_id: str, claim: Claim) -> None:
    """Be the only one to decide, by compare and swap. Raises Refusal where somebody else is."""
    kept = await with_retry(
        lambda deadline: services.teleport.plugin_data(
            PLUGIN, request_id=request_id, deadline=deadline
        )
    )
    before = kept.get(request_id, {}).get(KEY, "")
    if _in_force(before, claim):
        raise _claimed_error()
    try:
        await services.teleport.update_plugin_data(
            PLUGIN,
            request_id,
            change={KEY: claim.model_dump_json()},
            expect={KEY: before},
        )
    except Conflict as error:
        raise _claimed_error() from error


def _in_force(text: str, claim: Claim) -> bool:
    """Whether another claim still holds, one's own to the contrary included.

    What cannot be read is nobody's.
    """
    before = claim_from(text)
    if before is None:
        return False
    same = (before.by, before.state) == (claim.by, claim.state)
    return not same and abs(claim.at - before.at) < _STALE


def _claimed_error() -> UserError:
    return UserError(
        "This request is being decided at this moment, so nothing was done. Look at its card before"
        " you try again.",
        reason="being_decided",
    )


def _not_an_approver(request: AccessRequest) -> UserError:
    return UserError(
        f"You are not among the approvers for {named(request.roles)}, so nothing was"
        " done. Whoever runs the bot names them in its settings.",
        reason="not_an_approver",
    )
