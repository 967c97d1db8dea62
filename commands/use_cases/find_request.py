"""Find access requests by ID, by the end of an ID, or by state."""

import re

from commands.use_cases.acting_user.authorized_user import AuthorizedUser
from commands.use_cases.all_requests import all_requests, ensure_requests_shown
from commands.use_cases.services import Services
from teleport_client.errors import NotFound
from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.requests.user_error import UserError
from workspace.retry import with_retry
from workspace.text.untrusted import safe_name

_FULL_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PART_OF_ID = re.compile(r"[0-9a-f-]{4,35}", re.IGNORECASE)


def is_full_id(text: str) -> bool:
    return _FULL_ID.fullmatch(text) is not None


async def read_request(services: Services, request_id: str) -> AccessRequest:
    """Return the current request. Raises UserError if Teleport shows none, TeleportError."""
    try:
        return await with_retry(
            lambda deadline: services.teleport.requests.get(request_id, deadline=deadline)
        )
    except NotFound as error:
        ensure_requests_shown(services)
        raise no_such_request(services, request_id) from error


async def find_by_suffix(
    services: Services, user: AuthorizedUser, part: str
) -> list[AccessRequest]:
    """Return the visible requests with an ID that ends in `part`, since lists show that end.

    Closed requests are returned only if no pending one matches. Raises UserError if none matches.
    """
    if not _PART_OF_ID.fullmatch(part):
        raise UserError(
            f"“{safe_name(part)}” isn't a request ID. Copy one from /teleport-pending, or leave it"
            " out to choose from a list.",
            reason="bad_id",
        )
    for state in (RequestState.PENDING, None):
        listed = await all_requests(services, state=state)
        matching = [request for request in listed if request.id.lower().endswith(part.lower())]
        if found := visible_to(services, user, matching):
            return found
    raise no_such_request(services, part)


def is_visible(services: Services, user: AuthorizedUser, request: AccessRequest) -> bool:
    """Return whether Teleport lets the user read this request."""
    return services.permissions.lists(user).is_visible(request)


def visible_to(
    services: Services, user: AuthorizedUser, requests: list[AccessRequest]
) -> list[AccessRequest]:
    """Return the user's own requests and those to review, or all if the user's roles list all."""
    lists = services.permissions.lists(user)
    return [request for request in requests if lists.is_visible(request)]


def no_such_request(services: Services, request_id: str) -> UserError:
    """Return the error for a request that doesn't exist, or that the user can't see."""
    return UserError(
        f"There's no request {safe_name(request_id)} in cluster"
        f" {safe_name(services.policy.cluster)}. It may have expired or belong to another cluster."
        " Run /teleport-pending to see pending requests.",
        reason="no_such_request",
    )
