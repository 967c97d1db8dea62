"""A record as Teleport keeps it: two keys of plugin data, `entry`, which is JSON, and `rev`.

Others may write there too, by mistake or not. What is not right in itself counts as no entry, so
that it harms its own request alone, and that one is told of anew.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from notifications.plan import slot_matches_channel
from notifications.records.entry import Entry, Intent, PostedMessage
from teleport_client.model.cluster import PluginData

REV, ENTRY = "rev", "entry"
_HARD_LIMIT = 32 * 1024
_MOST_DIGITS = 15
_SKEW = timedelta(hours=1)
"""By which another replica's clock may be ahead."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class EntryTooLarge(Exception):
    """A record that Teleport should not be asked to keep."""


@dataclass(frozen=True, slots=True)
class Record:
    rev: str = ""
    """As it is kept, to the letter: a write expects it. Empty where nothing is kept."""
    entry: Entry | None = None

    @property
    def next_rev(self) -> str:
        number = self.rev.isascii() and self.rev.isdecimal() and len(self.rev) <= _MOST_DIGITS
        return str(int(self.rev) + 1) if number else "1"


def decode_record(request_id: str, kept: PluginData, now: datetime) -> Record:
    rev = kept.get(REV, "")
    if ENTRY not in kept:
        return Record(rev)
    try:
        entry = Entry.model_validate_json(kept[ENTRY])
    except ValueError as error:
        log.warning("ledger_entry_invalid", request_id=request_id, error=type(error).__name__)
        return Record(rev)
    if wrong := next(_inconsistencies(request_id, entry, now), ""):
        log.warning("ledger_entry_invalid", request_id=request_id, error=wrong)
        return Record(rev)
    return Record(rev, entry)


def drop_shared_messages(records: Mapping[str, Record]) -> dict[str, Record]:
    """Leave out messages that several records claim: a card is to show no other's state."""
    claims = Counter(
        (each.channel, each.ts)
        for record in records.values()
        for each in (record.entry.messages if record.entry else ())
    )
    return {
        request_id: replace(record, entry=record.entry and _unclaimed(record.entry, claims))
        for request_id, record in records.items()
    }


def encode_entry(entry: Entry) -> str:
    """Give what is kept of an entry, at most 32 KB in UTF-8. Raises EntryTooLarge."""
    for each in (entry, entry.minimal()):
        text = each.model_dump_json(exclude_defaults=True)
        size = len(text.encode())
        if size <= _HARD_LIMIT:
            return text
    raise EntryTooLarge(f"{size} bytes")


def _inconsistencies(request_id: str, entry: Entry, now: datetime) -> Iterator[str]:
    if entry.face.id != request_id:
        yield "it speaks of another request"
    if entry.passed_over is not None and entry.passed_over > now + _SKEW:
        yield "it was passed over in the future"
    if not all(intent.key for intent in entry.intents):
        yield "an intent has no key, by which it could be settled"
    there: tuple[PostedMessage | Intent, ...] = (*entry.messages, *entry.intents)
    if not (_differ(entry.messages) and _differ(entry.intents)):
        yield "it has a slot twice"
    if not all(map(slot_matches_channel, there)):
        yield "a message is in another channel than it says"


def _differ(slotted: Sequence[PostedMessage | Intent]) -> bool:
    return len({each.slot for each in slotted}) == len(slotted)


def _unclaimed(entry: Entry, claims: Counter[tuple[str, str]]) -> Entry:
    own = tuple(
        each for each in entry.messages if not each.ts or claims[each.channel, each.ts] == 1
    )
    return entry if own == entry.messages else entry.model_copy(update={"messages": own})
