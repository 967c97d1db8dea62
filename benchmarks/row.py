"""What a row of the benchmark is.

To add a row: a module with a `Row` class, and its name in `benchmarks/rows.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table. A fixed limit is a baseline with a target of 1."""

    name: str
    unit: str
    ours: float
    baseline: float
    """Measured in the same run, by a program without the bot."""
    target: float
    """The highest ratio of ours to the baseline that is good enough."""

    @property
    def ratio(self) -> float:
        return self.ours / self.baseline

    @property
    def met(self) -> bool:
        return self.ratio <= self.target


class Row(Protocol):
    """A subject that is measured by itself; `make bench ROW=name` measures it alone."""

    @property
    def name(self) -> str: ...

    async def measure(self, folder: Path) -> Sequence[Measurement]:
        """Measure, with files in a folder of its own.

        The machine may be busy with something else, so the bot and the baseline take turns.
        """
        ...
