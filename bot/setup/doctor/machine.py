"""What the bot needs of the machine that it runs on: its log, its health port, a private socket."""

import asyncio
import errno
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from bot.connect.teleport_connection import PRIVATE_SOCKET_HINT
from bot.settings.settings import HealthSettings, LogSettings, Settings
from bot.setup.doctor.check import Check, failure, ok
from teleport_client.credentials.secret_file import secret_file
from teleport_client.transport.private_socket import private_socket

PRIVATE_SOCKET = "private socket"
_STREAMS = {"stderr", "stdout"}
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared, not bound
_SECONDS = 2.0


async def rows(settings: Settings) -> AsyncIterator[Check]:
    yield log_output(settings.log)
    yield await health_port(settings.health)
    yield await private_socket_row()
    yield authorities()


def log_output(settings: LogSettings) -> Check:
    """Open it as the bot does, and leave nothing behind."""
    name = "log output"
    if settings.output in _STREAMS:
        return ok(name, settings.output)
    path = Path(settings.output)
    existed = path.exists()
    try:
        path.open("a").close()
    except OSError as error:
        hint = (
            f"Choose another log.output, or let the user that the bot runs as (uid {os.geteuid()})"
            " write it."
        )
        return failure(name, f"{path} cannot be written ({error.strerror})", hint)
    if not existed:
        path.unlink()
    return ok(name, f"{path} can be written")


async def health_port(settings: HealthSettings) -> Check:
    """Listen for a moment. A bot that runs already has its port, and is no failure."""
    name, address = "health port", f"{settings.listen}:{settings.port}"
    if not settings.port:
        return ok(name, "off")
    try:
        server = await asyncio.start_server(_close, settings.listen, settings.port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and await _is_a_bot(settings):
            return ok(name, f"a bot is running and has {address}")
        # asyncio words the error of a taken port by itself.
        said = os.strerror(error.errno) if error.errno else str(error)
        hint = "Choose another health.port or health.listen, or set the port to 0 to turn it off."
        return failure(name, f"the health server can't listen on {address} ({said})", hint)
    server.close()
    return ok(name, f"{address} is free")


async def private_socket_row() -> Check:
    """Make what every connection to Teleport needs: a socket for gRPC and a file for the key."""
    try:
        socket = private_socket()
        try:
            server = await asyncio.start_unix_server(_close, socket.path)
            server.close()
        finally:
            socket.remove()
        with secret_file(b""):
            pass
    except OSError as error:
        said = error.strerror or str(error)
        return failure(PRIVATE_SOCKET, f"it cannot be made ({said})", PRIVATE_SOCKET_HINT)
    return ok(PRIVATE_SOCKET, "can be made")


def authorities() -> Check:
    """Read the file that SSL_CERT_FILE names, since OpenSSL ignores one that it can't read."""
    name, path = "certificate authorities", os.environ.get("SSL_CERT_FILE", "")
    if not path:
        return ok(name, "the system's")
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        said = getattr(error, "reason", None) or error.strerror
        hint = "Name a PEM file in SSL_CERT_FILE that the bot can read, or unset it."
        return failure(name, f"SSL_CERT_FILE names {path}, which can't be used ({said})", hint)
    return ok(name, f"those in {path}")


def _close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _is_a_bot(settings: HealthSettings) -> bool:
    host = _ANY_ADDRESS.get(settings.listen, settings.listen)
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://{host}:{settings.port}/healthz") as answer,
        ):
            return bool(await answer.json() == {"alive": True})
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return False
