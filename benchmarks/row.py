"""Row of the benchmark's table.

To add a row, write a module with a `Row` class, and add its name to `benchmarks/rows.py`.
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
    """Measured in the same run, with a program that isn't the bot."""
    target: float
    """The highest acceptable ratio of the bot's value to the baseline."""

    @property
    def ratio(self) -> float:
        return self.ours / self.baseline

    @property
    def met(self) -> bool:
        return self.ratio <= self.target


class Row(Protocol):
    """One measured subject. `make bench ROW=name` measures it alone."""

    @property
    def name(self) -> str: ...

    async def measure(self, folder: Path) -> Sequence[Measurement]:
        """Measure, with files in the given folder.

        The machine may be busy with other programs, so the bot and the baseline take turns.
        """
        ...
