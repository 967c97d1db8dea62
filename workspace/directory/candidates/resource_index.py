"""The resources that the bot's role shows, for search in the request form.

Every replica lists them at intervals: Teleport filters the list by the caller's roles, so a watch
would show others. A search never waits for Teleport. The bot sees more than a user can request, so
label rules narrow the index for each user; Teleport decides about the selection.
"""

import asyncio
from array import array
from collections.abc import Callable, Iterable, Sequence
from time import monotonic

import structlog

from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import ResourceId
from teleport_client.model.resource import Resource
from teleport_client.model.user import Role
from teleport_client.rules.label_access import MayAccess, may_access
from teleport_client.rules.resource_paths import resource_path
from workspace.backoff import Backoff
from workspace.bounded_dict import BoundedDict
from workspace.directory.candidates.matching import Entry, Matches, Searchable, entry

RELIST_SECONDS = 300.0
_RETRY = Backoff(first=2.0, longest=60.0)
_CHECKED_AT_ONCE = 500
"""Resources to check before a pause for other tasks: less than 5 ms of work."""
_LONG = 75
"""Characters of an option's value in Slack."""
_MOST_ROLES = 100
"""Maximum number of roles with cached resources. A role takes up to four bytes per resource."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class ResourceIndex:
    """`enabled` returns whether the bot's role shows resources. Without that, there are none."""

    def __init__(
        self,
        teleport: TeleportClient,
        cluster: str,
        *,
        enabled: Callable[[], bool] = lambda: False,
        relist_seconds: float = RELIST_SECONDS,
    ) -> None:
        self._teleport = teleport
        self._cluster = cluster
        self._enabled = enabled
        self._relist_seconds = relist_seconds
        self._resources: Searchable[Resource] = Searchable()
        self._by_id: dict[tuple[str, str], Resource] = {}
        self._by_role: BoundedDict[str, tuple[Role, Sequence[int]]] = BoundedDict(_MOST_ROLES)
        """By name: a role, and the ascending indexes of its possible resources."""
        self._long_paths: tuple[str, ...] = ()
        self.listed = asyncio.Event()
        """Set once all resources have been listed for the first time."""

    def __len__(self) -> int:
        return len(self._resources)

    @property
    def available(self) -> bool:
        """Return whether resources can be searched."""
        return self._enabled() and self.listed.is_set()

    async def run(self) -> None:
        """Keep the index current until cancelled."""
        attempt = 0
        while True:
            delay = self._relist_seconds
            if self._enabled():
                try:
                    await self.relist()
                    attempt = 0
                except TeleportError as error:
                    attempt += 1
                    delay = _RETRY.delay(attempt)
                    log.warning("resources_read_failed", error=error.text)
            await asyncio.sleep(delay)

    async def relist(self) -> None:
        """List all resources. Raises TeleportError, and then keeps the previous ones."""
        started = monotonic()
        by_id: dict[tuple[str, str], Resource] = {}
        entries: list[Entry[Resource]] = []
        async for page in self._teleport.resources.list_pages():
            for resource in page:
                key = (resource.kind, resource.name)
                if key not in by_id:
                    entries.append(_entry(resource))
                by_id[key] = resource
        self._resources = Searchable(entries)  # Teleport's order is nearly this one
        self._by_id = by_id
        paths = (resource_path(self.id_of(resource)) for resource in by_id.values())
        self._long_paths = tuple(path for path in paths if len(path) > _LONG)
        self._by_role.clear()
        self.listed.set()
        seconds = round(monotonic() - started, 3)
        log.info("resources_listed", resource_count=len(self), duration_seconds=seconds)

    @property
    def long_paths(self) -> tuple[str, ...]:
        """Return the paths that are too long for the value of an option."""
        return self._long_paths

    def find(self, resource: ResourceId) -> Resource | None:
        """Return a listed resource of the bot's own cluster."""
        if resource.cluster != self._cluster:
            return None
        return self._by_id.get((resource.kind, resource.name))

    def id_of(self, resource: Resource) -> ResourceId:
        return ResourceId(self._cluster, resource.kind, resource.name)

    async def search(
        self, typed: str, roles: Sequence[Role], *, everything: bool, limit: int
    ) -> Matches[Resource]:
        """Return the best matches among the resources that the roles might allow.

        `everything` is for roles that are unknown here: all resources are possible.
        """
        resources = self._resources
        among = None if everything else await self._reached_by(resources, roles)
        return await resources.search(typed, limit=limit, among=among)

    async def _reached_by(
        self, resources: Searchable[Resource], roles: Sequence[Role]
    ) -> Sequence[int]:
        reached = [await self._reached_by_role(resources, role) for role in roles]
        if len(reached) == 1:
            return reached[0]
        return sorted(frozenset[int]().union(*reached))

    async def _reached_by_role(self, resources: Searchable[Resource], role: Role) -> Sequence[int]:
        known, reached = self._by_role.get(role.name, (None, ()))
        if known == role:
            return reached
        found = array("I")
        for start in range(0, len(resources), _CHECKED_AT_ONCE):
            part = resources.items[start : start + _CHECKED_AT_ONCE]
            found.extend(_possible(role, part, start))
            await asyncio.sleep(0)
        if resources is self._resources:
            self._by_role[role.name] = role, found
        return found


def _possible(role: Role, resources: Iterable[Resource], start: int) -> list[int]:
    return [
        index
        for index, resource in enumerate(resources, start)
        if may_access(role, resource) is not MayAccess.NO
    ]


def searchable(resources: Iterable[Resource]) -> Searchable[Resource]:
    """Return resources for search by name, kind and labels."""
    return Searchable(map(_entry, resources))


def _entry(resource: Resource) -> Entry[Resource]:
    labels = (f"{key}={value}" for key, value in resource.labels.items())
    return entry(resource, resource.title, (resource.kind, resource.name, *labels))
