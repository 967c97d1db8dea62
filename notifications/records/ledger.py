"""Our records, kept in Teleport's plugin data: no database of our own, one copy for all replicas.

A write expects the revision that was read, so of two writers one is told that it lost. Whoever
holds the lease reads the whole ledger once and then knows it. Any key that is not named in `kept`
belongs to somebody else and is left alone.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from typing import TypeAlias

from notifications.records.entry import Entry
from notifications.records.ledger_codec import (
    ENTRY,
    REV,
    Record,
    decode_record,
    drop_shared_messages,
    encode_entry,
)
from teleport_client.client import TeleportClient
from teleport_client.errors import Conflict, NotFound
from workspace.keyed_lock import KeyedLock

_DOUBTED_FOR = timedelta(minutes=1)

Change: TypeAlias = Callable[[Entry], Entry]


class RequestGone(Exception):
    """A record cannot be written any more, since its request is gone."""


class Ledger:
    """Several may change the record of one request at once; their writes follow one another.

    What is to be recorded is given as a change to the newest record, whatever that is by then.
    """

    def __init__(
        self, teleport: TeleportClient, plugin: str, *, now: Callable[[], datetime]
    ) -> None:
        self._teleport = teleport
        self._now = now
        self._plugin = plugin
        self._records: dict[str, Record] = {}
        self._pending: dict[str, list[Change]] = {}
        """What has happened and is not written yet."""
        self._gone: set[str] = set()
        """Requests that are gone with their record: what is known of them is known here only."""
        self._write_locks = KeyedLock()

    def __len__(self) -> int:
        return len(self._records)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._records)

    def get(self, request_id: str) -> Entry | None:
        """Give the newest that is known, written or not."""
        record = self._records.get(request_id)
        if record is None or record.entry is None:
            return None
        return reduce(
            lambda entry, fact: fact(entry), self._pending.get(request_id, ()), record.entry
        )

    @property
    def first_started(self) -> datetime | None:
        """The very first start of the bot, where an entry tells of it."""
        entries = (record.entry for record in self._records.values())
        return min((e.skipped_at for e in entries if e and e.skipped_at), default=None)

    async def load(self) -> None:
        """Read everything anew, at takeover. Raises TeleportError.

        A call of the last holder's may still reach Slack after ours; so what was written in the
        last minute counts as out of date.
        """
        data = await self._teleport.plugin_data.list(self._plugin)
        known, self._gone = self._records, set()
        now = self._now()
        read_ones = {
            request_id: decode_record(request_id, kept, now) for request_id, kept in data.items()
        }
        self._records = {
            request_id: _doubted_if_fresh(record, now)
            for request_id, record in drop_shared_messages(read_ones).items()
        }
        self._pending = {
            request_id: facts
            for request_id, facts in self._pending.items()
            if request_id in known and known[request_id].rev == self._record(request_id).rev
        }

    async def apply(self, request_id: str, fact: Change) -> None:
        """Write what has happened already: it stays known until `flush` could write it.

        Raises as `write` does.
        """
        self.note(request_id, fact)
        await self.flush(request_id)

    def note(self, request_id: str, fact: Change) -> None:
        """Know what has happened already: `flush`, or any other write, keeps it."""
        if self.get(request_id) is not None:
            self._pending.setdefault(request_id, []).append(fact)

    async def flush(self, request_id: str) -> None:
        """Write what is known and not written, also what comes in meanwhile. Raises as `write`."""
        async with self._write_locks(request_id):
            while self._pending.get(request_id) and (entry := self.get(request_id)) is not None:
                await self._write(request_id, entry)

    async def write(self, request_id: str, change: Callable[[Entry | None], Entry]) -> None:
        """Keep a change before anything follows from it.

        Raises Conflict, having read what is there now, after which each card counts as out of date;
        RequestGone, once, after which records are kept here only;
        EntryTooLarge; TeleportError.
        """
        async with self._write_locks(request_id):
            await self._write(request_id, change(self.get(request_id)))

    async def _write(self, request_id: str, entry: Entry) -> None:
        written_facts = len(self._pending.get(request_id, ()))
        entry = replace(entry, updated_at=self._now())
        text = encode_entry(entry)
        before = self._record(request_id)
        if request_id not in self._gone:
            try:
                await self._teleport.plugin_data.update(
                    self._plugin,
                    request_id,
                    change={ENTRY: text, REV: before.next_rev},
                    expect={REV: before.rev},
                )
            except Conflict:
                await self._reread(request_id)
                raise
            except NotFound as error:
                if before.entry is not None:
                    self._gone.add(request_id)
                raise RequestGone from error
        self._keep(request_id, Record(before.next_rev, entry), written_facts)

    def _keep(self, request_id: str, record: Record, written_facts: int) -> None:
        """Facts that came in during the write are not in it."""
        self._records[request_id] = record
        later = self._pending.pop(request_id, [])[written_facts:]
        if later:
            self._pending[request_id] = later

    def forget(self, request_id: str) -> None:
        """Drop our copy of a record whose request has ended for good."""
        self._records.pop(request_id, None)
        self._pending.pop(request_id, None)
        self._gone.discard(request_id)

    def _record(self, request_id: str) -> Record:
        return self._records.get(request_id, Record())

    async def _reread(self, request_id: str) -> None:
        """What has happened holds whoever wrote; what our cards show is no longer certain."""
        data = await self._teleport.plugin_data.list(self._plugin, request_id=request_id)
        if request_id in data:
            self._records[request_id] = decode_record(request_id, data[request_id], self._now())
            self._pending.setdefault(request_id, []).append(Entry.mark_stale)
        else:
            self.forget(request_id)


def _doubted_if_fresh(record: Record, now: datetime) -> Record:
    entry = record.entry
    if entry is None or entry.updated_at is None or now - entry.updated_at > _DOUBTED_FOR:
        return record
    return replace(record, entry=entry.mark_stale())
