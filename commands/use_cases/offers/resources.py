"""The resources that a user can request."""

import asyncio
from collections.abc import Mapping, Sequence

from commands.use_cases.acting_user.authorized_user import AuthorizedUser
from commands.use_cases.services import Services
from teleport_client.model.resource import Resource
from teleport_client.rules.label_access import is_literal, search_roles
from teleport_client.rules.resource_paths import parse_resource_path
from workspace.directory.candidates.matching import Matches


def may_request_resources(services: Services, user: AuthorizedUser) -> bool:
    """Return whether the form has a field for resources for this user."""
    unknown = "role" in user.unreadable
    return services.resource_index.available and (unknown or bool(search_roles(user.roles)))


async def search_resources(
    services: Services, user: AuthorizedUser, typed: str, *, limit: int
) -> Matches[Resource]:
    """Return the best matches among the resources that the user might be able to request.

    Raises TeleportError.
    """
    names = search_roles(user.roles)
    everything = "role" in user.unreadable or not all(map(is_literal, names))
    roles = {} if everything else await services.authorization.definitions(names)
    return await services.resource_index.search(
        typed, tuple(roles.values()), everything=everything, limit=limit
    )


async def roles_by_resource(
    services: Services, user: str, paths: Sequence[str]
) -> Mapping[str, tuple[str, ...]]:
    """Return the roles that the user can request for each resource, by path.

    They are empty for a resource that Teleport rejects. Raises TeleportError.
    """
    found = await asyncio.gather(
        *(
            services.permissions.roles_for_resources(user, [parse_resource_path(path)])
            for path in paths
        )
    )
    return dict(zip(paths, found, strict=True))


def rejected_resources(services: Services, roles: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the names of the resources without a role."""
    index = services.resource_index
    rejected = [parse_resource_path(path) for path, names in roles.items() if not names]
    listed = ((each, index.find(each)) for each in rejected)
    return [f"{each.kind}/{found.title if found else each.name}" for each, found in listed]
