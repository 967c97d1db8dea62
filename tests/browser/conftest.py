"""The sandbox's page in a real browser; see `make browser`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from sandbox.teleport.server import TeleportStandIn
from tests.browser.chromium import MISSING, find_chromium, running_chromium
from tests.browser.required import skip_or_fail
from tests.browser.sandbox_world import SandboxWorld, running_sandbox
from tests.browser.windows import Windows

_TEST_SECONDS = 100
"""Shorter than pytest-timeout's limit, which applies to the fixtures, too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this folder in the loop of the browser, each with a limit."""
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        if isinstance(item, pytest.Function) and iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if item.get_closest_marker("timeout") is None:
                item.obj = _limited(item.function)


def _limited(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Return the test with a limit, whose error shows the wait instead of asyncio's loop."""

    @wraps(test)
    async def run(*arguments: object, **fixtures: object) -> None:
        async with asyncio.timeout(_TEST_SECONDS):
            await test(*arguments, **fixtures)

    return run


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove tokens and proxies of the developer's environment."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the browser's program."""
    path = find_chromium()
    if path is None:
        skip_or_fail(MISSING)
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with running_chromium(chromium) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox(tmp_path: Path) -> AsyncIterator[SandboxWorld]:
    """A sandbox with the real bot in this process, without Slack's rate limits."""
    async with running_sandbox(tmp_path) as started:
        yield started


@pytest.fixture
def teleport(sandbox: SandboxWorld) -> TeleportStandIn:
    return sandbox.teleport


@pytest_asyncio.fixture(loop_scope="session")
async def windows(browser: Browser, sandbox: SandboxWorld) -> AsyncIterator[Windows]:
    """Opens windows. Fails if the console of one contains an error or a warning."""
    async with Windows.opener(browser, sandbox.slack.url) as opener:
        yield opener
