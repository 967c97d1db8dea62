"""Read the details of a request for the acting user."""

import asyncio

from commands.use_cases.acting_user.authorized_user import LIST
from commands.use_cases.details.deciders import find_deciders
from commands.use_cases.find_request import is_visible, no_such_request, read_request
from commands.use_cases.services import Services
from teleport_client.errors import PermissionDenied
from teleport_client.model.access_request import AccessRequest
from workspace.requests.request_details import DetailedRole, RequestDetails
from workspace.requests.user_error import UserError


async def read_details(
    services: Services, slack_user_id: str, request_id: str, *, on_card: bool
) -> RequestDetails:
    """Return the details if Teleport shows the request to the user.

    `on_card` means that the user sees the request's card, and so knows that the request exists.
    Raises UserError, TeleportError, SlackApiError.
    """
    user = await services.authorize(slack_user_id, LIST)
    request = await read_request(services, request_id)
    if not is_visible(services, user, request):
        raise _no_details() if on_card else no_such_request(services, request_id)
    roles, deciders = await asyncio.gather(
        _describe(services, request), find_deciders(services, request)
    )
    return RequestDetails(request, roles, deciders)


async def _describe(services: Services, request: AccessRequest) -> tuple[DetailedRole, ...]:
    try:
        definitions = await services.authorization.definitions(frozenset(request.roles))
    except PermissionDenied:
        return tuple(map(DetailedRole, request.roles))
    return tuple(
        DetailedRole(name, role.description)
        if (role := definitions.get(name)) is not None
        else DetailedRole(name, exists=False)
        for name in request.roles
    )


def _no_details() -> UserError:
    return UserError(
        "Your Teleport roles don't let you see more of this request than its card shows.",
        reason="details_not_visible",
    )
