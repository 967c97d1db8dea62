"""The ports of a sandbox, and the advice if it can't listen on them."""

import errno
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from sandbox.addresses import LOOPBACK

MAX_PORT = 65535
_FIRST_UNPRIVILEGED = 1024
_PORT_ERRORS = (errno.EADDRINUSE, errno.EACCES)

StandIn: TypeAlias = Literal["slack", "teleport"]


@dataclass(frozen=True)
class Ports:
    """Ports to listen on. Port 0 picks a free one."""

    listen: str = "127.0.0.1"
    slack: int = 0
    teleport: int = 0


class PortUnavailable(Exception):
    """A stand-in can't listen. The text names the addresses and the options to change."""


@dataclass(frozen=True)
class Failure:
    """An address that a stand-in can't listen on."""

    host: str
    port: int
    stand_in: StandIn
    number: int
    """Number of the error, one of `errno` or of the name lookup."""
    cause: str


def check_ports(ports: Ports, *, loopback: bool) -> None:
    """Raise PortUnavailable. gRPC's own error names neither the cause nor the port."""
    if ports.slack == ports.teleport != 0:
        choice = _options(_other_ports(ports, ["teleport"]))
        raise PortUnavailable(
            f"Slack and Teleport need different ports. Choose another one with {choice}."
        )
    checked = [
        _failure(ports.listen, ports.teleport, "teleport"),
        _failure(ports.listen, ports.slack, "slack"),
        _failure(LOOPBACK, ports.slack, "slack") if loopback else None,
    ]
    if failures := [failure for failure in checked if failure]:
        raise PortUnavailable(advice(ports, failures))


def advice(ports: Ports, failures: Sequence[Failure]) -> str:
    """Return the causes of the failures and the options that avoid them."""
    for failure in failures:
        if failure.number not in _PORT_ERRORS:
            return (
                f"The sandbox can't listen on {failure.host} ({failure.cause}). Name an IPv4"
                f" address of this machine with --listen, such as {LOOPBACK}."
            )
    others = _other_ports(ports, [failure.stand_in for failure in failures])
    return (
        f"The sandbox can't listen on {_addresses(failures)}."
        f" {_choose(failures, is_one=len(others) == 1)} with {_options(others)}."
    )


def _failure(host: str, port: int, stand_in: StandIn) -> Failure | None:
    if not host or not host.isascii():  # Python accepts some of these, gRPC none
        return Failure(host or '""', port, stand_in, errno.EINVAL, "not an address")
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        cause = str(error.strerror).partition(" (")[0]
        return Failure(host, port, stand_in, error.errno or 0, cause)
    return None


def _addresses(failures: Sequence[Failure]) -> str:
    return " and ".join(
        f"{' and '.join(f'{each.host}:{each.port}' for each in same)} ({cause})"
        for cause, same in groupby(failures, lambda each: each.cause)
    )


def _choose(failures: Sequence[Failure], *, is_one: bool) -> str:
    if any(failure.number == errno.EACCES for failure in failures):
        return "Choose another port" if is_one else "Choose other ports"
    if is_one:
        return "Stop the program that uses this port, or choose another one"
    return "Stop the programs that use these ports, or choose other ones"


def _options(others: Mapping[StandIn, int]) -> str:
    options = " ".join(f"--{name}-port {port}" for name, port in others.items())
    variables = " ".join(f"{name.upper()}_PORT={port}" for name, port in others.items())
    return f"{options} (make sandbox {variables})"


def _other_ports(ports: Ports, stand_ins: Iterable[StandIn]) -> dict[StandIn, int]:
    """Return a port for each stand-in that every user can use, unless a program does."""
    current: dict[StandIn, int] = {"slack": ports.slack, "teleport": ports.teleport}
    tried = {*current.values()}
    others: dict[StandIn, int] = {}
    for stand_in in stand_ins:
        if stand_in not in others:
            port = _next_port(current[stand_in])
            while port in tried:
                port = _next_port(port)
            others[stand_in] = port
            tried.add(port)
    return others


def _next_port(port: int) -> int:
    if port == MAX_PORT:
        return _FIRST_UNPRIVILEGED
    return port + 8000 if port < _FIRST_UNPRIVILEGED else port + 1
