"""tsh and tctl on a terminal."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import moment, utc_now
from teleport_client._proto.types_pb2 import APPROVED, DENIED
from tests.sandbox.teleport.standin_client import Auth, Clock, vote_for, wanted
from tests.sandbox.teleport.terminal import Terminal, complaint, printed


async def requested(terminal: Terminal, *arguments: str) -> str:
    """The id of a request that alice has just made."""
    result = await terminal.tsh("alice", "request", "create", "--nowait", *arguments)
    (line,) = (it for it in printed(result).splitlines() if it.startswith("Request ID:"))
    return line.split()[-1]


async def test_create_without_waiting(stand_in: TeleportStandIn, terminal: Terminal) -> None:
    """A request created with tsh contains the requested values, and is printed."""
    options = ("--reason", "disk full", "--reviewers", "bob,carol", "--max-duration", "2h")
    before = utc_now()
    request_id = await requested(terminal, "--roles", "staging,prod", *options)
    spec = stand_in.cluster.requests[request_id].Spec
    assert (list(spec.Roles), spec.RequestReason) == (["prod", "staging"], "disk full")
    assert list(spec.SuggestedReviewers) == ["bob", "carol"]
    assert before <= moment(spec.Expires) - timedelta(hours=2) <= utc_now()
    shown = printed(await terminal.tsh("alice", "request", "show", request_id))
    assert "Roles:          prod, staging" in shown
    assert 'Reason:         "disk full"' in shown
    assert "Reviewers:      bob, carol (suggested)" in shown
    assert "Status:         PENDING" in shown


async def test_create_waits_for_the_approval(
    stand_in: TeleportStandIn, terminal: Terminal, bot: Auth
) -> None:
    """Without --nowait it ends with the approval, logged in with the new roles."""
    process = await terminal.start_tsh("alice", "request", "create", "--roles", "staging")
    made = await stand_in.cluster.request_where(lambda it: it.Spec.User == "alice")
    await bot.SubmitAccessReview(vote_for(made, "bob", APPROVED, Reason="ok"))
    output, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
    assert 'Approval received, reason="ok"' in output.decode()
    assert f"Active requests:    {made.Metadata.Name}" in output.decode()
    nodes = printed(await terminal.tsh("alice", "ls"))
    assert "staging-db" in nodes


async def test_create_waits_for_the_denial(
    stand_in: TeleportStandIn, terminal: Terminal, bot: Auth
) -> None:
    """A denial ends it with exit code 1 and the reason."""
    process = await terminal.start_tsh("alice", "request", "create", "--roles", "staging")
    made = await stand_in.cluster.request_where(lambda it: it.Spec.User == "alice")
    await bot.SubmitAccessReview(vote_for(made, "bob", DENIED, Reason="not now"))
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode() == (
        f'ERROR: request {made.Metadata.Name} has been denied, reason="not now"\n'
    )


async def test_create_waits_in_vain(stand_in: TeleportStandIn, terminal: Terminal) -> None:
    """A request that goes away undecided ends it with exit code 1 too."""
    process = await terminal.start_tsh("alice", "request", "create", "--roles", "staging")
    made = await stand_in.cluster.request_where(lambda it: it.Spec.User == "alice")
    stand_in.cluster.delete_request(made.Metadata.Name)
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode() == f"ERROR: request {made.Metadata.Name} has expired or was deleted\n"


async def test_create_refused(terminal: Terminal) -> None:
    """A refusal is one sentence on stderr."""
    result = await terminal.tsh("alice", "request", "create", "--roles", "prod")
    assert complaint(result) == (
        'ERROR: request reason must be specified (required for role "prod")'
    )


async def test_review_and_login(terminal: Terminal) -> None:
    """One approves with tsh, the other assumes the request with tsh, and drops it again."""
    request_id = await requested(terminal, "--roles", "staging")
    review = await terminal.tsh("bob", "request", "review", "--approve", request_id)
    assert printed(review) == "Successfully submitted review.  Request state: APPROVED\n"
    assert "prod-db" not in printed(await terminal.tsh("alice", "ls"))
    profile = printed(await terminal.tsh("alice", "login", f"--request-id={request_id}"))
    assert "Roles:              dev, prod-requester, staging" in profile
    assert "staging-web 192.0.2.14:3022 tier=staging" in printed(await terminal.tsh("alice", "ls"))
    printed(await terminal.tsh("alice", "login"))
    assert "staging-web" not in printed(await terminal.tsh("alice", "ls"))


async def test_review_takes_one_side(terminal: Terminal) -> None:
    """A review approves or denies."""
    for flags in ([], ["--approve", "--deny"]):
        result = await terminal.tsh("bob", "request", "review", "some-id", *flags)
        assert complaint(result) == "ERROR: exactly one of '--approve' and '--deny' must be given"


async def test_login_with_a_pending_request(terminal: Terminal) -> None:
    """A pending request can't be assumed."""
    request_id = await requested(terminal, "--roles", "staging")
    result = await terminal.tsh("alice", "login", f"--request-id={request_id}")
    assert complaint(result) == f'ERROR: access request "{request_id}" is awaiting approval'


