"""Delays that double, with jitter, until an attempt lasts."""

import pytest

from workspace.backoff import Backoff

BACKOFF = Backoff(first=1.0, longest=10.0, steady=30.0, jitter=0.0)


@pytest.mark.parametrize(
    ("attempt", "delay"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 10.0), (5_000, 10.0)]
)
def test_delay_doubles_up_to_the_longest(attempt: int, delay: float) -> None:
    assert BACKOFF.delay(attempt) == delay


def test_jitter_only_shortens_a_delay() -> None:
    delays = {Backoff(first=1.0, longest=1.0, jitter=0.5).delay(1) for _ in range(200)}
    assert len(delays) > 1
    assert all(0.5 <= delay <= 1.0 for delay in delays)


@pytest.mark.parametrize(("lasted", "attempt"), [(29.9, 4), (30.0, 1)])
def test_steady_attempt_resets_the_count(lasted: float, attempt: int) -> None:
    assert BACKOFF.next_attempt(3, lasted=lasted) == attempt


def test_scaled_backoff_keeps_its_jitter() -> None:
    assert BACKOFF.scaled(10) == Backoff(first=0.1, longest=1.0, steady=3.0, jitter=0.0)
