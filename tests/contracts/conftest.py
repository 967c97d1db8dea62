"""Sandbox processes that the whole suite shares, as few as possible."""

from collections.abc import Iterator

import pytest

from tests.contracts.sandbox_process import Sandbox, fast_sandbox, running_sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The console script's sandbox. Its edition makes the bot work in mode `override`."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), "--edition", "community") as started:
        yield started


@pytest.fixture(scope="session")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The other edition, without Slack's rate limits."""
    with fast_sandbox(tmp_path_factory.mktemp("fast")) as started:
        yield started
