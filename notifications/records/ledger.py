"""The ledger: the record of the bot's messages in Slack, in Teleport's plugin data.

The bot has no database. Plugin data belongs to a request, so one copy serves all replicas. It
outlives a deleted request. Other programs use other keys, which the ledger ignores.

Only the leader writes entries. It reads the whole ledger once, when it becomes the leader, and then
works with its own copy. Two leaders can still overlap for a moment, so each write is a
compare-and-swap. It states the revision (`rev`) that the writer read, and Teleport rejects it with
Conflict if another one is stored. The loser reads the entry again and marks its cards as stale,
because their state in Slack is uncertain. The reconciler then plans again.

A change is a function from the newest entry to the next one, because results arrive while other
writes of the same request are in flight. There are two kinds:

- `write` stores a change before it takes effect. An intent is written before its message is sent.
- `note` and `apply` add a change that has already happened in Slack. It is part of `get` at once,
  and every later write contains it. If a write fails, `flush` repeats it.
"""

from collections.abc import Callable, Iterator
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
    drop_messages_of,
    drop_shared_messages,
    encode_entry,
)
from teleport_client.client import TeleportClient
from teleport_client.errors import Conflict, NotFound
from workspace.keyed_lock import KeyedLock

_STALE_AFTER_TAKEOVER = timedelta(minutes=1)

Change: TypeAlias = Callable[[Entry], Entry]


class RequestGone(Exception):
    """The request no longer exists, so its entry can't be written."""


class Ledger:
    """Writes for one request run one after another, writes for several requests concurrently."""

    def __init__(
        self, teleport: TeleportClient, plugin: str, *, now: Callable[[], datetime]
    ) -> None:
        self._teleport = teleport
        self._now = now
        self._plugin = plugin
        self._records: dict[str, Record] = {}
        self._pending: dict[str, list[Change]] = {}
        """Changes that aren't stored yet, by request."""
        self._gone: set[str] = set()
        """Deleted requests. Their entries are kept only in this process."""
        self._write_locks = KeyedLock()

    def __len__(self) -> int:
        return len(self._records)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._records)

    def get(self, request_id: str) -> Entry | None:
        """Return the newest known entry, with the changes that aren't stored yet."""
        record = self._records.get(request_id)
        if record is None or record.entry is None:
            return None
        changes = self._pending.get(request_id, ())
        return reduce(lambda entry, change: change(entry), changes, record.entry)

    @property
    def first_started(self) -> datetime | None:
        """The very first start of the bot, if an entry records it."""
        entries = (record.entry for record in self._records.values())
        return min((e.skipped_at for e in entries if e and e.skipped_at), default=None)

    async def load(self) -> None:
        """Read all entries, when this replica becomes the leader. Raises TeleportError.

        A call of the previous leader can reach Slack after the takeover. So the cards of entries
        that were written within the last minute count as stale. Pending changes stay if the stored
        revision is still the one that they were made for.
        """
        data = await self._teleport.plugin_data.list(self._plugin)
        known, self._gone = self._records, set()
        now = self._now()
        decoded = {
            request_id: decode_record(request_id, stored, now)
            for request_id, stored in data.items()
        }
        self._records = {
            request_id: _mark_stale_if_recent(record, now)
            for request_id, record in drop_shared_messages(decoded).items()
        }
        self._pending = {
            request_id: changes
            for request_id, changes in self._pending.items()
            if request_id in known and known[request_id].rev == self._record(request_id).rev
        }

    async def apply(self, request_id: str, change: Change) -> None:
        """Add a change that has already happened, and store it. Raises the errors of `write`."""
        self.note(request_id, change)
        await self.flush(request_id)

    def note(self, request_id: str, change: Change) -> None:
        """Add a change that has already happened. `flush` and every other write store it."""
        if self.get(request_id) is not None:
            self._pending.setdefault(request_id, []).append(change)

    async def flush(self, request_id: str) -> None:
        """Store pending changes, including those that arrive during the write.

        Raises the errors of `write`.
        """
        async with self._write_locks(request_id):
            while self._pending.get(request_id) and (entry := self.get(request_id)) is not None:
                await self._write(request_id, entry)

    async def write(self, request_id: str, change: Callable[[Entry | None], Entry]) -> None:
        """Store a change before it takes effect.

        Raises Conflict if another replica wrote first: the entry is read again, and its cards are
        stale. Raises RequestGone once for a deleted request; later writes stay in this process.
        Raises EntryTooLarge and TeleportError.
        """
        async with self._write_locks(request_id):
            await self._write(request_id, change(self.get(request_id)))

    def forget(self, request_id: str) -> None:
        """Drop the local record of a request that needs no more messages."""
        self._records.pop(request_id, None)
        self._pending.pop(request_id, None)
        self._gone.discard(request_id)

    async def _write(self, request_id: str, entry: Entry) -> None:
        written = len(self._pending.get(request_id, ()))
        entry = replace(entry, updated_at=self._now())
        before = self._record(request_id)
        text = encode_entry(entry)
        if request_id not in self._gone:
            await self._store(request_id, text, before)
        self._records[request_id] = Record(before.next_rev, entry)
        # Changes that arrived during the write aren't part of it.
        if later := self._pending.pop(request_id, [])[written:]:
            self._pending[request_id] = later

    async def _store(self, request_id: str, text: str, before: Record) -> None:
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

    def _record(self, request_id: str) -> Record:
        return self._records.get(request_id, Record())

    async def _reread(self, request_id: str) -> None:
        """Read an entry that another replica wrote. Pending changes have happened, so they stay."""
        data = await self._teleport.plugin_data.list(self._plugin, request_id=request_id)
        if request_id in data:
            record = decode_record(request_id, data[request_id], self._now())
            self._records[request_id] = drop_messages_of(self._others(request_id), record)
            self._pending.setdefault(request_id, []).append(Entry.mark_stale)
        else:
            self.forget(request_id)

    def _others(self, request_id: str) -> Iterator[Entry]:
        """Yield the entries of all other requests."""
        for other in self._records.keys() - {request_id}:
            if (entry := self.get(other)) is not None:
                yield entry


def _mark_stale_if_recent(record: Record, now: datetime) -> Record:
    entry = record.entry
    if entry is None or entry.updated_at is None:
        return record
    if now - entry.updated_at > _STALE_AFTER_TAKEOVER:
        return record
    return replace(record, entry=entry.mark_stale())
