"""Search in many names, best match first, without long blocks of the event loop.

A match contains every typed word: in the name, or in the rest of the searched text, such as labels.
If there is none, similar names match, and names that contain the typed letters in order.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Generic, TypeVar

from rapidfuzz import fuzz, process

_AT_ONCE, _SIMILAR_AT_ONCE = 5_000, 2_000
"""Texts between two pauses for other tasks: about 2 ms of work."""
_MIN_SIMILARITY = 80
"""Least similarity of the typed text and a part of a name, out of 100."""
_SIMILAR_FROM = 3
"""Typed characters from which similar names are searched."""
_TYPED_CHARACTERS = 100

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Entry(Generic[Item]):
    """An item, with its name and all searched texts, both casefolded."""

    item: Item
    name: str
    text: str


def entry(item: Item, name: str, details: Iterable[str] = ()) -> Entry[Item]:
    folded = name.casefold()
    return Entry(item, folded, " ".join((folded, *(each.casefold() for each in details))))


@dataclass(frozen=True, slots=True)
class Matches(Generic[Item]):
    items: tuple[Item, ...]
    """Best first."""
    total: int
    """Number of all matches, also of those beyond the limit."""


class Searchable(Generic[Item]):
    """Entries in the order of their names, which is the order of equally good matches."""

    def __init__(self, entries: Iterable[Entry[Item]] = ()) -> None:
        ordered = sorted(entries, key=attrgetter("name"))
        self.items = tuple(each.item for each in ordered)
        self._names = [each.name for each in ordered]
        self._texts = [each.text for each in ordered]

    def __len__(self) -> int:
        return len(self.items)

    async def search(
        self, typed: str, *, limit: int, among: Sequence[int] | None = None
    ) -> Matches[Item]:
        """Return the best matches, and the first items if nothing is typed.

        `among` are the ascending indexes of the items to search, all items if None.
        """
        await asyncio.sleep(0)  # the entries may have been built just before
        indexes = range(len(self.items)) if among is None else among
        folded = " ".join(typed.casefold().split())[:_TYPED_CHARACTERS]
        if not folded:
            return self._matches(indexes, limit)
        by_text = await self._by_text(folded, indexes)
        if by_text or len(folded) < _SIMILAR_FROM:
            return self._matches(by_text, limit)
        return self._matches(await self._similar(folded, indexes), limit)

    def _matches(self, indexes: Sequence[int], limit: int) -> Matches[Item]:
        best = tuple(self.items[index] for index in indexes[:limit])
        return Matches(best, len(indexes))

    async def _by_text(self, typed: str, indexes: Sequence[int]) -> list[int]:
        by_rank: tuple[list[int], ...] = ([], [], [], [])
        for part in _parts(indexes, _AT_ONCE):
            for ranked, found in zip(by_rank, self._ranked(typed, part), strict=True):
                ranked.extend(found)
            await asyncio.sleep(0)
        return [*chain.from_iterable(by_rank)]

    def _ranked(self, typed: str, indexes: Sequence[int]) -> Iterator[Sequence[int]]:
        """Yield the indexes of equal names, of beginnings, of words in names, and of others."""
        names, texts, found = self._names, self._texts, indexes
        words = typed.split()
        for word in words:
            found = [index for index in found if word in texts[index]]
        inside = found
        for word in words:
            inside = [index for index in inside if word in names[index]]
        first = [index for index in inside if names[index].startswith(typed)]
        yield (equal := [index for index in first if names[index] == typed])
        yield _without(first, equal)
        yield _without(inside, first)
        yield _without(found, inside)

    async def _similar(self, typed: str, indexes: Sequence[int]) -> list[int]:
        scored: list[tuple[float, int]] = []
        abbreviated = _in_order(typed)
        for part in _parts(indexes, _SIMILAR_AT_ONCE):
            names = [self._names[index] for index in part]
            found = {
                position: score
                for name, score, position in process.extract(
                    typed, names, scorer=fuzz.partial_ratio, limit=None,
                    score_cutoff=_MIN_SIMILARITY,
                )
                if len(name) > len(typed) // 2  # a part of the typed text is no match
            }  # fmt: skip
            found |= {n: 0.0 for n, name in enumerate(names) if abbreviated(name)} | found
            scored += ((-score, part[position]) for position, score in found.items())
            await asyncio.sleep(0)
        return [index for _, index in sorted(scored)]


def _in_order(typed: str) -> Callable[[str], object]:
    """Return a test for names with the typed letters in this order, in linear time."""
    letters = [re.escape(letter) for letter in typed if letter != " "]
    return re.compile("".join(f"[^{letter}]*{letter}" for letter in letters)).match


def _parts(indexes: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (indexes[start : start + size] for start in range(0, len(indexes), size))


def _without(indexes: Sequence[int], others: Sequence[int]) -> Sequence[int]:
    if not others:
        return indexes
    left_out = frozenset(others)
    return [index for index in indexes if index not in left_out]
