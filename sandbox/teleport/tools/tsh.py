"""`tsh` of the sandbox: a user's commands in a terminal."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from pytimeparse.timeparse import timeparse

from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.go_text import quoted
from sandbox.teleport.timestamps import stamp, utc_now
from sandbox.teleport.tools import json_form, request_text, sessions
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
from sandbox.teleport.tools.resolution import require_approval, wait_until_resolved, watch_requests
from sandbox.teleport.tools.tables import table
from teleport_client._proto.authservice_pb2 import ListUnifiedResourcesRequest
from teleport_client._proto.types_pb2 import (
    APPROVED,
    DENIED,
    AccessRequestFilter,
    AccessRequestSpecV3,
    AccessRequestV3,
    AccessReview,
    AccessReviewSubmission,
    Metadata,
    RequestState,
    ServerV2,
    SortBy,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Teleport's tsh, for users of the sandbox.",
)
request_app = typer.Typer(no_args_is_help=True, help="Request access, and review requests.")
app.add_typer(request_app, name="request")

_HINT = "hint: use 'tsh login --request-id=<request-id>' to login with an approved request"
_SIMULATED = """\
Access granted: {login}@{node}
This session is simulated, because the sandbox
has no hosts. With a real cluster, this command
opens a shell."""
_LIST_HINT = f"""\
hint: use 'tsh request show <request-id>' for additional details
      {_HINT.removeprefix("hint: ")}"""


@dataclass(frozen=True)
class Person:
    """The user and the sandbox's data folder."""

    name: str
    data: Path

    def connect(self) -> Connection:
        """Connect with the last login's identity, including the roles of assumed requests."""
        return connect_auth(self.data, sessions.current(self.data, self.name))


@app.callback()
def main(
    context: typer.Context,
    person: Annotated[str, typer.Option("--as", help="Your Teleport user, such as alice.")],
    data: DataOption = None,
) -> None:
    context.obj = Person(person, data_of(context, data))


@app.command()
def login(
    context: typer.Context,
    request_id: Annotated[
        str, typer.Option(help="An approved request whose roles to assume.")
    ] = "",
) -> None:
    """Log in again, with the roles of an approved access request or without any."""
    person = _person(context)
    identity = sessions.log_in(person.data, person.name, [request_id] if request_id else [])
    print(_profile(identity))


@app.command()
def logout(context: typer.Context) -> None:
    """Log out and drop assumed access requests."""
    person = _person(context)
    sessions.log_out(person.data, person.name)
    print("All users logged out.")


@app.command()
def ls(context: typer.Context) -> None:
    """List the nodes that you can reach."""
    nodes = _reachable_nodes(_person(context))
    rows = [
        [node.Spec.Hostname, node.Spec.Addr, _labels(dict(node.Metadata.Labels))] for node in nodes
    ]
    print(table(["Node Name", "Address", "Labels"], rows))


@app.command()
def ssh(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="[LOGIN@]NODE")],
) -> None:
    """Check your access to a node, and simulate a session on it."""
    person = _person(context)
    login_name, _, node = target.rpartition("@")
    login_name = login_name or person.name
    if node not in {it.Spec.Hostname for it in _reachable_nodes(person)}:
        raise failure(f"access denied to {login_name} connecting to {node}")
    print(_SIMULATED.format(node=node, login=login_name))


