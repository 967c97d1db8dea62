"""Requested resources as texts: kind and name, with constraints in parentheses.

A resource outside the bot's own cluster has Teleport's form, `/cluster/kind/name`. Names that look
like several resources, or like a part of a sentence, are quoted.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from teleport_client.model.access_request import Constraints, ResourceId
from workspace.text.untrusted import slack_length

RESOURCES_LISTED, RESOURCES_ROOM = 10, 1_200
"""Number of resources on a card, and the length of their list."""
_AMBIGUOUS = re.compile(r"[\s,;()“”\"]")
_INNER_QUOTES = str.maketrans("“”", '""')


def resource_texts(resources: Sequence[ResourceId], cluster: str) -> tuple[str, ...]:
    """Return a text for each resource, with untrusted names. `cluster` is the bot's own."""
    return tuple(_text(each, cluster) for each in resources)


def resource_names(
    resources: Sequence[ResourceId], cluster: str, host_names: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the texts with host names instead of host IDs, empty if no name is known.

    Hosts that share a name keep their IDs, too. The result is also empty if names leave no room for
    constraints: a card must show all of them.
    """
    hosts = [each for each in resources if is_host(each, cluster)]
    called = {each.name: host_names[each.name] for each in hosts if each.name in host_names}
    if not called:
        return ()
    often = Counter(called.values())

    def named(resource: ResourceId) -> str:
        if resource.name not in called or not is_host(resource, cluster):
            return _text(resource, cluster)
        name = called[resource.name]
        shared = f" ({resource.name})" if often[name] > 1 else ""
        return _text(replace(resource, name=name), cluster, shared)

    texts = tuple(map(named, resources))
    constrained = any(each.constraints for each in resources)
    return () if constrained and not fits(texts) else texts


def is_host(resource: ResourceId, cluster: str) -> bool:
    """Return whether it is a host of the bot's own cluster, whose name can be looked up."""
    return resource.kind == "node" and _is_in(resource, cluster)


def are_constraints_shown(resources: Sequence[ResourceId]) -> bool:
    """Return whether a card can show all constraints of these resources."""
    constraints = [each.constraints for each in resources if each.constraints is not None]
    return all(each.readable for each in constraints) and (
        not constraints or fits(resource_texts(resources, cluster=""))
    )


def fits(texts: Sequence[str], limit: int = RESOURCES_LISTED, room: int = RESOURCES_ROOM) -> bool:
    """Return whether a list of this size shows all texts completely."""
    return len(texts) <= limit and sum(slack_length(each) + len(", ") for each in texts) <= room


def _text(resource: ResourceId, cluster: str, note: str = "") -> str:
    return f"{_quoted(_path(resource, cluster))}{note}{_limits(resource.constraints)}"


def _path(resource: ResourceId, cluster: str) -> str:
    path = "/".join(filter(None, (resource.kind, resource.name, resource.sub_resource)))
    return path if _is_in(resource, cluster) else f"/{resource.cluster}/{path}"


def _is_in(resource: ResourceId, cluster: str) -> bool:
    return resource.cluster in {"", cluster}


def _quoted(path: str) -> str:
    return f"“{path.translate(_INNER_QUOTES)}”" if _AMBIGUOUS.search(path) else path


def _limits(constraints: Constraints | None) -> str:
    if constraints is None:
        return ""
    if not constraints.readable:
        return " (with constraints)"
    return f" ({constraints.principal}: {', '.join(constraints.allowed)})"
