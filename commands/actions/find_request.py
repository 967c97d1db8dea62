"""Find the request that somebody means by what they typed."""

import re

from commands.actions.authorized_user import AuthorizedUser
from commands.actions.services import Services
from commands.interactions.explain import no_such_request
from teleport_client.errors import NotFound
from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.requests.user_error import UserError
from workspace.retry import with_retry
from workspace.views.parts.untrusted import safe_name

_FULL_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PART_OF_ID = re.compile(r"[0-9a-f-]{4,35}", re.IGNORECASE)


def is_full_id(text: str) -> bool:
    return _FULL_ID.fullmatch(text) is not None


async def read_request(services: Services, request_id: str) -> AccessRequest:
    """Read a request as it is now. Raises Refusal when there is none, TeleportError."""
    try:
        return await with_retry(
            lambda deadline: services.teleport.request(request_id, deadline=deadline)
        )
    except NotFound as error:
        raise no_such_request(request_id, services.policy.cluster) from error


async def pending_requests(services: Services, *, user: str = "") -> tuple[AccessRequest, ...]:
    """List all that wait, of one user if given, newest first."""
    return await with_retry(
        lambda deadline: services.teleport.requests(
            user=user, state=RequestState.PENDING, deadline=deadline
        )
    )


async def find_by_suffix(
    services: Services, user: AuthorizedUser, part: str
) -> list[AccessRequest]:
    """Find requests by the last characters of their ids, which are what we show.

    Pending ones, else decided ones; only those that this user may know of. Raises Refusal when
    there is none.
    """
    if not _PART_OF_ID.fullmatch(part):
        raise UserError(
            f"“{safe_name(part)}” is not an id of a request. Copy one from /teleport-pending, or"
            " leave it out to pick one.",
            reason="bad_id",
        )
    for state in (RequestState.PENDING, None):
        listed = await with_retry(
            lambda deadline, state=state: services.teleport.requests(  # type: ignore[misc]
                state=state, deadline=deadline
            )
        )
        ending = [request for request in listed if request.id.lower().endswith(part.lower())]
        if found := visible_to(services, user, ending):
            return found
    raise no_such_request(part, services.policy.cluster)


def is_visible(services: Services, user: AuthorizedUser, request: AccessRequest) -> bool:
    """Return whether the user can know of a request that nobody has shown them."""
    return bool(visible_to(services, user, [request]))


def visible_to(
    services: Services, user: AuthorizedUser, requests: list[AccessRequest]
) -> list[AccessRequest]:
    """Choose own requests and those that the user can review, or all if Teleport shows all."""
    if user.sees_all_requests:
        return requests
    in_review_scope = services.permissions.in_review_scope(user, requests)
    return [
        request
        for request in requests
        if request.user == user.name
        or request.review_by(user.name) is not None
        or request.id in in_review_scope
    ]
