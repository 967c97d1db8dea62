"""A socket that nobody but this process can connect to, for gRPC's unencrypted bytes."""

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
    """A socket in Linux's abstract namespace, which needs no folder that can be written to.

    It has no file permissions: every connection is asked for its process instead.
    """

    def __init__(self) -> None:
        name = f"teleport-chatops-{token_hex(8)}"
        self.path = f"\0{name}"
        self.target = f"unix-abstract:{name}"
        """What gRPC connects to."""

    def admits(self, writer: asyncio.StreamWriter) -> bool:
        """Return whether a connection comes from this process."""
        peer = writer.get_extra_info("socket")
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        process, _, _ = _CREDENTIALS.unpack(credentials)
        return bool(process == os.getpid())

    def remove(self) -> None:
        """Do nothing: the name goes with the socket."""


class FolderSocket:
    """A socket in a folder that only this user can enter, on systems other than Linux."""

    def __init__(self) -> None:
        self._folder = Path(mkdtemp(prefix="teleport-"))
        self.path = str(self._folder / "auth")
        self.target = f"unix:{self.path}"
        """What gRPC connects to."""

    def admits(self, _writer: asyncio.StreamWriter) -> bool:
        """Return True: nobody else gets here."""
        return True

    def remove(self) -> None:
        rmtree(self._folder, ignore_errors=True)


PrivateSocket = AbstractSocket | FolderSocket


def private_socket() -> PrivateSocket:
    return AbstractSocket() if sys.platform == "linux" else FolderSocket()
