"""Clusters of other editions and versions, with a bot."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.bot_process import write_settings
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.server import TeleportStandIn
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import Log, capture_logs
from tests.integration.slack_driver import Stage


@asynccontextmanager
async def run_cluster(
    slack: SlackStandIn,
    data: Path,
    edition: Edition,
    version: str = "19.1.0",
    change: Callable[[str], str] = str,
    prepare: Callable[[TeleportStandIn], object] = lambda _: None,
) -> AsyncIterator[tuple[Stage, Log]]:
    """Run a bot with the sandbox's settings for such a cluster."""
    teleport = await TeleportStandIn.start(data, edition=edition, server_version=version)
    settings = write_settings(
        data,
        teleport=teleport.address,
        identity=teleport.identity("bot"),
        slack_api=slack.api_url,
        approvers=not teleport.cluster.features.on_behalf_reviews,
    )
    prepare(teleport)
    try:
        with capture_logs() as log:
            async with run_bot_on(Stage(slack, teleport), settings, change) as stage:
                yield stage, log
    finally:
        await teleport.stop()
