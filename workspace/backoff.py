"""Exponential backoff for loops that no library covers, such as reopening a stream."""

import random
from dataclasses import dataclass

_MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays in seconds that double from `first` to `longest`.

    The caller counts attempts from 1. An attempt that lasted for `steady` seconds succeeded, so
    the next one counts as the first again. Jitter shortens a delay by up to that fraction.
    """

    first: float
    longest: float
    steady: float = float("inf")
    jitter: float = 0.5

    def delay(self, attempt: int) -> float:
        """Return the delay after this number of failed attempts in a row."""
        doublings = min(attempt - 1, _MAX_DOUBLINGS)
        limit = min(self.first * float(2**doublings), self.longest)
        return limit * random.uniform(1 - self.jitter, 1)  # noqa: S311 - only spreads load

    def next_attempt(self, attempt: int, *, lasted: float) -> int:
        """Return the number of the attempt after one that ended after `lasted` seconds."""
        return 1 if lasted >= self.steady else attempt + 1

    def scaled(self, factor: float) -> "Backoff":
        return Backoff(
            self.first / factor, self.longest / factor, self.steady / factor, self.jitter
        )