async def test_request_lists(terminal: Terminal) -> None:
    """The list of requests is a table, or whole requests in JSON."""
    request_id = await requested(terminal, "--roles", "staging")
    table = printed(await terminal.tsh("alice", "request", "ls"))
    assert table.splitlines()[0].split() == ["ID", "User", "Roles", "Created", "(UTC)", "Status"]
    assert table.splitlines()[2].startswith(f"{request_id} alice staging ")
    listed = json.loads(printed(await terminal.tsh("bob", "request", "ls", "--format", "json")))
    assert [it["metadata"]["name"] for it in listed] == [request_id]
    shown = await terminal.tsh("bob", "request", "show", request_id, "--format", "json")
    assert json.loads(printed(shown)) == listed[0]


async def test_strangers(terminal: Terminal, tmp_path: Path) -> None:
    """The errors name a user without a Teleport user, and a folder without a sandbox."""
    assert complaint(await terminal.tsh("nora", "ls")) == (
        "ERROR: there's no Teleport user nora in this sandbox"
    )
    elsewhere = tmp_path / "elsewhere"
    assert complaint(await Terminal(elsewhere).tsh("alice", "ls")) == (
        f"ERROR: no sandbox found in {elsewhere}: start one with `teleport-chatops sandbox`"
    )


async def test_sandbox_that_is_down(stand_in: TeleportStandIn, terminal: Terminal) -> None:
    """The error names a sandbox that isn't responding."""
    await stand_in.pause()
    line = complaint(await terminal.tsh("alice", "ls"))
    assert line.startswith("ERROR: the sandbox isn't responding: ")


@pytest.mark.parametrize("duration", ["soon", "-1h", "0s"])
async def test_unreadable_duration(terminal: Terminal, duration: str) -> None:
    """A duration must be readable and lie ahead."""
    options = ("--roles", "staging", f"--max-duration={duration}")
    result = await terminal.tsh("alice", "request", "create", *options)
    assert complaint(result) == f'ERROR: not a duration: "{duration}"'


async def test_tctl_creates_and_decides(stand_in: TeleportStandIn, terminal: Terminal) -> None:
    """An administrator creates for others, approves with fewer roles, denies, and removes."""
    options = ("--roles", "staging,prod", "--reason", "on call")
    request_id = printed(await terminal.tctl("requests", "create", "alice", *options)).strip()
    approval = ("--reason", "go", "--delegator", "dana", "--roles", "prod")
    assert printed(await terminal.tctl("requests", "approve", request_id, *approval)) == ""
    spec = stand_in.cluster.requests[request_id].Spec
    assert (spec.State, spec.ResolveReason, list(spec.Roles)) == (APPROVED, "go", ["prod"])
    printed(await terminal.tctl("requests", "deny", request_id))
    assert stand_in.cluster.requests[request_id].Spec.State == DENIED
    assert complaint(await terminal.tctl("requests", "approve", request_id)) == (
        'ERROR: cannot set request-state "APPROVED" (already denied)'
    )
    printed(await terminal.tctl("requests", "rm", request_id))
    assert complaint(await terminal.tctl("requests", "get", request_id)) == (
        f"ERROR: no access request matching {request_id}"
    )


