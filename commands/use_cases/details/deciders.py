"""Deciders: linked users who can still decide a request, grouped by the reason.

Their roles show this only in part. Only Teleport can evaluate filters, and conditions that the bot
doesn't understand.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

import structlog

from commands.use_cases.services import Services
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import AccessRequest
from teleport_client.model.user import Role
from teleport_client.rules.review_permission import MayReview, Reviewer, ReviewPermission
from workspace.directory.candidates.linked_users import Linked
from workspace.requests.request_details import Deciders, Grounds
from workspace.requests.review_policy import ReviewMode, ReviewPolicy

_AT_ONCE = 200
"""Users between two pauses for other tasks."""
_LONGEST_SECONDS = 5.0
"""The first list of the users takes long in a large cluster."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def find_deciders(services: Services, request: AccessRequest) -> tuple[Deciders, ...] | None:
    """Return the deciders of a pending request, or None if the bot can't read the users."""
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
    """Return a function that returns the grounds of a user, or None.

    Most roles don't concern reviews, so the function caches the result by the roles that do. It
    skips the cache if a role has conditions, because these can depend on the user.
    """
    policy = services.review_policy
    overrides = policy.mode_of(request) is ReviewMode.OVERRIDE
    reviewed = {review.author for review in request.reviews}
    deciding = {name for name, role in definitions.items() if _is_about_reviews(role)}
    conditional = {name for name in deciding if _has_conditions(definitions[name])}
    known: dict[frozenset[str], Grounds | None] = {}

    def find(user: Linked) -> Grounds | None:
        if user.name == request.user or user.name in reviewed:
            return None
        held = user.roles & deciding
        if not overrides and held in known:
            return known[held]
        roles = [definitions[name] for name in sorted(held)]
        permission = ReviewPermission(Reviewer(user.name, roles, user.static_access))
        verdict = services.permissions.could_review(permission, user.roles, request)
        found = None if verdict is MayReview.NO else _grounds(policy, user, permission, request)
        if held.isdisjoint(conditional):
            known[held] = found
        return found

    return find


def _is_about_reviews(role: Role) -> bool:
    return _has_conditions(role) or any(each.review.roles for each in (role.allow, role.deny))


def _has_conditions(role: Role) -> bool:
    return any(each.review.claims or each.review.where for each in (role.allow, role.deny))


def _grounds(
    policy: ReviewPolicy, user: Linked, permission: ReviewPermission, request: AccessRequest
) -> Grounds:
    if policy.mode_of(request) is ReviewMode.OVERRIDE:
        approving = policy.approving_roles(user.name, user.roles, request)
        return Grounds(tuple(approving), by_settings=True)
    found = permission.grounds(request)
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
