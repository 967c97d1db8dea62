"""Percentiles of measured values."""

from collections.abc import Iterable
from math import ceil


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that so many percent of all values don't exceed.

    Raises IndexError if there are no values.
    """
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]
