"""Settings for every test."""

import gc
import os
from typing import TYPE_CHECKING

import pytest
from coverage import Coverage
from hypothesis import settings

if TYPE_CHECKING:
    from tests.schedule import Schedule

# grpc-core reads this on import. Otherwise it writes its own lines to stderr.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

# Their assertions are in modules that pytest doesn't treat as tests.
pytest.register_assert_rewrite("tests.server_rules")

# The same commit has the same result, also on a busy machine and while coverage measures.
# `make explore` searches for new examples.
settings.register_profile("steady", max_examples=50, derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=5_000, deadline=None)
settings.load_profile("steady")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> "Schedule | None":
    from tests.schedule import Schedule  # noqa: PLC0415 # it needs xdist

    return Schedule(config, log) if config.getoption("dist") == "load" else None


def pytest_collection_finish() -> None:
    """Keep what all tests share out of garbage collection, and collect garbage less often.

    Otherwise it takes an eighth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def pytest_sessionfinish() -> None:
    """Save the coverage data: xdist ends a worker that takes more than ten seconds to exit."""
    if measured := Coverage.current():
        measured.save()
