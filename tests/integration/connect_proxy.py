"""HTTP proxy that is the only route to other hosts."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandbox.teleport.proxy.routing import pump


@asynccontextmanager
async def connect_proxy(
    hosts: dict[str, str], login: str = ""
) -> AsyncIterator[tuple[str, list[str]]]:
    """Run an HTTP proxy that supports only CONNECT and resolves the names in `hosts`.

    Yield its URL and the list of requested destinations.
    """
    target_names: list[str] = []
    secret = base64.b64encode(login.encode()).decode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        destination = head.split()[1]
        if login and f"Proxy-Authorization: Basic {secret}" not in head:
            writer.write(b"HTTP/1.1 407 No\r\n\r\n")
            writer.close()
            return
        target_names.append(destination)
        if destination not in hosts:
            writer.write(b"HTTP/1.1 502 Unknown host\r\n\r\n")
            writer.close()
            return
        far = await asyncio.open_connection(*hosts[destination].split(":"))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await pump((reader, writer), far)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield f"127.0.0.1:{port}", target_names
    server.close()
