"""Turn typed resources into Teleport's IDs: a host is typed by its name, and Teleport needs its ID.

Only hosts of the bot's own cluster can be looked up, and only those that the bot's role shows.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from commands.parsing.resources import TypedResource
from commands.use_cases.drafts.rejected import DraftField, Rejected
from commands.use_cases.services import Services
from teleport_client.model.access_request import ResourceId
from teleport_client.rules.resource_paths import resource_path
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.retry import with_retry
from workspace.text.untrusted import safe_name

_MOST = 300
"""Teleport's limit on the resources of a request."""
_MOST_LOOKED_UP = 20
"""Hosts by name in one command."""


async def resolve_resources(
    services: Services, draft: RequestDraft, typed: Sequence[TypedResource]
) -> RequestDraft | Rejected:
    """Add the typed resources to the draft. Raises TeleportError."""
    try:
        _check_number(typed)
        found = await asyncio.gather(*(_resource(services, each) for each in typed))
    except UserError as error:
        return Rejected(error, DraftField.RESOURCES)
    paths = (*draft.resources, *map(resource_path, found))
    return replace(draft, resources=tuple(dict.fromkeys(paths)))


def no_resource_requests(services: Services) -> UserError:
    """Return the error for resources that the user can't request, or that don't exist.

    Both have the same text, so that it doesn't reveal existing resources.
    """
    if not services.policy.resource_requests:
        return UserError(
            "Resource requests need Teleport Enterprise, so nothing was requested. Request a role"
            " instead.",
            reason="resource_requests_unlicensed",
        )
    return UserError(
        "You can't request these resources, or they don't exist, so nothing was requested. Check"
        " the names, request a role instead, or ask a Teleport administrator for search_as_roles.",
        reason="resource_not_requestable",
    )


def _check_number(typed: Sequence[TypedResource]) -> None:
    if len(typed) > _MOST:
        raise _error(f"You named {len(typed)} resources. Teleport's limit is {_MOST}.")
    hosts = [each for each in typed if _is_host_name(each)]
    if len(hosts) > _MOST_LOOKED_UP:
        raise _error(
            f"You named {len(hosts)} hosts. Name up to {_MOST_LOOKED_UP} at a time, or use the IDs"
            " that tsh ls -v shows."
        )


async def _resource(services: Services, typed: TypedResource) -> ResourceId:
    name = await _host_id(services, typed.name) if _is_host_name(typed) else typed.name
    cluster = typed.cluster or services.policy.cluster
    return ResourceId(cluster, typed.kind, name, typed.sub_resource)


async def _host_id(services: Services, host_name: str) -> str:
    found = await with_retry(
        lambda deadline: services.teleport.resources.find_hosts(host_name, deadline=deadline)
    )
    if len(found) == 1:
        services.host_names.learn(found[0], host_name)
        return found[0]
    if found:
        raise _error(
            f"Several hosts are named {safe_name(host_name)}. Use the ID of one of them, which"
            " tsh ls -v shows, as node/<id>."
        )
    # The text is the same for an existing host, so that it doesn't reveal existing hosts.
    raise no_resource_requests(services)


def _is_host_name(typed: TypedResource) -> bool:
    """Return whether it is a host of the bot's own cluster, and not named by its ID."""
    if typed.kind != "node" or typed.cluster:
        return False
    try:
        UUID(typed.name)
    except ValueError:
        return True
    return False


def _error(sentence: str) -> UserError:
    return UserError(f"{sentence} Nothing was requested.", reason="resource_not_found")
