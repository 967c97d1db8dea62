"""Rows about the machine: log output, health port, private socket, certificate authorities."""

import asyncio
import errno
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from bot.connect.teleport_connection import PRIVATE_SOCKET_HINT
from bot.observe.health import LISTEN_HINT, listen_problem
from bot.settings.settings import HealthSettings, LogSettings, Settings
from bot.setup.doctor.check import Check, failure, ok
from teleport_client.credentials.secret_file import secret_file
from teleport_client.transport.private_socket import private_socket

PRIVATE_SOCKET = "private socket"
_STREAMS = {"stderr", "stdout"}
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
_SECONDS = 2.0


async def rows(settings: Settings) -> AsyncIterator[Check]:
    yield log_output(settings.log)
    yield await health_port(settings.health)
    yield await private_socket_row()
    yield authorities()


def log_output(settings: LogSettings) -> Check:
    """Open the file as the bot does, and remove it again if it is new."""
    name = "log output"
    if settings.output in _STREAMS:
        return ok(name, settings.output)
    path = Path(settings.output)
    file = path.resolve()  # of a link, the file that the bot would create
    existed = file.exists()
    try:
        file.open("a").close()
    except OSError as error:
        hint = f"Choose another log.output, or make it writable for the bot's uid {os.geteuid()}."
        return failure(name, f"can't write {path} ({error.strerror})", hint)
    if not existed:
        file.unlink()
    return ok(name, f"{path} is writable")


async def health_port(settings: HealthSettings) -> Check:
    """Listen for a moment. The port of a running bot isn't a failure."""
    name, address = "health port", f"{_in_url(settings.listen)}:{settings.port}"
    if not settings.port:
        return ok(name, "off")
    try:
        server = await asyncio.start_server(_close, settings.listen, settings.port)
    except (OSError, UnicodeError) as error:
        if _is_taken(error) and await _is_a_bot(settings):
            return ok(name, f"a bot is running on {address}")
        problem = f"the health server can't listen on {address} ({listen_problem(error)})"
        return failure(name, problem, LISTEN_HINT)
    server.close()
    return ok(name, f"{address} is free")


async def private_socket_row() -> Check:
    """Create a socket for gRPC and a file for the key, as each connection to Teleport does."""
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
        text = error.strerror or str(error)
        return failure(PRIVATE_SOCKET, f"can't be created ({text})", PRIVATE_SOCKET_HINT)
    return ok(PRIVATE_SOCKET, "can be created")


def authorities() -> Check:
    """Read the file that SSL_CERT_FILE names, since OpenSSL ignores one that it can't read."""
    name, path = "certificate authorities", os.environ.get("SSL_CERT_FILE", "")
    if not path:
        return ok(name, "the system's default")
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        text = getattr(error, "reason", None) or error.strerror
        hint = "Set SSL_CERT_FILE to a PEM file that the bot can read, or unset it."
        return failure(name, f"can't use SSL_CERT_FILE, {path} ({text})", hint)
    return ok(name, f"from {path}")


def _close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_taken(error: OSError | UnicodeError) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EADDRINUSE


async def _is_a_bot(settings: HealthSettings) -> bool:
    host = _in_url(_ANY_ADDRESS.get(settings.listen, settings.listen))
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://{host}:{settings.port}/healthz") as answer,
        ):
            return bool(await answer.json() == {"alive": True})
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return False
