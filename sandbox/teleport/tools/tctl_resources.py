"""`tctl get`, `create`, `rm` and `lock`, with the real tool's output and errors."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from sandbox.teleport.go_text import parse_go_duration, quoted
from sandbox.teleport.json_times import timestamp_from
from sandbox.teleport.profile import TCTL_ADMIN, identity_path
from sandbox.teleport.timestamps import stamp, utc_now
from sandbox.teleport.tools import documents
from sandbox.teleport.tools.administration import FORMS, Administration, AlreadyThere, Resource
from sandbox.teleport.tools.command_line import failure, open_channel
from sandbox.teleport.tools.references import (
    Reference,
    UnknownReference,
    reference,
    references,
)
from sandbox.teleport.tools.resource_form import FormError, Json
from sandbox.teleport.tools.resource_text import resource_text
from teleport_client._proto.types_pb2 import LockSpecV2, LockTarget

Read = TypeVar("Read")


class ResourceFormat(StrEnum):
    YAML = "yaml"
    JSON = "json"
    TEXT = "text"


def add_to(app: typer.Typer) -> None:
    for command in (get, create, rm, lock):
        app.command()(command)


def get(
    context: typer.Context,
    resources: Annotated[str, typer.Argument(help="Resources, such as users or role/dev.")],
    output: Annotated[
        ResourceFormat, typer.Option("--format", help="Output format.")
    ] = ResourceFormat.YAML,
) -> None:
    """Print users, roles, locks or join tokens."""
    wanted = _refusing(references, resources)
    if len(wanted) != 1 and output is not ResourceFormat.YAML:
        raise failure("mixed resource types only support YAML formatting")
    with _administering(context) as administration:
        found = [(it, administration.resources(it)) for it in wanted]
    if output is ResourceFormat.TEXT:
        for part, its_resources in found:
            print(resource_text(part.kind, its_resources))
        return
    forms = [_json(part, each) for part, its_resources in found for each in its_resources]
    if output is ResourceFormat.JSON:
        print(documents.to_json(forms))
    else:
        print(documents.to_yaml(forms), end="")


def create(
    context: typer.Context,
    filename: Annotated[str, typer.Argument(help="YAML or JSON; standard input if empty.")] = "",
    *,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Replace resources that exist.")
    ] = False,
) -> None:
    """Create the resources of a file."""
    text = _text(filename)
    found = False
    with _administering(context) as administration:
        for document in _documents(text):
            found = True
            print(_stored(administration, document, force=force), flush=True)
    if not found:
        raise failure("no resources found, empty input?")


def rm(
    context: typer.Context,
    resource: Annotated[str, typer.Argument(help="Resource, such as user/alice.")],
) -> None:
    """Delete a resource."""
    unwanted = _refusing(reference, resource)
    if not unwanted.name:
        raise failure(
            "provide a full resource name to delete, for example:\n$ tctl rm cluster/east\n"
        )
    with _administering(context) as administration:
        administration.delete(unwanted)
    print(f"{unwanted.kind} {quoted(unwanted.name)} has been deleted")


def lock(
    context: typer.Context,
    *,
    user: Annotated[str, typer.Option(help="Name of a Teleport user.")] = "",
    role: Annotated[str, typer.Option(help="Name of a Teleport role.")] = "",
    login: Annotated[str, typer.Option(help="Name of a local UNIX user.")] = "",
    mfa_device: Annotated[str, typer.Option(help="UUID of a user's MFA device.")] = "",
    windows_desktop: Annotated[str, typer.Option(help="Name of a Windows desktop.")] = "",
    access_request: Annotated[str, typer.Option(help="UUID of an access request.")] = "",
    device: Annotated[str, typer.Option(help="UUID of a trusted device.")] = "",
    server_id: Annotated[str, typer.Option(help="UUID of a Teleport server.")] = "",
    message: Annotated[str, typer.Option(help="Message for locked users.")] = "",
    expires: Annotated[str, typer.Option(help="Time when the lock expires (RFC 3339).")] = "",
    ttl: Annotated[str, typer.Option(help="Duration of the lock, such as 10m.")] = "",
) -> None:
    """Create a lock."""
    target = LockTarget(
        User=user, Role=role, Login=login, MFADevice=mfa_device, WindowsDesktop=windows_desktop,
        AccessRequest=access_request, Device=device, ServerID=server_id,
    )  # fmt: skip
    spec = LockSpecV2(Target=target, Message=message)
    _set_end(spec, expires, ttl)
    if not target.ListFields():
        raise failure("at least one target field must be set")
    with _administering(context) as administration:
        print(f"Created a lock with name {quoted(administration.lock(spec))}.")


@contextmanager
def _administering(context: typer.Context) -> Iterator[Administration]:
    data = context.find_object(Path)
    if data is None:
        raise failure("no data folder is known")
    with open_channel(data, identity_path(data, TCTL_ADMIN)) as channel:
        yield Administration(channel)


def _refusing(read: Callable[[str], Read], text: str) -> Read:
    try:
        return read(text)
    except UnknownReference as error:
        raise failure(str(error)) from error


def _json(part: Reference, resource: Resource) -> Json:
    return FORMS[part.kind].to_json(resource)


def _text(filename: str) -> str:
    if not filename:
        return sys.stdin.read()
    try:
        return Path(filename).read_text()
    except FileNotFoundError as error:
        raise failure(f"lstat {filename}: no such file or directory") from error


def _documents(text: str) -> Iterator[Json]:
    try:
        yield from documents.read_documents(text)
    except documents.DocumentError as error:
        raise failure(str(error)) from error


def _stored(administration: Administration, document: Json, *, force: bool) -> str:
    try:
        return administration.store(document, force=force)
    except FormError as error:
        raise failure(str(error)) from error
    except AlreadyThere as error:
        raise failure(f"use -f or --force flag to overwrite\n\t{error}") from error


def _set_end(spec: LockSpecV2, expires: str, ttl: str) -> None:
    """Set the expiry from `expires` or `ttl`. Both together are an error."""
    if expires and ttl:
        raise failure("use only one of --expires and --ttl")
    try:
        if expires:
            spec.Expires.CopyFrom(timestamp_from(expires))
        elif ttl:
            lasting = timedelta(microseconds=parse_go_duration(ttl) // 1_000)
            spec.Expires.CopyFrom(stamp(utc_now() + lasting))
    except ValueError as error:
        raise failure(str(error)) from error
