"""Possible reviewers: linked users with permission to review another user's request."""

import asyncio
from collections.abc import Mapping, Sequence

from commands.use_cases.services import Services
from teleport_client.model.access_request import AccessRequest, RequestState
from teleport_client.model.user import Role
from teleport_client.rules.review_permission import MayReview, Reviewer, ReviewPermission
from workspace.directory.candidates.linked_users import Linked

_AT_ONCE = 50
"""Users to check before a pause for other tasks: less than 5 ms of work."""
_MOST_ROLES = 20
"""Maximum number of requested roles to check. Teleport checks all of them."""


async def possible_reviewers(
    services: Services, requester: str, roles: Sequence[str]
) -> list[Linked]:
    """Return the possible reviewers of a request for these roles.

    If `roles` is empty, permission to review some request is enough. Raises TeleportError.
    """
    linked = [each for each in await services.linked_users.all() if each.name != requester]
    definitions = await services.authorization.definitions(
        frozenset[str]().union(*(each.roles for each in linked))
    )
    request = AccessRequest("", requester, tuple(roles[:_MOST_ROLES]), RequestState.PENDING)
    found: list[Linked] = []
    for start in range(0, len(linked), _AT_ONCE):
        part = linked[start : start + _AT_ONCE]
        found += (each for each in part if _might_review(services, each, definitions, request))
        await asyncio.sleep(0)
    return found


def _might_review(
    services: Services, linked: Linked, definitions: Mapping[str, Role], request: AccessRequest
) -> bool:
    roles = [definitions[name] for name in linked.roles if name in definitions]
    permission = ReviewPermission(Reviewer(linked.name, roles, linked.static_access))
    if not request.roles:
        return services.permissions.reviews_anything(permission, linked.roles)
    verdict = services.permissions.could_review(permission, linked.roles, request, draft=True)
    return verdict is not MayReview.NO
