"""The real Auth Service as the rules in `tests/server_rules` see a server."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import grpc
from cryptography import x509

from sandbox.cast import CLUSTER
from sandbox.teleport.credentials.identity_file import IdentityFile
from tests.real_teleport.harness.accounts import Account
from tests.real_teleport.harness.tsh import Logins
from tests.sandbox.teleport.standin_client import channel
from tests.server_rules.server import Name

_SERVER_NAME = f"{CLUSTER.encode().hex()}.teleport.cluster.local"


def identity_channel(auth: str, identity: Path) -> grpc.aio.Channel:
    """Return a channel to the Auth Service with the certificate of an identity file."""
    return channel(auth, identity, server_name=_SERVER_NAME)


@dataclass(frozen=True)
class RealServer:
    version: tuple[int, int, int]
    auth: str
    identities: dict[Name, Path]
    accounts: dict[Name, Account]
    logins: Logins
    channels: AsyncExitStack = field(default_factory=AsyncExitStack)

    def channel(self, name: Name) -> grpc.aio.Channel:
        opened = identity_channel(self.auth, self.identities[name])
        self.channels.push_async_callback(opened.close)
        return opened

    def certificate_end(self, name: Name) -> datetime:
        certificate = IdentityFile.read(self.identities[name]).tls_certificate
        return x509.load_pem_x509_certificate(certificate).not_valid_after_utc

    async def log_in(self, name: Name) -> None:
        await self.logins.of(self.accounts[name])
