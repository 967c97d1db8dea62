"""The Auth Service: state, certificates, identity files and a listening server."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import grpc

from sandbox.addresses import reachable_host
from sandbox.cast import BOT_USER, CLUSTER
from sandbox.teleport.calls.interceptor import CallRecorder
from sandbox.teleport.calls.services import add_services
from sandbox.teleport.credentials.authority import Authority
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.editions import DEFAULT_SERVER_VERSION, Edition
from sandbox.teleport.faults import Faults
from sandbox.teleport.journal import Journal
from sandbox.teleport.profile import Profile, identity_path, sessions_folder
from sandbox.teleport.state.cluster import Clock, Cluster
from sandbox.teleport.state.expiry import SCAN_INTERVAL, scan_forever
from sandbox.teleport.state.resources import plain
from sandbox.teleport.state.seed import populate
from sandbox.teleport.timestamps import utc_now

__all__ = ["DEFAULT_SERVER_VERSION", "Cluster", "Edition", "Faults", "Journal", "TeleportStandIn"]

BOT_IDENTITY = "bot"
"""The name of the bot's identity file."""

_IDENTITY_LIFETIME = timedelta(days=3 * 365)
_OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.so_reuseport", 0),  # a taken port must be an error
    ("grpc.max_receive_message_length", -1),  # the interceptor has its own limit and text
    # Teleport's Auth Service pings every minute, and disconnects clients that ping more often.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 180_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 60_000),
)


class TeleportStandIn:
    """A running Auth Service. Its state survives pauses and restarts, but not the process.

    A connection without a client certificate fails in the TLS handshake. Unlike Go, grpcio can't
    accept it and reject the calls.
    """

    def __init__(
        self,
        data: Path,
        cluster: Cluster,
        listen: str,
        port: int,
        connection_age: timedelta | None = None,
    ) -> None:
        self.data = data
        self.cluster = cluster
        self.faults = Faults(cluster.requests)
        self.journal = Journal()
        self.authority = Authority.generate(cluster.name, utc_now())
        self.listen = listen
        self.port = port
        self._connection_age = connection_age
        self._host_certificate = self.authority.host_certificate(utc_now())
        self._identities: dict[str, Path] = {}
        """Identity files written by this process, by user."""
        self._server: grpc.aio.Server | None = None
        self._expiry: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        data: Path,
        *,
        listen: str = "127.0.0.1",
        port: int = 0,
        edition: Edition = Edition.ENTERPRISE,
        server_version: str = DEFAULT_SERVER_VERSION,
        cluster_name: str = CLUSTER,
        now: Clock = utc_now,
        expiry_interval: timedelta = SCAN_INTERVAL,
        connection_age: timedelta | None = None,
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> Self:
        """Start a server with the cast in its cluster. Identity files are written under `data`.

        Port 0 picks a free port. `now` is the cluster's clock, but certificates are checked against
        the wall clock. A connection older than `connection_age` gets GOAWAY, and is closed after
        the same time again. `random_bits` returns the bits in the names of requests. Raises
        RuntimeError if the port is taken.
        """
        cluster = Cluster(edition, server_version, now, cluster_name, random_bits=random_bits)
        populate(cluster)
        stand_in = cls(data, cluster, listen, port, connection_age)
        await stand_in.resume()
        for session in sessions_folder(data).glob("*.pem"):
            session.unlink()  # of an earlier sandbox, signed by its own authorities
        Profile(stand_in.address, cluster.name).save(data)
        stand_in._expiry = asyncio.create_task(scan_forever(cluster, expiry_interval))
        return stand_in

    @property
    def address(self) -> str:
        """Address for clients on this machine."""
        return f"{reachable_host(self.listen)}:{self.port}"

    def identity(self, name: str) -> Path:
        """Return a user's identity file, and write it on first use. The bot's is called `bot`."""
        user = BOT_USER if name == BOT_IDENTITY else name
        return self._identities.get(user) or self.write_identity(user)

    def write_identities(self) -> dict[str, Path]:
        """Write the missing identity files, because `tsh` and `tctl` take any user's.

        Return all files by name.
        """
        return {path.name: path for path in map(self.identity, sorted(self.cluster.users))}

    def write_identity(self, user: str, *, lifetime: timedelta = _IDENTITY_LIFETIME) -> Path:
        """Write a user's identity file with the user's current roles."""
        record = self.cluster.user_named(user)
        identity = Identity(
            user=user,
            roles=tuple(record.Spec.Roles),
            cluster=self.cluster.name,
            expires=utc_now() + lifetime,
        )
        logins = plain(record.Spec.Traits).get("logins", ())
        path = identity_path(self.data, BOT_IDENTITY if user == BOT_USER else user)
        self.authority.identity_file(identity, utc_now(), logins=logins).write(path)
        self._identities[user] = path
        return path

    async def stop(self) -> None:
        """Close the port and cancel all open calls."""
        if self._expiry is not None:
            self._expiry.cancel()
            with suppress(asyncio.CancelledError):
                await self._expiry
            self._expiry = None
        await self.pause()

    async def pause(self) -> None:
        """Close the port like a crashed Auth Service. The state stays."""
        if self._server is not None:
            await self._server.stop(grace=None)
            self._server = None

    async def resume(self) -> None:
        """Listen again on the same port."""
        server = grpc.aio.server(
            interceptors=(CallRecorder(self.journal, self.faults),),
            options=[*_OPTIONS, *self._ageing()],
        )
        add_services(server, self.cluster, self.authority, enroll=self.write_identity)
        self.port = server.add_secure_port(f"{self.listen}:{self.port}", self._tls())
        await server.start()
        self._server = server

    async def restart(self) -> None:
        await self.pause()
        await self.resume()

    def _ageing(self) -> Sequence[tuple[str, Any]]:
        if self._connection_age is None:
            return ()
        milliseconds = int(self._connection_age / timedelta(milliseconds=1))
        return (
            ("grpc.max_connection_age_ms", milliseconds),
            ("grpc.max_connection_age_grace_ms", milliseconds),
        )

    def _tls(self) -> grpc.ServerCredentials:
        return grpc.ssl_server_credentials(
            [self._host_certificate],
            root_certificates=self.authority.user.pem,
            require_client_auth=True,
        )
