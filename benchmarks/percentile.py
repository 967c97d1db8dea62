"""Percentiles of measured values."""

from collections.abc import Iterable
from math import ceil


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that is at least as large as `percent` percent of all values.

    Raises IndexError if there are no values.
    """
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]
