"""Sandbox processes that the whole suite shares."""

from collections.abc import Iterator

import pytest

from tests.contracts.sandbox_process import Sandbox, fast_sandbox, running_sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


@pytest.fixture(scope="session")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox without Slack's rate limits."""
    with fast_sandbox(tmp_path_factory.mktemp("fast")) as started:
        yield started


@pytest.fixture(scope="session")
def community(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A cluster without access request features, where the bot works in mode `override`."""
    with running_sandbox(tmp_path_factory.mktemp("community"), "--edition", "community") as started:
        yield started