@request_app.command()
def create(
    context: typer.Context,
    *,
    roles: Annotated[str, typer.Option(help="Roles, separated by commas.")],
    reason: Annotated[str, typer.Option(help="Reason for the request.")] = "",
    nowait: Annotated[bool, typer.Option("--nowait", help="Don't wait for the decision.")] = False,
    max_duration: Annotated[str, typer.Option(help="Duration of the access, such as 2h.")] = "",
    reviewers: Annotated[str, typer.Option(help="Suggested reviewers, comma-separated.")] = "",
) -> None:
    """Request roles and wait for the decision."""
    person = _person(context)
    spec = AccessRequestSpecV3(
        User=person.name,
        Roles=comma_separated(roles),
        RequestReason=reason,
        SuggestedReviewers=comma_separated(reviewers),
    )
    if max_duration:
        spec.MaxDuration.CopyFrom(stamp(utc_now() + _duration(max_duration)))
    with person.connect() as auth, watch_requests(auth, person.name) as events:
        print("Creating request...")
        metadata = Metadata(Name=str(uuid4()))  # must be a UUID, and is replaced
        request = auth.CreateAccessRequestV2(AccessRequestV3(Metadata=metadata, Spec=spec))
        print(f"{request_text.details(request)}\n\n{_HINT}\n", flush=True)
        if nowait:
            return
        print("Waiting for request approval...\n", flush=True)
        decided = wait_until_resolved(events, request.Metadata.Name)
    require_approval(decided)
    print(_approval(decided.Spec.ResolveReason))
    print(_profile(sessions.log_in(person.data, person.name, [decided.Metadata.Name])))


@request_app.command("ls")
def list_requests(context: typer.Context, output: FormatOption = Format.TEXT) -> None:
    """List your requests and the requests that you can review."""
    with _person(context).connect() as auth:
        requests = list(auth.GetAccessRequestsV2(AccessRequestFilter()))
    if output is Format.JSON:
        print(json.dumps([json_form.access_request(it) for it in requests], indent=2))
    else:
        print(f"{request_text.short_list(requests)}\n\n{_LIST_HINT}")


@request_app.command()
def show(context: typer.Context, request_id: str, output: FormatOption = Format.TEXT) -> None:
    """Show one request with its reviews."""
    with _person(context).connect() as auth:
        requests = list(auth.GetAccessRequestsV2(AccessRequestFilter(ID=request_id)))
    if not requests:
        raise failure(f"request {request_id} not found")
    if output is Format.JSON:
        print(json.dumps(json_form.access_request(requests[0]), indent=2))
    else:
        print(request_text.details(requests[0]))


@request_app.command()
def review(
    context: typer.Context,
    request_id: str,
    *,
    approve: Annotated[bool, typer.Option("--approve")] = False,
    deny: Annotated[bool, typer.Option("--deny")] = False,
    reason: Annotated[str, typer.Option(help="Reason for the requester.")] = "",
) -> None:
    """Approve or deny a user's request."""
    if approve == deny:
        raise failure("exactly one of '--approve' and '--deny' must be given")
    person = _person(context)
    state = APPROVED if approve else DENIED
    submitted = AccessReview(Author=person.name, ProposedState=state, Reason=reason)
    with person.connect() as auth:
        request = auth.SubmitAccessReview(
            AccessReviewSubmission(RequestID=request_id, Review=submitted)
        )
    state_name = RequestState.Name(request.Spec.State)
    print(f"Successfully submitted review.  Request state: {state_name}")


def _person(context: typer.Context) -> Person:
    found = context.find_object(Person)
    if found is None:
        raise failure("set your user with --as")
    return found


def _reachable_nodes(person: Person) -> list[ServerV2]:
    with person.connect() as auth:
        answer = auth.ListUnifiedResources(
            ListUnifiedResourcesRequest(Kinds=["node"], SortBy=SortBy(Field="name"))
        )
    return [resource.Node for resource in answer.Resources]


def _duration(text: str) -> timedelta:
    seconds = timeparse(text)
    if seconds is None or seconds <= 0:
        raise failure(f"not a duration: {quoted(text)}")
    return timedelta(seconds=seconds)


def _approval(reason: str) -> str:
    if not reason:
        return "Approval received, getting updated certificates...\n"
    return f"Approval received, reason={quoted(reason)}\nGetting updated certificates...\n"


def _profile(identity: Identity) -> str:
    lines = [f"> Logged in as:       {identity.user}"]
    if identity.active_requests:
        lines.append(f"  Active requests:    {', '.join(identity.active_requests)}")
    lines += [
        f"  Cluster:            {identity.cluster}",
        f"  Roles:              {', '.join(sorted(identity.roles))}",
        f"  Valid until:        {identity.expires:%Y-%m-%d %H:%M:%S %z}",
    ]
    return "\n".join(lines)


def _labels(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


if __name__ == "__main__":
    app()
