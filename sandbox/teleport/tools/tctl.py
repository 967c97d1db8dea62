"""`tctl` of the sandbox: administration, as on the Auth Service's host."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from sandbox.teleport.profile import TCTL_ADMIN, identity_path
from sandbox.teleport.timestamps import utc_now
from sandbox.teleport.tools import json_form, request_text, tctl_resources
from sandbox.teleport.tools.command_line import (
    Connection,
    DataOption,
    Format,
    FormatOption,
    comma_separated,
    connect_auth,
    data_of,
    failure,
)
from teleport_client._proto.authservice_pb2 import RequestID, RequestStateSetter
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from teleport_client._proto.types_pb2 import (
    APPROVED,
    DENIED,
    AccessRequestFilter,
    AccessRequestSpecV3,
    AccessRequestV3,
    Metadata,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Teleport's tctl, for the cluster of the sandbox.",
)
requests_app = typer.Typer(
    no_args_is_help=True, help="List, approve, deny and create access requests."
)
app.add_typer(requests_app, name="requests")
tctl_resources.add_to(app)

_APPROVED = """
This access request has already been approved, deleting the request now will NOT remove
the user's access to these roles. If you would like to lock the user's access to the
requested roles instead, you can run:"""
_FORCE = (
    "To disregard this warning and delete the request anyway, re-run this command with --force."
)

Ids = Annotated[str, typer.Argument(help="Request IDs, separated by commas.")]
Reason = Annotated[str, typer.Option(help="Reason for the requester.")]
Delegator = Annotated[str, typer.Option(help="User to record in the audit log.")]


@app.callback()
def main(context: typer.Context, data: DataOption = None) -> None:
    context.obj = data_of(context, data)


@requests_app.command("ls")
def list_requests(context: typer.Context, output: FormatOption = Format.TEXT) -> None:
    """List requests, newest first, until their access has ended."""
    with _connect(context) as auth:
        requests = list(auth.GetAccessRequestsV2(AccessRequestFilter()))
    requests.sort(key=lambda it: it.Spec.Created.ToNanoseconds(), reverse=True)
    if output is Format.JSON:
        _print_json(requests)
    else:
        print(request_text.long_list(requests, utc_now()))


@requests_app.command()
def get(context: typer.Context, ids: Ids, output: FormatOption = Format.TEXT) -> None:
    """Show requests with their reviews."""
    with _connect(context) as auth:
        requests = [_request(auth, request_id) for request_id in comma_separated(ids)]
    if output is Format.JSON:
        _print_json(requests)
    else:
        print("\n\n".join(map(request_text.details, requests)))


@requests_app.command()
def approve(
    context: typer.Context,
    ids: Ids,
    reason: Reason = "",
    delegator: Delegator = "",
    roles: Annotated[str, typer.Option(help="Approve only these of the roles.")] = "",
) -> None:
    """Approve requests without checking their thresholds."""
    with _connect(context) as auth:
        for request_id in comma_separated(ids):
            setter = RequestStateSetter(
                ID=request_id,
                State=APPROVED,
                Reason=reason,
                Delegator=delegator,
                Roles=comma_separated(roles),
            )
            auth.SetAccessRequestState(setter)


@requests_app.command()
def deny(context: typer.Context, ids: Ids, reason: Reason = "", delegator: Delegator = "") -> None:
    """Deny requests, including approved ones."""
    with _connect(context) as auth:
        for request_id in comma_separated(ids):
            setter = RequestStateSetter(
                ID=request_id, State=DENIED, Reason=reason, Delegator=delegator
            )
            auth.SetAccessRequestState(setter)


@requests_app.command()
def create(
    context: typer.Context,
    user: str,
    roles: Annotated[str, typer.Option(help="Roles, separated by commas.")],
    reason: Annotated[str, typer.Option(help="Reason for the request.")] = "",
) -> None:
    """Create a request for a user and print its ID."""
    spec = AccessRequestSpecV3(User=user, Roles=comma_separated(roles), RequestReason=reason)
    metadata = Metadata(Name=str(uuid4()))  # must be a UUID, and is replaced
    with _connect(context) as auth:
        request = auth.CreateAccessRequestV2(AccessRequestV3(Metadata=metadata, Spec=spec))
    print(request.Metadata.Name)


@requests_app.command()
def rm(
    context: typer.Context,
    ids: Ids,
    *,
    force: Annotated[bool, typer.Option("--force", help="Delete approved requests, too.")] = False,
) -> None:
    """Delete requests. Approved ones need --force, because logins would keep their roles."""
    with _connect(context) as auth:
        requests = [_request(auth, request_id) for request_id in comma_separated(ids)]
        approved = [it.Metadata.Name for it in requests if it.Spec.State == APPROVED]
        if approved and not force:
            locks = "\n".join(f"> tctl lock --access-request {it}" for it in approved)
            print(f"{_APPROVED}\n\n{locks}\n\n{_FORCE}\n")
            return
        for request in requests:
            auth.DeleteAccessRequest(RequestID(ID=request.Metadata.Name))
    print("Access request deleted successfully.")


def _connect(context: typer.Context) -> Connection:
    data = context.find_object(Path)
    if data is None:
        raise failure("no data folder is known")
    return connect_auth(data, identity_path(data, TCTL_ADMIN))


def _request(auth: AuthServiceStub, request_id: str) -> AccessRequestV3:
    for request in auth.GetAccessRequestsV2(AccessRequestFilter(ID=request_id)):
        return request
    raise failure(f"no access request matching {request_id}")


def _print_json(requests: Sequence[AccessRequestV3]) -> None:
    print(json.dumps([json_form.access_request(it) for it in requests], indent=2))


if __name__ == "__main__":
    app()
