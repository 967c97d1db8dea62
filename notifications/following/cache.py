"""The newest known copy of each object, and how far it can be trusted.

A server answers a list from its cache, which can be older than an event that has already arrived.
So an event and a read by name are fresh, and a list alone is not: it can show an outdated object,
lack a new one, or lack one that still exists. After a break in the watch, everything known from
before is stale too.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Generic

from notifications.following.followed_kind import FollowedKind, Object
from workspace.moment import utc_now

_MAX_DELETED = 10_000
_NEVER = datetime.min.replace(tzinfo=UTC)


class Source(Enum):
    """Where the copy of an object comes from."""

    FRESH = "event_or_read"
    LIST = "list"
    """A list, or a time before the watch was opened: possibly outdated."""
    DIFFERENT = "listed_differently"
    """A list that contradicts the copy from before, either of which can be the newer one."""
    MISSING = "not_listed"
    """Known from before, and missing in a list: possibly deleted, possibly too new."""


@dataclass(frozen=True, slots=True)
class Cached(Generic[Object]):
    object: Object
    source: Source
    seen: datetime = field(default=_NEVER, compare=False)
    """Time of the last event, read or list that showed the object."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[Object]):
    """An object that a list reports."""

    name: str
    object: Object
    new: bool
    """The cache didn't have it."""


class ObjectCache(Generic[Object]):
    def __init__(self, kind: FollowedKind[Object], now: Callable[[], datetime] = utc_now) -> None:
        self._kind = kind
        self._now = now
        self._known: dict[str, Cached[Object]] = {}
        self._deleted: OrderedDict[str, Cached[Object]] = OrderedDict()
        """Last known state of deleted objects, the newest only."""

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def get(self, name: str) -> Cached[Object] | None:
        return self._known.get(name)

    def objects(self) -> Iterable[Object]:
        return [cached.object for cached in self._known.values()]

    def present(self) -> Iterable[Object]:
        """Return all objects except those that a list lacks, which are probably deleted."""
        return [
            cached.object for cached in self._known.values() if cached.source is not Source.MISSING
        ]

    def missing(self) -> Iterable[str]:
        return [name for name, each in self._known.items() if each.source is Source.MISSING]

    def last_known(self, name: str) -> Object | None:
        """Return the last state of a deleted object, which may have changed just before."""
        deleted = self._deleted.get(name)
        return deleted.object if deleted else None

    def last_seen(self, name: str) -> datetime | None:
        """Return when a deleted object was seen last, None if this copy has never had it."""
        deleted = self._deleted.get(name)
        return deleted.seen if deleted else None

    def forget(self, name: str) -> None:
        """Drop the last state of a deleted object."""
        self._deleted.pop(name, None)

    def store(self, name: str, found: Object | None) -> None:
        """Store a fresh copy; None means that the object is deleted."""
        if found is not None:
            self._deleted.pop(name, None)
            self._known[name] = Cached(found, Source.FRESH, self._now())
            return
        if (cached := self._known.pop(name, None)) is not None:
            self._deleted[name] = cached
        if len(self._deleted) > _MAX_DELETED:
            self._deleted.popitem(last=False)

    def mark_stale(self) -> None:
        """Mark all copies as stale after a break: neither they nor a list show their age."""
        for name, cached in self._known.items():
            if cached.source is Source.FRESH:
                self._known[name] = replace(cached, source=Source.LIST)

    def apply_list(
        self, listed: Iterable[Object], *, changed: AbstractSet[str]
    ) -> Iterator[Listed[Object]]:
        """Store a list, except for objects that changed while it was requested.

        Yield the objects to report, the oldest first: so a backlog keeps its order.
        """
        now = self._now()
        by_name = {self._kind.name_of(each): each for each in listed}
        for name, found in sorted(by_name.items(), key=lambda item: self._age(item[1])):
            known = self._known.get(name)
            if name in changed:
                continue
            if known is None:
                self._known[name] = Cached(found, Source.LIST, now)
            elif known.object != found:
                self._known[name] = Cached(found, Source.DIFFERENT, now)
            else:
                found_again = known.source is Source.MISSING
                source = Source.LIST if found_again else known.source
                self._known[name] = replace(known, source=source, seen=now)
                if not self._kind.resync(found):
                    continue
            yield Listed(name, found, new=known is None)
        for name in self._known.keys() - by_name.keys() - changed:
            missing = self._known[name] = replace(self._known[name], source=Source.MISSING)
            yield Listed(name, missing.object, new=False)

    def _age(self, found: Object) -> datetime:
        return self._kind.created(found) or _NEVER
