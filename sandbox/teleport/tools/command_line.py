"""Connections and errors of tsh and tctl."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, cast

import grpc
import typer

from sandbox.data_folder import FolderUnavailable, find_running
from sandbox.teleport.credentials.identity_file import IdentityFile
from sandbox.teleport.credentials.server_name import server_name
from sandbox.teleport.profile import Profile
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub

Connection = AbstractContextManager[AuthServiceStub]


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


DataOption = Annotated[
    Path | None, typer.Option("--data", help="Data folder of the running sandbox.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="Output format.")]


def failure(sentence: str) -> typer.Exit:
    """Print an error to stderr and return the exception for exit code 1."""
    print(f"ERROR: {sentence}", file=sys.stderr)
    return typer.Exit(1)


def data_of(context: typer.Context, data: Path | None) -> Path:
    """Return the data folder that the options name, or that of the only running sandbox.

    `sandbox --data FOLDER tctl` names it in the parent's context.
    """
    try:
        return data or context.find_object(Path) or find_running()
    except FolderUnavailable as error:
        raise failure(str(error)) from error


@contextmanager
def connect_auth(data: Path, identity: Path) -> Iterator[AuthServiceStub]:
    """Connect to the Auth Service with an identity file's certificate.

    A failed call inside the block ends the program with its error.
    """
    with open_channel(data, identity) as channel:
        yield AuthServiceStub(channel)


@contextmanager
def open_channel(data: Path, identity: Path) -> Iterator[grpc.Channel]:
    """Connect like `connected`, and yield the channel for other services."""
    profile, file = _profile(data), _identity_file(identity)
    credentials = grpc.ssl_channel_credentials(
        b"".join(file.tls_authorities), file.key, file.tls_certificate
    )
    options = [("grpc.ssl_target_name_override", server_name(profile.cluster))]
    with grpc.secure_channel(profile.address, credentials, options) as channel:
        try:
            yield channel
        except grpc.RpcError as error:
            raise failure(_sentence(error)) from error


def comma_separated(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _profile(data: Path) -> Profile:
    try:
        return Profile.load(data)
    except FileNotFoundError as error:
        raise failure(
            f"no sandbox found in {data}: start one with `teleport-chatops sandbox`"
        ) from error


def _identity_file(path: Path) -> IdentityFile:
    try:
        return IdentityFile.read(path)
    except FileNotFoundError as error:
        raise failure(f"there's no Teleport user {path.name} in this sandbox") from error


def _sentence(error: grpc.RpcError) -> str:
    call = cast("grpc.Call", error)  # a failed call is its own error
    if call.code() == grpc.StatusCode.UNAVAILABLE:
        return f"the sandbox isn't responding: {call.details()}"
    if call.code() == grpc.StatusCode.UNKNOWN:
        return f"rpc error: code = Unknown desc = {call.details()}"  # in the form of Go's client
    return str(call.details())
