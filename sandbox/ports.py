"""The ports of a sandbox, and the advice if it can't listen on one of them."""

import errno
import socket
from dataclasses import dataclass
from typing import Literal

from sandbox.addresses import LOOPBACK

MAX_PORT = 65535
_FIRST_UNPRIVILEGED = 1024


@dataclass(frozen=True)
class Ports:
    """Ports to listen on. Port 0 picks a free one."""

    listen: str = "127.0.0.1"
    slack: int = 0
    teleport: int = 0


class PortUnavailable(Exception):
    """A stand-in can't listen. The text names the address and the option to change."""


@dataclass(frozen=True)
class Failure:
    """An address that a stand-in can't listen on."""

    host: str
    port: int
    stand_in: Literal["slack", "teleport"]
    number: int
    """Number of the error, one of `errno` or of the name lookup."""
    cause: str


def check_ports(ports: Ports, *, loopback: bool) -> None:
    """Raise PortUnavailable. gRPC's own error names neither the cause nor the port."""
    _check(ports.listen, ports.teleport, "teleport")
    _check(ports.listen, ports.slack, "slack")
    if loopback:
        _check(LOOPBACK, ports.slack, "slack")


def advice(failure: Failure) -> str:
    """Return the cause of a failure and the options that avoid it."""
    if failure.number not in {errno.EADDRINUSE, errno.EACCES}:
        return (
            f"The sandbox can't listen on {failure.host} ({failure.cause}). Name an IPv4 address"
            f" of this machine with --listen, such as {LOOPBACK}."
        )
    port, name = _another_port(failure.port), failure.stand_in
    choose = "Choose another port"
    if failure.number == errno.EADDRINUSE:
        choose = "Stop the program that uses this port, or choose another one"
    return (
        f"The sandbox can't listen on {failure.host}:{failure.port} ({failure.cause}). {choose}"
        f" with --{name}-port {port} (make sandbox {name.upper()}_PORT={port})."
    )


def _check(host: str, port: int, stand_in: Literal["slack", "teleport"]) -> None:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        cause = str(error.strerror).partition(" (")[0]
        failure = Failure(host, port, stand_in, error.errno or 0, cause)
        raise PortUnavailable(advice(failure)) from error


def _another_port(port: int) -> int:
    """Return a port that every user can listen on, unless a program uses it."""
    if port < _FIRST_UNPRIVILEGED:
        return port + 8000
    return port - 1 if port == MAX_PORT else port + 1
