"""Requests that say everything in one line."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox.teleport.state import resources
from teleport_client._proto.types_pb2 import AccessRequestConditions, RoleConditions
from tests.integration.raw_payloads import command_of_bob, deliver
from tests.integration.slack_driver import Stage, buttons, words

BERLIN = ZoneInfo("Europe/Berlin")


async def test_one_line_has_roles_resources_times_reason_and_reviewers(stage: Stage) -> None:
    """The response repeats it in one line, with the end of access."""
    now = datetime.now(BERLIN)
    start = (now + timedelta(hours=3)).replace(second=0, microsecond=0)
    day = "today" if start.date() == now.date() else "tomorrow"
    await stage.type(
        "alice",
        f"/teleport-request staging, prod for 2h from {day} {start:%H:%M} because redis is stuck"
        " reviewers @bob to node/staging-db",
    )
    response = await stage.response("alice", "You requested")
    (request,) = stage.requests
    spec = request.Spec
    assert (sorted(spec.Roles), spec.RequestReason) == (["prod", "staging"], "redis is stuck")
    assert list(spec.SuggestedReviewers) == ["bob"]
    assert len(spec.RequestedResourceIDs) == 1
    assert spec.AssumeStartTime.ToDatetime(UTC) == start.astimezone(UTC)
    assert spec.MaxDuration.ToDatetime(UTC) == (start + timedelta(hours=2)).astimezone(UTC)
    (line,) = (line for line in response["text"].splitlines() if "You requested" in line)
    assert line.startswith("You requested node/staging-db for 2 hours. Roles: ")
    assert "Access starts " in line
    assert "Access ends " in line
    assert line.endswith("Suggested reviewers: bob.")


@pytest.mark.parametrize(
    "typed",
    [
        "staging for 2h —reason “redis is stuck”",
        "staging for 2h ——reason ‘redis is stuck’",
        "staging\u00a0for\u00a02h\u00a0because\u00a0redis is stuck",
        "STAGING, for 2h. because redis is stuck",
        "--roles staging --duration 2h because redis is stuck",
    ],
)
async def test_line_is_understood_as_clients_change_it(stage: Stage, typed: str) -> None:
    """Clients put in smart quotes, long dashes, non-breaking spaces and capitals."""
    await stage.type("alice", f"/teleport-request {typed}")
    await stage.response("alice", "You requested staging for 2 hours.")
    (request,) = stage.requests
    assert (list(request.Spec.Roles), request.Spec.RequestReason) == (["staging"], "redis is stuck")


async def test_misspelled_role_is_offered_as_a_button(stage: Stage) -> None:
    """A click requests the corrected role with everything else that was typed."""
    await stage.type("alice", "/teleport-request stagign for 1h because redis is stuck")
    response = await stage.response("alice", "Did you mean staging?")
    assert not stage.requests
    assert buttons(response)["ask_anyway"]["text"]["text"] == "Request staging"
    await stage.click("alice", response, "ask_anyway")
    await stage.response("alice", "You requested staging for 1 hour.")
    (request,) = stage.requests
    assert (list(request.Spec.Roles), request.Spec.RequestReason) == (["staging"], "redis is stuck")


async def test_misspelled_role_that_can_be_two_roles_has_two_buttons(stage: Stage) -> None:
    cluster = stage.teleport.cluster
    names = ("stage-1", "stage-2")
    for name in names:
        cluster.put_role(resources.role(name))
    allow = RoleConditions(Request=AccessRequestConditions(Roles=names))
    cluster.put_role(resources.role("more", allow=allow))
    cluster.add_user("alice", ["dev", "more"], {"slack_uid": ["U0ALICE001"]})
    await stage.type("alice", "/teleport-request stage-3 because redis")
    response = await stage.response("alice", "Did you mean")
    for name in names:
        assert f"Request {name}" in words(response)
    assert not stage.requests


@pytest.mark.parametrize(
    ("typed", "not_understood"),
    [
        ("staging so that redis works", "“so”, “that”, “redis” and “works” aren't roles"),
        ("give me staging now please", "“give”, “me”, “now” and “please” aren't roles"),
        ("staging urgently!", "“urgently!” isn't a role"),
        ("staging 2h", "“2h” isn't a role"),
        ("staging it's down", "“it's” and “down” aren't roles"),
    ],
)
async def test_english_word_is_not_called_a_role(
    stage: Stage, typed: str, not_understood: str
) -> None:
    await stage.type("alice", f"/teleport-request {typed}")
    await stage.response("alice", not_understood)
    assert not stage.requests


@pytest.mark.parametrize(("forbidden", "missing"), [("admin", "missing"), ("prod-db", "prod-xy")])
async def test_answer_does_not_reveal_whether_a_role_exists(
    stage: Stage, forbidden: str, missing: str
) -> None:
    """Teleport's own tools don't reveal it either."""
    stage.teleport.cluster.put_role(resources.role(forbidden))
    said: list[str] = []
    for name in (forbidden, missing):
        await stage.type("alice", f"/teleport-request {name} because redis")
        said.append((await stage.response("alice", name))["text"])
    assert said[0].replace(forbidden, missing) == said[1]
    assert not stage.requests


async def test_role_that_is_only_for_requests_by_name_is_named(stage: Stage) -> None:
    roles = stage.teleport.cluster.roles
    del roles["prod-requester"].Spec.Allow.Request.SearchAsRoles[:]
    await stage.type("alice", "/teleport-request prod to node/staging-db because redis")
    await stage.response("alice", "You can't request prod for single resources")
    assert not stage.requests


async def test_escaped_references_are_read_as_typed(stage: Stage) -> None:
    text = (
        "staging because <#C0ACCESS01|access-requests> &amp; <http://a.example.com|a.example.com>"
        " reviewers <@U0CAROL001|carol> and <@U0DANA0001>"
    )
    await deliver(stage, command_of_bob(stage, "/teleport-request", text), "slash_commands")
    await stage.card("#access-requests & a.example.com")
    (request,) = stage.requests
    assert request.Spec.RequestReason == "#access-requests & a.example.com"
    assert set(request.Spec.SuggestedReviewers) == {"carol", "dana"}
