"""The real bot between the stand-ins, over real sockets."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.process import running
from bot.settings.settings import load_settings
from bot.setup.manifest import manifest
from sandbox.bot_process import write_settings
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from tests.integration.doctor_setup import Setup
from tests.integration.slack_driver import Stage


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove tokens and proxies of the developer's environment."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def teleport(tmp_path: Path) -> AsyncIterator[TeleportStandIn]:
    stand_in = await TeleportStandIn.start(tmp_path)
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    stand_in = await SlackStandIn.start(pace=Pace(unlimited=True))
    stand_in.install(manifest())
    yield stand_in
    await stand_in.stop()


@pytest.fixture
def settings_file(slack: SlackStandIn, teleport: TeleportStandIn, tmp_path: Path) -> Path:
    return write_settings(
        tmp_path,
        teleport=teleport.address,
        identity=teleport.identity("bot"),
        slack_api=slack.api_url,
    )


@pytest.fixture
async def setup(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> AsyncIterator[Setup]:
    """Yield a setup without any doctor finding; a test then breaks it."""
    teleport.identity("bot").chmod(0o600)
    async with AsyncExitStack() as stack:
        yield Setup(slack, teleport, settings_file, stack)


@pytest.fixture
async def stage(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> AsyncIterator[Stage]:
    """Run a bot for the duration of the test."""
    async with run_bot_on(Stage(slack, teleport), settings_file) as ready:
        yield ready


def fast(settings: str) -> str:
    """Return settings with a tenth of each interval, and of the time for each call to Slack."""
    return f"{settings}\n[pace]\nfactor = 10\n"


@asynccontextmanager
async def run_bot_on(
    stage: Stage, settings_file: Path, change: Callable[[str], str] = str
) -> AsyncIterator[Stage]:
    """Start a bot with the text of the settings file after `change`."""
    text = settings_file.read_text()
    settings_file.write_text(change(text))
    async with AsyncExitStack() as stack:
        failed = await stack.enter_async_context(running(load_settings(settings_file)))
        await stage.slack.socket_count(2)
        yield stage
        assert not failed.done(), failed
