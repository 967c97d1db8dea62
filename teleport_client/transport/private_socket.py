"""A Unix socket that admits only this process, for gRPC's unencrypted bytes."""

import asyncio
import os
import socket
import struct
import sys
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from tempfile import mkdtemp

_CREDENTIALS = struct.Struct("3i")
"""Process, user and group of a peer (unix(7), SO_PEERCRED)."""


class AbstractSocket:
    """A socket in Linux's abstract namespace, which needs no writable folder.

    It has no file permissions, so `admits` checks the process ID of each connection.
    """

    def __init__(self) -> None:
        name = f"teleport-chatops-{token_hex(8)}"
        self.path = f"\0{name}"
        self.target = f"unix-abstract:{name}"
        """Address for gRPC."""

    def admits(self, writer: asyncio.StreamWriter) -> bool:
        """Return whether a connection comes from this process."""
        peer = writer.get_extra_info("socket")
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        process, _, _ = _CREDENTIALS.unpack(credentials)
        return bool(process == os.getpid())

    def remove(self) -> None:
        """Do nothing: the name ends with the socket."""


class FolderSocket:
    """A socket in a folder that only this user can enter, on systems other than Linux."""

    def __init__(self) -> None:
        self._folder = Path(mkdtemp(prefix="teleport-"))
        self.path = str(self._folder / "auth")
        self.target = f"unix:{self.path}"
        """Address for gRPC."""

    def admits(self, _writer: asyncio.StreamWriter) -> bool:
        """Return True: the folder's permissions exclude other users."""
        return True

    def remove(self) -> None:
        rmtree(self._folder, ignore_errors=True)


PrivateSocket = AbstractSocket | FolderSocket


def private_socket() -> PrivateSocket:
    return AbstractSocket() if sys.platform == "linux" else FolderSocket()
