"""Socket between gRPC and Teleport: access control and requirements."""

import asyncio
import gc
import socket
import sys
import tempfile
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.process import running
from bot.settings.settings import load_settings
from bot.start_error import MISCONFIGURED, StartError
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import Credentials, load_identity_file
from teleport_client.transport.connector import Connector
from teleport_client.transport.dialer import Connection
from teleport_client.transport.private_socket import FolderSocket
from teleport_client.transport.relay import Relay
from tests.integration.bot_process import bot

_CONNECT = """
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.settimeout(2)
peer.connect("\\0" + sys.argv[1])
sys.exit(len(peer.recv(1)))
"""
"""Exits with 0 if the other end hangs up."""


@pytest.fixture
def credentials(teleport: TeleportStandIn) -> Credentials:
    return load_identity_file(teleport.identity("bot"), datetime.now(UTC))


async def test_connection_of_another_process_is_rejected(
    teleport: TeleportStandIn, credentials: Credentials
) -> None:
    """It would act with the bot's certificate."""
    route = Connector(teleport.address)
    relay = Relay(route, lambda: credentials)
    async with TeleportClient(Connection(relay, route, "main")) as client:
        name = relay.target.removeprefix("unix-abstract:")
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", _CONNECT, name)
        assert await other.wait() == 0
        assert len(teleport.journal.calls) == 0
        assert (await client.cluster.ping()).name == "main"


async def test_relay_needs_no_writable_folder(
    teleport: TeleportStandIn, credentials: Credentials, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Containers can have a read-only root and no tmpfs."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    route = Connector(teleport.address)
    connection = Connection(Relay(route, lambda: credentials), route, "main")
    async with TeleportClient(connection) as client:
        assert (await client.cluster.ping()).name == "main"


async def test_bot_starts_with_a_long_temporary_folder(
    settings_file: Path, slack: SlackStandIn, tmp_path: Path
) -> None:
    """The path exceeds the limit for a socket, and the folder stays empty."""
    folder = tmp_path / ("long-" * 30)
    folder.mkdir()
    async with bot("--config", str(settings_file), TMPDIR=str(folder)) as process:
        await process.event("bot_started")
        await slack.socket_count(2)
        process.process.terminate()
        assert (await process.end())[0] == 0
    assert list(folder.iterdir()) == []


async def test_folder_socket_carries_calls(
    teleport: TeleportStandIn, credentials: Credentials
) -> None:
    """Systems without abstract sockets use it. No file remains."""
    folder = FolderSocket()
    route = Connector(teleport.address)
    relay = Relay(route, lambda: credentials, folder)
    async with TeleportClient(Connection(relay, route, "main")) as client:
        assert (await client.cluster.ping()).name == "main"
    assert not Path(folder.path).parent.exists()


async def test_start_without_a_private_socket_has_a_hint(
    settings_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Systems other than Linux need a folder."""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(StartError) as refused:
        async with running(load_settings(settings_file)):
            pass
    assert refused.value.exit_code == MISCONFIGURED
    assert str(refused.value) == (
        "Can't create the private socket (No such file or directory). Set TMPDIR to a short path"
        " of a folder that the bot can write, such as a tmpfs."
    )


@pytest.mark.parametrize("turns", range(5))
def test_connection_that_arrives_while_the_relay_closes_is_closed(turns: int) -> None:
    """A connection of gRPC may arrive `turns` turns of the event loop before the end."""

    async def close_after_connecting(peer: socket.socket) -> None:
        relay = Relay(Connector("unused:443"), _no_credentials)
        await relay.start()
        peer.connect("\0" + relay.target.removeprefix("unix-abstract:"))
        for _ in range(turns):
            await asyncio.sleep(0)
        await relay.close()

    gc.collect()
    with warnings.catch_warnings(record=True) as unclosed:
        warnings.simplefilter("always", ResourceWarning)
        with socket.socket(socket.AF_UNIX) as peer:
            asyncio.run(close_after_connecting(peer))
            gc.collect()
    assert unclosed == []


async def test_cancelled_close_removes_the_socket() -> None:
    folder = FolderSocket()
    relay = Relay(Connector("unused:443"), _no_credentials, folder)
    await relay.start()
    closing = asyncio.create_task(relay.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert not Path(folder.path).parent.exists()


def _no_credentials() -> Credentials:
    raise ConnectionRefusedError
