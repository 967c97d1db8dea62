"""A reader in Berlin: alice, at a fixed time."""

from datetime import UTC, datetime

import pytest

from sandbox.page.render.reader import Reader
from sandbox.slack.workspace.state import Workspace

NOW = datetime(2026, 11, 27, 11, 0, tzinfo=UTC).timestamp()


def reader_named(name: str) -> Reader:
    workspace = Workspace(lambda: NOW)
    person = workspace.find_person(name)
    assert person is not None
    return Reader(workspace, person, NOW)


@pytest.fixture(scope="session")
def reader() -> Reader:
    return reader_named("alice")
