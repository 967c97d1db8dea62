from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from tests.sandbox.teleport.standin_client import Auth, Clock, Dial, channel
from tests.sandbox.teleport.terminal import Terminal

MAIN = b"main".hex() + ".teleport.cluster.local"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def stand_in(tmp_path: Path, clock: Clock) -> AsyncIterator[TeleportStandIn]:
    """An Enterprise cluster of the newest version with the cast in it."""
    running = await TeleportStandIn.start(tmp_path, now=clock)
    yield running
    await running.stop()


@pytest.fixture
async def dial(stand_in: TeleportStandIn) -> AsyncIterator[Dial]:
    """Connect with an identity file."""
    async with AsyncExitStack() as channels:

        def connect(name: str) -> Auth:
            opened = channel(stand_in.address, stand_in.identity(name), server_name=MAIN)
            channels.push_async_callback(opened.close)
            return AuthServiceStub(opened)

        yield connect


@pytest.fixture
def bot(dial: Dial) -> Auth:
    return dial("bot")


@pytest.fixture
def alice(dial: Dial) -> Auth:
    return dial("alice")


@pytest.fixture
def bob(dial: Dial) -> Auth:
    return dial("bob")


@pytest.fixture
def admin(dial: Dial) -> Auth:
    return dial("dana")


@pytest.fixture
def terminal(stand_in: TeleportStandIn, tmp_path: Path) -> Terminal:
    stand_in.write_identities()
    return Terminal(tmp_path)