def in_go(stamp: Timestamp) -> str:
    """Write a time as Go does: the fraction without trailing zeros, where protobuf fills up."""
    seconds, _, fraction = stamp.ToJsonString().rstrip("Z").partition(".")
    return f"{seconds}.{fraction}".rstrip("0").rstrip(".") + "Z" if fraction else f"{seconds}Z"


async def test_tctl_prints_whole_resources(terminal: Terminal, bot: Auth) -> None:
    """JSON has Teleport's keys, states as numbers, and decided requests too."""
    made = await bot.CreateAccessRequestV2(wanted("alice", "prod", RequestReason="x"))
    after = await bot.SubmitAccessReview(vote_for(made, "bob", DENIED, Reason="no"))
    (only,) = json.loads(printed(await terminal.tctl("requests", "ls", "--format", "json")))
    created = in_go(made.Spec.Created)
    expires = in_go(made.Spec.Expires)
    reviewed = in_go(after.Spec.Reviews[0].Created)
    expected: dict[str, Any] = {
        "kind": "access_request",
        "version": "v3",
        "metadata": {"name": made.Metadata.Name, "revision": after.Metadata.Revision},
        "spec": {
            "user": "alice",
            "roles": ["prod"],
            "state": 3,
            "created": created,
            "expires": expires,
            "request_reason": "x",
            "resolve_reason": "no",
            "thresholds": [{"approve": 2, "deny": 1}],
            "rtm": {"prod": {"s": [{"i": [0]}]}},
            "reviews": [
                {
                    "author": "bob",
                    "proposed_state": 3,
                    "reason": "no",
                    "created": reviewed,
                    "i": [0],
                    "submitted_by": "bot-teleport-chatops",
                    "submitted_on_behalf_of_author": True,
                }
            ],
            "max_duration": expires,
            "session_ttl": expires,
            "expiry": expires,
        },
    }
    assert only == expected


async def test_details(terminal: Terminal, bot: Auth) -> None:
    """A single request is shown with its decision and every review."""
    made = await bot.CreateAccessRequestV2(wanted("alice", "prod", RequestReason="x"))
    await bot.SubmitAccessReview(vote_for(made, "bob"))
    await bot.SubmitAccessReview(vote_for(made, "carol", DENIED, Reason="no"))
    shown = printed(await terminal.tctl("requests", "get", made.Metadata.Name))
    assert "Status:         DENIED" in shown
    assert 'Resolve Reason: "no"' in shown
    approvals, denials = shown.split("Approvals:")[1].split("Denials:")
    assert ("Reviewer: bob" in approvals, "Reason:   [none]" in approvals) == (True, True)
    assert ("Reviewer: carol" in denials, 'Reason:   "no"' in denials) == (True, True)


async def test_tctl_lists_the_newest_first(terminal: Terminal, bot: Auth, clock: Clock) -> None:
    """The table holds every request, the newest on top, with long reasons cut."""
    await bot.CreateAccessRequestV2(wanted("erin", "staging"))
    clock.advance(seconds=1)
    await bot.CreateAccessRequestV2(wanted("bob", "staging", RequestReason="x" * 100))
    titles, _, first, second = printed(await terminal.tctl("requests", "ls")).splitlines()
    assert titles.startswith("Token")
    assert " bob " in first
    assert first.endswith('"' + "x" * 74 + "[*]")
    assert " erin " in second
