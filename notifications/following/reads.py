"""Reads in flight: an event that arrives during a read is newer than the read's result."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class Read:
    name: str
    superseded: bool = False


class ReadsInFlight:
    def __init__(self) -> None:
        self._reads: set[Read] = set()

    @contextmanager
    def reading(self, name: str) -> Iterator[Read]:
        read = Read(name)
        self._reads.add(read)
        try:
            yield read
        finally:
            self._reads.remove(read)

    def supersede(self, name: str) -> None:
        """Mark all reads of an object as older than an event."""
        for read in self._reads:
            read.superseded = read.superseded or read.name == name
