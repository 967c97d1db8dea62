"""Which worker runs which tests.

Each worker takes the next test when it is free, so that no worker is left with many at the end.
These tests go to one worker together, and first, because larger groups go first:
- the contracts, because each worker would start its own sandbox processes for them
- the tests of a long backlog, which would delay each other

xdist's own groups, by marker, have no effect since pytest 9.2.
"""

from xdist.scheduler import LoadScopeScheduling

_TOGETHER = ("tests/contracts/", "tests/integration/notifications/test_backlog.py")


class Schedule(LoadScopeScheduling):  # type: ignore[misc] # xdist ships no types
    def _split_scope(self, nodeid: str) -> str:
        """Return the name of the test's group."""
        return next((each for each in _TOGETHER if nodeid.startswith(each)), nodeid)
