"""The rules of real servers, on the stand-in: the same code as in `tests/real_teleport`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509

from sandbox.cast import BOT_USER
from sandbox.teleport.credentials.identity_file import IdentityFile
from sandbox.teleport.editions import DEFAULT_SERVER_VERSION
from sandbox.teleport.server import Edition, TeleportStandIn
from sandbox.teleport.tools import sessions
from tests.sandbox.teleport.conftest import MAIN
from tests.sandbox.teleport.standin_client import channel
from tests.sandbox.teleport.terminal import Terminal
from tests.server_rules import RULES, TCTL_RULES, Rule, TctlRule, resources
from tests.server_rules.server import Name, Server
from tests.server_rules.tctl import Ran

_FILES: dict[Name, str] = {"admin": "dana"}


@dataclass(frozen=True)
class StandInServer:
    """The stand-in as the rules see a server."""

    stand_in: TeleportStandIn
    channels: AsyncExitStack

    @property
    def version(self) -> tuple[int, int, int]:
        major, minor, patch = self.stand_in.cluster.server_version.split(".")
        return int(major), int(minor), int(patch)

    def channel(self, name: Name) -> grpc.aio.Channel:
        opened = channel(self.stand_in.address, self._identity(name), server_name=MAIN)
        self.channels.push_async_callback(opened.close)
        return opened

    def certificate_end(self, name: Name) -> datetime:
        certificate = IdentityFile.read(self._identity(name)).tls_certificate
        return x509.load_pem_x509_certificate(certificate).not_valid_after_utc

    async def log_in(self, name: Name) -> None:
        await asyncio.to_thread(sessions.log_in, self.stand_in.data, _FILES.get(name, name), [])

    def _identity(self, name: Name) -> Path:
        return self.stand_in.identity(_FILES.get(name, name))


@asynccontextmanager
async def running(
    folder: Path, edition: Edition, version: str = DEFAULT_SERVER_VERSION
) -> AsyncIterator[Server]:
    """Run a cluster, with a bot certificate of twelve hours."""
    stand_in = await TeleportStandIn.start(folder, edition=edition, server_version=version)
    stand_in.write_identities()
    stand_in.write_identity(BOT_USER, lifetime=timedelta(hours=12))
    async with AsyncExitStack() as channels:
        yield StandInServer(stand_in, channels)
    await stand_in.stop()


@pytest.fixture(params=["17.0.0", DEFAULT_SERVER_VERSION])
async def server(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    async with running(tmp_path, Edition.COMMUNITY, request.param) as cluster:
        yield cluster


@pytest.mark.parametrize(
    "rule",
    [
        resources.capabilities_name_the_roles_for_a_resource,
        resources.resource_that_no_role_gives_access_to_is_refused,
    ],
)
async def test_rule_about_search_as_roles(rule: Rule, tmp_path: Path) -> None:
    """Community Edition rejects roles with `search_as_roles`."""
    async with running(tmp_path, Edition.ENTERPRISE) as cluster:
        await rule(cluster)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
async def test_server_rule(rule: Rule, server: Server) -> None:
    """The stand-in responds like a real server."""
    await rule(server)


@pytest.mark.parametrize("rule", TCTL_RULES, ids=lambda rule: rule.__name__)
async def test_tctl_rule(rule: TctlRule, terminal: Terminal) -> None:
    """The sandbox's tctl prints the output of the real one."""

    async def tctl(*words: str, stdin: str = "") -> Ran:
        result = await terminal.tctl(*words, stdin=stdin)
        return Ran(result.exit_code, result.stdout, result.stderr)

    await rule(tctl)
