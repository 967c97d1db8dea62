"""Ledger records as Teleport stores them: two keys of plugin data, JSON in `entry` and `rev`.

Other programs, such as tctl, can write these keys too. A record that isn't valid counts as
having no entry, so it affects only its own request, which gets new messages. Its revision is still
used: a compare-and-swap needs the stored one, even an invalid one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

import structlog

from notifications.records.entry import Entry, Intent, PostedMessage, entry_from_json
from notifications.records.slots import slot_matches_channel
from teleport_client.model.cluster import PluginData

REV, ENTRY = "rev", "entry"
_MAX_BYTES = 32 * 1024
_MAX_DIGITS = 15
_CLOCK_SKEW = timedelta(hours=1)
"""Tolerated difference between the clocks of two replicas."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class EntryTooLarge(Exception):
    """An entry over the limit of 32 KB."""


@dataclass(frozen=True, slots=True)
class Record:
    rev: str = ""
    """Stored text, unchanged: a write must state it. Empty if nothing is stored."""
    entry: Entry | None = None

    @property
    def next_rev(self) -> str:
        number = self.rev.isascii() and self.rev.isdecimal() and len(self.rev) <= _MAX_DIGITS
        return str(int(self.rev) + 1) if number else "1"


def decode_record(request_id: str, stored: PluginData, now: datetime) -> Record:
    rev = stored.get(REV, "")
    if ENTRY not in stored:
        return Record(rev)
    try:
        entry = entry_from_json(_limited(stored[ENTRY]))
    except ValueError as error:
        log.warning("ledger_entry_invalid", request_id=request_id, error=type(error).__name__)
        return Record(rev)
    if inconsistency := next(_inconsistencies(request_id, entry, now), ""):
        log.warning("ledger_entry_invalid", request_id=request_id, error=inconsistency)
        return Record(rev)
    return Record(rev, entry)


def drop_shared_messages(records: Mapping[str, Record]) -> dict[str, Record]:
    """Remove messages that several records contain: one message can't show two requests."""
    claims = Counter(
        _address(each)
        for record in records.values()
        for each in (record.entry.messages if record.entry else ())
    )
    return {
        request_id: replace(record, entry=record.entry and _keep_own(record.entry, claims))
        for request_id, record in records.items()
    }


def drop_messages_of(others: Iterable[Entry], record: Record) -> Record:
    """Remove messages that other entries contain from a record that was read later."""
    if record.entry is None or not record.entry.messages:
        return record
    claims = Counter(map(_address, chain.from_iterable(each.messages for each in others)))
    claims.update(map(_address, record.entry.messages))
    return replace(record, entry=_keep_own(record.entry, claims))


def encode_entry(entry: Entry) -> str:
    """Return the JSON of an entry, minimized if it is too large. Raises EntryTooLarge."""
    for each in (entry, entry.minimize()):
        text = each.to_json()
        size = len(text.encode())
        if size <= _MAX_BYTES:
            return text
    raise EntryTooLarge(f"{size} bytes")


def _limited(text: str) -> str:
    """Return the text. Raises ValueError if it is longer than every entry of the bot.

    Each message in an entry can lead to a call, and Slack limits the calls of all requests
    together.
    """
    if len(text.encode()) > _MAX_BYTES:
        raise ValueError("the entry is too large")
    return text


def _inconsistencies(request_id: str, entry: Entry, now: datetime) -> Iterator[str]:
    if entry.card_model.id != request_id:
        yield "request ID doesn't match"
    if entry.skipped_at is not None and entry.skipped_at > now + _CLOCK_SKEW:
        yield "skipped_at is in the future"
    if not all(intent.key for intent in entry.intents):
        yield "an intent has no key"
    if not (_differ(entry.messages) and _differ(entry.intents)):
        yield "a slot appears twice"
    posted = all(slot_matches_channel(each, posted=True) for each in entry.messages)
    if not (posted and all(slot_matches_channel(each, posted=False) for each in entry.intents)):
        yield "slot and channel don't match"


def _differ(records: Sequence[PostedMessage | Intent]) -> bool:
    return len({each.slot for each in records}) == len(records)


def _keep_own(entry: Entry, claims: Counter[tuple[str, str]]) -> Entry:
    own = tuple(each for each in entry.messages if not each.ts or claims[_address(each)] == 1)
    return entry if own == entry.messages else replace(entry, messages=own)


def _address(message: PostedMessage) -> tuple[str, str]:
    return message.channel, message.ts
