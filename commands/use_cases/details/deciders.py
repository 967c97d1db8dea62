"""The linked users who can still decide a request, grouped by the reason.

The roles of users show this only in part: Teleport evaluates conditions and filters itself.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

import structlog

from commands.use_cases.services import Services
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import AccessRequest
from teleport_client.model.user import Role
from teleport_client.rules.review_permission import MayReview, review_grounds
from workspace.directory.candidates.linked_users import Linked
from workspace.requests.request_details import Deciders, Grounds
from workspace.requests.review_policy import ReviewMode, ReviewPolicy

_AT_ONCE = 200
"""Users between two pauses for other tasks."""
_LONGEST_SECONDS = 5.0
"""The first list of the users takes long in a large cluster."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def find_deciders(services: Services, request: AccessRequest) -> tuple[Deciders, ...] | None:
    """Return the users who can decide a pending request, or None if they can't be read."""
    if not request.pending:
        return ()
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            linked = await services.linked_users.all()
            definitions = await services.authorization.definitions(
                frozenset[str]().union(*(each.roles for each in linked))
            )
    except (TeleportError, TimeoutError) as error:
        log.warning("deciders_read_failed", request_id=request.id, error=str(error))
        return None
    return await _group(linked, _finder(services, definitions, request))


def _finder(
    services: Services, definitions: Mapping[str, Role], request: AccessRequest
) -> Callable[[Linked], Grounds | None]:
    """Return a function from a user to the reason.

    It remembers the result for equal roles, of which most say nothing about reviews.
    """
    policy = services.review_policy
    overrides = policy.mode_of(request) is ReviewMode.OVERRIDE
    reviewed = {review.author for review in request.reviews}
    deciding = {name for name, role in definitions.items() if _is_about_reviews(role)}
    known: dict[frozenset[str], Grounds | None] = {}

    def find(user: Linked) -> Grounds | None:
        if user.name == request.user or user.name in reviewed:
            return None
        held = user.roles & deciding
        if not overrides and held in known:
            return known[held]
        roles = [definitions[name] for name in sorted(held)]
        verdict = services.permissions.could_review(user.name, user.roles, roles, request)
        found = None if verdict is MayReview.NO else _grounds(policy, user, roles, request)
        known[held] = found
        return found

    return find


def _is_about_reviews(role: Role) -> bool:
    return any(each.review.roles or each.review.from_claims for each in (role.allow, role.deny))


def _grounds(
    policy: ReviewPolicy, user: Linked, roles: Sequence[Role], request: AccessRequest
) -> Grounds:
    if policy.mode_of(request) is ReviewMode.OVERRIDE:
        approving = policy.approving_roles(user.name, user.roles, request)
        return Grounds(tuple(approving), by_settings=True)
    found = review_grounds(user.name, roles, request)
    return Grounds(found.roles, found.conditions, found.by_traits)


async def _group(
    linked: Sequence[Linked], find: Callable[[Linked], Grounds | None]
) -> tuple[Deciders, ...]:
    groups: dict[Grounds, list[str]] = {}
    users = iter(sorted(linked, key=lambda each: each.name))
    while part := list(islice(users, _AT_ONCE)):
        for user in part:
            if (grounds := find(user)) is not None:
                groups.setdefault(grounds, []).append(user.name)
        await asyncio.sleep(0)
    return tuple(Deciders(tuple(names), grounds) for grounds, names in groups.items())
