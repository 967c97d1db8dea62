"""Our records, kept in Teleport's plugin data: no database of our own, one copy for all replicas.

A record is two keys: `entry`, JSON, and `rev`, a number. A write expects the `rev` that was read,
so of two writers one is told that it lost. Whoever holds the lease reads the whole ledger once and
then knows it. Any key that is not named here belongs to somebody else and is left alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError

from notifications.entry import Entry
from teleport_client.client import TeleportClient
from teleport_client.cluster import PluginData
from teleport_client.errors import Conflict, NotFound

_REV, _ENTRY = "rev", "entry"
_HARD_LIMIT = 32 * 1024
_DOUBTED_FOR = timedelta(minutes=1)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class EntryTooLarge(Exception):
    """A record that Teleport should not be asked to keep."""


@dataclass(frozen=True, slots=True)
class _Record:
    rev: int
    entry: Entry | None


class Ledger:
    def __init__(
        self, teleport: TeleportClient, plugin: str, *, now: Callable[[], datetime]
    ) -> None:
        self._teleport = teleport
        self._now = now
        self._plugin = plugin
        self._records: dict[str, _Record] = {}
        self._unwritten: dict[str, _Record] = {}
        """What has happened and is not written yet, with the revision it follows."""

    def __len__(self) -> int:
        return len(self._records)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._records)

    def get(self, request_id: str) -> Entry | None:
        """Give the newest that is known, written or not."""
        record = self._unwritten.get(request_id) or self._records.get(request_id)
        return record.entry if record else None

    @property
    def first_started(self) -> datetime | None:
        """The very first start of the bot, where an entry tells of it."""
        entries = (record.entry for record in self._records.values())
        return min((e.passed_over for e in entries if e and e.passed_over), default=None)

    async def load(self) -> None:
        """Read everything anew, at takeover. Raises TeleportError.

        A call of the last holder's may still reach Slack after ours; so what was written in the
        last minute counts as out of date.
        """
        data = await self._teleport.plugin_data(self._plugin)
        self._records = {
            request_id: _doubted_if_fresh(_read(request_id, kept), self._now())
            for request_id, kept in data.items()
        }
        self._unwritten = {
            request_id: record
            for request_id, record in self._unwritten.items()
            if record.rev == self._rev(request_id)
        }

    async def record(self, request_id: str, entry: Entry) -> None:
        """Write what has happened already: it stays known until `settle` could write it.

        Raises as `write` does.
        """
        self._unwritten[request_id] = _Record(self._rev(request_id), entry)
        await self.settle(request_id)

    async def settle(self, request_id: str) -> None:
        """Write what could not be written before, if anything. Raises as `write` does."""
        record = self._unwritten.get(request_id)
        if record is None or record.entry is None:
            return
        try:
            await self.write(request_id, record.entry)
        except (Conflict, NotFound):
            # Another holder of the lease knows better, or the request is gone.
            self._unwritten.pop(request_id, None)
            raise
        self._unwritten.pop(request_id, None)

    async def write(self, request_id: str, entry: Entry) -> None:
        """Keep an entry if nobody else wrote meanwhile.

        Raises Conflict, having read what is there now; NotFound when request and record are gone;
        EntryTooLarge; TeleportError.
        """
        entry = entry.model_copy(update={"touched": self._now()})
        text = written(entry)
        rev = self._rev(request_id)
        try:
            await self._teleport.update_plugin_data(
                self._plugin,
                request_id,
                change={_ENTRY: text, _REV: str(rev + 1)},
                expect={_REV: str(rev) if rev else ""},
            )
        except Conflict:
            await self._reread(request_id)
            raise
        self._records[request_id] = _Record(rev + 1, entry)

    def forget(self, request_id: str) -> None:
        """Drop our copy of a record whose request has ended for good."""
        self._records.pop(request_id, None)
        self._unwritten.pop(request_id, None)

    def _rev(self, request_id: str) -> int:
        record = self._records.get(request_id)
        return record.rev if record else 0

    async def _reread(self, request_id: str) -> None:
        data = await self._teleport.plugin_data(self._plugin, request_id=request_id)
        if request_id in data:
            self._records[request_id] = _read(request_id, data[request_id])
        else:
            self._records.pop(request_id, None)


def written(entry: Entry) -> str:
    """Give what is kept of an entry, at most 32 KB in UTF-8. Raises EntryTooLarge."""
    for each in (entry, entry.shortest()):
        text = each.model_dump_json(exclude_defaults=True)
        size = len(text.encode())
        if size <= _HARD_LIMIT:
            return text
    raise EntryTooLarge(f"{size} bytes")


def _doubted_if_fresh(record: _Record, now: datetime) -> _Record:
    entry = record.entry
    if entry is None or entry.touched is None or now - entry.touched > _DOUBTED_FOR:
        return record
    return _Record(record.rev, entry.doubted())


def _read(request_id: str, kept: PluginData) -> _Record:
    """A record that cannot be read counts as none: others may write here, by mistake or not."""
    rev = int(kept[_REV]) if kept.get(_REV, "").isdecimal() else 0
    if _ENTRY not in kept:
        return _Record(rev, None)
    try:
        return _Record(rev, Entry.model_validate_json(kept.get(_ENTRY, "")))
    except ValidationError as error:
        log.warning("ledger_unreadable", request_id=request_id, errors=error.error_count())
        return _Record(rev, None)
