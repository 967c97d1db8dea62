"""Reading a TLS ClientHello before the connection is accepted (RFC 8446, 4.1.2)."""

import asyncio
from dataclasses import dataclass

_HANDSHAKE, _CLIENT_HELLO = 22, 1
_SERVER_NAME, _ALPN = 0, 16
_RECORD_HEADER, _MESSAGE_HEADER = 5, 4
_VERSION_AND_RANDOM = 2 + 32


class NotTls(Exception):
    """The client doesn't speak TLS."""


@dataclass(frozen=True)
class ClientHello:
    server_name: str
    protocols: tuple[str, ...]
    """ALPN protocols in the client's order."""
    raw: bytes
    """All bytes read, for forwarding to the destination."""


async def read_client_hello(reader: asyncio.StreamReader) -> ClientHello:
    """Read a ClientHello without a response. Raises NotTls, IncompleteReadError."""
    raw = message = b""
    while len(message) < _MESSAGE_HEADER or len(message) < _MESSAGE_HEADER + _length(message):
        header = await reader.readexactly(_RECORD_HEADER)
        if header[0] != _HANDSHAKE:
            raise NotTls
        body = await reader.readexactly(int.from_bytes(header[3:5]))
        raw += header + body
        message += body
    if message[0] != _CLIENT_HELLO:
        raise NotTls
    extensions = _extensions(_Bytes(message[_MESSAGE_HEADER:]))
    return ClientHello(
        server_name=_server_name(extensions.get(_SERVER_NAME, b"")),
        protocols=_protocols(extensions.get(_ALPN, b"")),
        raw=raw,
    )


class _Bytes:
    """Reads fields from the front of a byte string."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return bool(self._data)

    def take(self, count: int) -> bytes:
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def field(self, size: int) -> bytes:
        """Read a field that begins with its own length in `size` bytes."""
        return self.take(int.from_bytes(self.take(size)))


def _length(message: bytes) -> int:
    return int.from_bytes(message[1:4])


def _extensions(hello: _Bytes) -> dict[int, bytes]:
    hello.take(_VERSION_AND_RANDOM)
    hello.field(1)  # session
    hello.field(2)  # ciphers
    hello.field(1)  # compression
    rest, found = _Bytes(hello.field(2)), dict[int, bytes]()
    while rest:
        kind = int.from_bytes(rest.take(2))
        found[kind] = rest.field(2)
    return found


def _server_name(extension: bytes) -> str:
    names = _Bytes(_Bytes(extension).field(2))
    names.take(1)  # the only defined type
    return names.field(2).decode()


def _protocols(extension: bytes) -> tuple[str, ...]:
    names, found = _Bytes(_Bytes(extension).field(2)), list[str]()
    while names:
        found.append(names.field(1).decode())
    return tuple(found)
