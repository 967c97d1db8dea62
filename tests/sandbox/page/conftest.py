"""A reader in Berlin: alice, at a fixed time. And a page over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest

from sandbox.page.render.reader import Reader
from sandbox.slack.server import SlackStandIn
from sandbox.slack.workspace.state import Workspace
from tests.sandbox.page.shell_driver import Shell

NOW = datetime(2026, 11, 27, 11, 0, tzinfo=UTC).timestamp()


def reader_named(name: str) -> Reader:
    workspace = Workspace(lambda: NOW)
    person = workspace.find_person(name)
    assert person is not None
    return Reader(workspace, person, NOW)


@pytest.fixture(scope="session")
def reader() -> Reader:
    return reader_named("alice")


@pytest.fixture
async def shell() -> AsyncIterator[Shell]:
    """The page of a Slack without Teleport."""
    slack = await SlackStandIn.start(now=lambda: NOW)
    async with aiohttp.ClientSession(base_url=slack.url) as session:
        yield Shell(slack, session)
    await slack.stop()
