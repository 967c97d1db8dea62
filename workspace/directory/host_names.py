"""Names of the hosts that requests contain as IDs, looked up in the background.

No message waits for a name: it contains the names that are known at that time.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, islice
from time import monotonic

import structlog

from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError, Unreachable
from teleport_client.model.access_request import AccessRequest, ResourceId
from teleport_client.model.resource import Resource
from workspace.bounded_dict import BoundedDict
from workspace.text.resources import RESOURCES_LISTED, is_host

_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)
"""An ID of another form doesn't belong to a host."""
_MOST_KNOWN, _MOST_WAITING = 10_000, 1_000
_AGAIN_SECONDS = 600.0
"""After which a host that is shown is looked up again: it may have a name, or another one."""
_REQUESTS_AT_ONCE = 10
_PAUSE_SECONDS = 30.0
"""After a lookup without an answer."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class HostNames:
    """`cluster` is the bot's own. Hosts of other clusters cannot be looked up there.

    `enabled` returns whether the bot's role shows hosts. Without that, Teleport lists none.
    `listed` returns a resource that the bot has listed already.
    """

    def __init__(
        self,
        teleport: TeleportClient,
        cluster: str,
        *,
        enabled: Callable[[], bool] = lambda: True,
        listed: Callable[[ResourceId], Resource | None] = lambda _: None,
    ) -> None:
        self._teleport = teleport
        self._cluster = cluster
        self._enabled = enabled
        self._listed = listed
        self._names: BoundedDict[str, str] = BoundedDict(_MOST_KNOWN)
        self._looked_up: BoundedDict[str, float] = BoundedDict(_MOST_KNOWN)
        """Monotonic time by ID, also of hosts without a name."""
        self._waiting: BoundedDict[str, frozenset[str]] = BoundedDict(_MOST_WAITING)
        """IDs of hosts by ID of the request that is shown without their names."""
        self._news = asyncio.Event()

    def of(self, request: AccessRequest) -> Mapping[str, str]:
        """Return the known names by host ID. Have the others looked up."""
        resources = tuple(self._hosts(request))
        self._learn_listed(resources)
        hosts = frozenset(each.name for each in resources)
        if self._enabled() and any(map(self._is_due, hosts)):
            self._waiting[request.id] = hosts
            self._news.set()
        return self.known(request)

    def known(self, request: AccessRequest) -> Mapping[str, str]:
        """Return the known names by host ID, without looking any up."""
        hosts = {each.name for each in self._hosts(request)}
        return {host: self._names[host] for host in hosts if host in self._names}

    def learn(self, host: str, name: str) -> None:
        """Store the name of a host that was found by it."""
        self._names[host] = name
        self._looked_up[host] = monotonic()

    async def run(self, changed: Callable[[str], None]) -> None:
        """Look names up until cancelled.

        Call `changed` with the ID of a request that may have new ones. A lookup without an answer
        is repeated: a request may be shown once and never again.
        """
        while True:
            await self._news.wait()
            batch = dict(islice(self._waiting.items(), _REQUESTS_AT_ONCE))
            if not batch:
                self._news.clear()
                continue
            due = sorted({*filter(self._is_due, chain.from_iterable(batch.values()))})
            try:
                self._names.update(
                    await self._teleport.resources.list_host_names(due) if due else {}
                )
            except TeleportError as error:
                log.warning("host_names_read_failed", error=error.text)
                if isinstance(error, Unreachable):
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
            self._looked_up.update(dict.fromkeys(due, monotonic()))
            for request_id, hosts in batch.items():
                self._waiting.pop(request_id, None)
                if not hosts.isdisjoint(self._names):
                    changed(request_id)

    def _learn_listed(self, hosts: Iterable[ResourceId]) -> None:
        for host in hosts:
            if host.name not in self._names and (found := self._listed(host)):
                self.learn(host.name, found.title)

    def _hosts(self, request: AccessRequest) -> Iterable[ResourceId]:
        """Of very many resources a card shows the first."""
        for resource in request.resources[:RESOURCES_LISTED]:
            if is_host(resource, self._cluster) and _ID.fullmatch(resource.name):
                yield resource

    def _is_due(self, host: str) -> bool:
        at = self._looked_up.get(host)
        return at is None or monotonic() - at > _AGAIN_SECONDS
