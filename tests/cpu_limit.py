"""Limit on CPU time, for input that makes quadratic code take minutes."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Fail if the block exceeds this CPU time; waiting for other processes doesn't count."""
    started = process_time()
    try:
        yield
    finally:
        used = process_time() - started
        assert used < seconds, f"took {used:.1f} s of computing"
