"""Approve with…: a reason, a later start, and fewer roles where the review mode supports them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.slack.server import SlackStandIn
from teleport_client._proto.authservice_pb2 import RequestStateSetter
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.reviews.inputs import boxes, community, errors, field, fields, moment, text
from tests.integration.slack_driver import Stage, buttons, words

HOUR = timedelta(hours=1)


def in_hours(hours: float) -> datetime:
    return (datetime.now(UTC) + hours * HOUR).replace(second=0, microsecond=0)


@pytest.fixture
async def overriding(slack: SlackStandIn, tmp_path: Path) -> AsyncIterator[Stage]:
    async with community(slack, tmp_path) as stage:
        yield stage


async def test_buttons_follow_each_other_in_one_block(stage: Stage) -> None:
    _, card = await stage.create_request("alice", "staging", "redis 1")
    assert list(buttons(card))[:3] == ["approve", "deny", "approve_with"]


async def test_review_carries_reason_and_start(stage: Stage) -> None:
    """Teleport records both with the review. A review can't leave out roles."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.click("bob", card, "approve_with")
    form = await stage.form("bob", "review_form")
    assert fields(form) == ["start", "reason"]
    start = in_hours(2)
    await stage.submit("bob", form, start=moment(start), reason=text("after the release"))
    response = await stage.response("bob", "You approved alice's request for staging")
    assert "Access starts" in words(response)
    spec = stage.request(request.Metadata.Name).Spec
    assert spec.AssumeStartTime.ToDatetime(UTC) == start
    assert [review.Reason for review in spec.Reviews] == ["after the release"]
    await stage.card_where(card["ts"], lambda m: "Access starts" in words(m))


async def test_form_without_input_only_approves(stage: Stage) -> None:
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.click("bob", card, "approve_with")
    await stage.submit("bob", await stage.form("bob", "review_form"))
    await stage.response("bob", "You approved alice's request")
    spec = stage.request(request.Metadata.Name).Spec
    assert not spec.HasField("AssumeStartTime")
    assert spec.State == RequestState.APPROVED


async def test_requested_start_stays_if_the_reviewer_keeps_it(stage: Stage) -> None:
    """A form has no seconds, so the review doesn't repeat the start."""
    await stage.type("alice", "/teleport-request staging for 1h from in 2 hours because redis 1")
    card = await stage.card("redis 1")
    (request,) = stage.requests
    start = request.Spec.AssumeStartTime.ToDatetime(UTC)
    await stage.click("bob", card, "approve_with")
    form = await stage.form("bob", "review_form")
    assert field(form, "start")["initial_date_time"] == int(start.timestamp())
    await stage.submit("bob", form)
    await stage.response("bob", "You approved alice's request")
    spec = stage.request(request.Metadata.Name).Spec
    assert spec.AssumeStartTime.ToDatetime(UTC) == start
    assert not spec.Reviews[0].HasField("AssumeStartTime")


@pytest.mark.parametrize(
    ("hours", "error"),
    [(-1, "This start has passed"), (40, "Access ends at"), (8 * 24, "Access ends at")],
)
async def test_impossible_start_is_an_error_at_its_field(
    stage: Stage, hours: float, error: str
) -> None:
    """The form stays open with its input."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.click("bob", card, "approve_with")
    form = await stage.form("bob", "review_form")
    done = await stage.submit("bob", form, start=moment(in_hours(hours)), reason=text("fine"))
    assert list(errors(done)) == ["start"]
    assert error in errors(done)["start"]
    assert "UTC" in errors(done)["start"] or hours < 0
    assert not stage.request(request.Metadata.Name).Spec.Reviews


async def test_start_beyond_seven_days_is_an_error(stage: Stage) -> None:
    """Teleport's limit counts for longer access."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    stored = stage.request(request.Metadata.Name)
    stored.Spec.Expires.FromDatetime(datetime.now(UTC) + timedelta(days=12))
    stage.teleport.cluster.requests.put(stored)
    await stage.click("bob", card, "approve_with")
    form = await stage.form("bob", "review_form")
    done = await stage.submit("bob", form, start=moment(in_hours(8 * 24)))
    assert "at the latest" in errors(done)["start"]
    await stage.submit("bob", form, start=moment(in_hours(6 * 24)))
    await stage.response("bob", "You approved alice's request")


async def test_approver_grants_only_some_roles(overriding: Stage) -> None:
    """The card and the response name the role that isn't granted."""
    request, card = await overriding.create_request("alice", "staging prod", "redis 1")
    await overriding.click("bob", card, "approve_with")
    form = await overriding.form("bob", "review_form")
    assert fields(form) == ["grant_0", "start", "reason"]
    start = in_hours(1)
    await overriding.submit(
        "bob", form, grant_0=boxes(form, "grant_0", "staging"), start=moment(start)
    )
    await overriding.response("bob", "Not granted: prod")
    spec = overriding.request(request.Metadata.Name).Spec
    assert list(spec.Roles) == ["staging"]
    assert spec.AssumeStartTime.ToDatetime(UTC) == start
    closed = words(await overriding.card_where(card["ts"], lambda m: "Not granted" in words(m)))
    assert "Approved by bob" in closed


async def test_request_for_one_role_has_no_choice_of_roles(overriding: Stage) -> None:
    _, card = await overriding.create_request("alice", "staging", "redis 1")
    await overriding.click("bob", card, "approve_with")
    assert fields(await overriding.form("bob", "review_form")) == ["start", "reason"]


async def test_at_least_one_role_is_granted(overriding: Stage) -> None:
    request, card = await overriding.create_request("alice", "staging prod", "redis 1")
    await overriding.click("bob", card, "approve_with")
    form = await overriding.form("bob", "review_form")
    done = await overriding.submit("bob", form, grant_0=boxes(form, "grant_0"))
    assert "Select at least one role" in errors(done)["grant_0"]
    assert overriding.request(request.Metadata.Name).Spec.State == RequestState.PENDING


async def test_two_approvers_select_different_roles_at_the_same_time(overriding: Stage) -> None:
    """The first claim wins, and the other approver learns it."""
    request, card = await overriding.create_request("alice", "staging prod", "redis 1")
    forms = {}
    for who in ("bob", "carol"):
        await overriding.click(who, card, "approve_with")
        forms[who] = await overriding.form(who, "review_form")
    overriding.teleport.faults.add("SetAccessRequestState", delay=0.5)
    await asyncio.gather(
        *(
            overriding.submit(who, form, grant_0=boxes(form, "grant_0", role))
            for (who, form), role in zip(forms.items(), ("staging", "prod"), strict=True)
        )
    )
    responses = [words(await overriding.response(who, "request")) for who in forms]
    assert sum("You approved" in each for each in responses) == 1
    (call,) = overriding.teleport.journal.of("SetAccessRequestState")
    assert isinstance(call.request, RequestStateSetter)
    spec = overriding.request(request.Metadata.Name).Spec
    assert list(spec.Roles) == list(call.request.Roles)
    assert call.request.Delegator == ("bob" if list(spec.Roles) == ["staging"] else "carol")


async def test_same_approver_cannot_replace_a_selection(overriding: Stage) -> None:
    """Two forms of one user are two decisions. The second one changes nothing."""
    request, card = await overriding.create_request("alice", "staging prod", "redis 1")
    await overriding.click("bob", card, "approve_with")
    form = await overriding.form("bob", "review_form")
    overriding.teleport.faults.add("SetAccessRequestState", delay=0.5)
    await overriding.submit("bob", form, grant_0=boxes(form, "grant_0", "staging"))
    await overriding.teleport.journal.wait_for_call("SetAccessRequestState")
    await overriding.type("bob", f"/teleport-approve {request.Metadata.Name}")
    await overriding.response("bob", "is reviewing this request right now")
    await overriding.response("bob", "Not granted: prod")
    assert list(overriding.request(request.Metadata.Name).Spec.Roles) == ["staging"]


async def test_role_is_renamed_before_the_submission(overriding: Stage) -> None:
    """The request keeps the old name, which grants nothing any more."""
    request, card = await overriding.create_request("alice", "staging prod", "redis 1")
    await overriding.click("bob", card, "approve_with")
    form = await overriding.form("bob", "review_form")
    roles = overriding.teleport.cluster.roles
    roles["production"] = roles.pop("prod")
    done = await overriding.submit("bob", form)
    assert "Teleport has no role prod any more" in errors(done)["grant_0"]
    await overriding.submit("bob", form, grant_0=boxes(form, "grant_0", "staging"))
    await overriding.response("bob", "Not granted: prod")
    assert list(overriding.request(request.Metadata.Name).Spec.Roles) == ["staging"]


async def test_request_lost_a_selected_role_before_the_submission(overriding: Stage) -> None:
    """Another tool has narrowed the request meanwhile."""
    request, card = await overriding.create_request("alice", "staging prod", "redis 1")
    await overriding.click("bob", card, "approve_with")
    form = await overriding.form("bob", "review_form")
    stored = overriding.request(request.Metadata.Name)
    stored.Spec.Roles[:] = ["staging"]
    overriding.teleport.cluster.requests.put(stored)
    done = await overriding.submit("bob", form)
    assert "no longer has all of these roles" in errors(done)["grant_0"]


async def test_double_submission_approves_once(stage: Stage) -> None:
    request, card = await stage.create_request("alice", "prod", "shard 1")
    await stage.click("bob", card, "approve_with")
    form = await stage.form("bob", "review_form")
    stage.teleport.faults.add("SubmitAccessReview", delay=0.3)
    await asyncio.gather(*(stage.submit("bob", form, reason=text("fine")) for _ in range(2)))
    await stage.response("bob", "You approved alice's request")
    assert len(stage.request(request.Metadata.Name).Spec.Reviews) == 1


async def test_lost_permission_before_the_submission_is_noticed(stage: Stage) -> None:
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.click("bob", card, "approve_with")
    form = await stage.form("bob", "review_form")
    stage.teleport.cluster.users["bob"].Spec.Roles[:] = ["dev"]
    stage.teleport.cluster.login_states.pop("bob", None)
    await stage.submit("bob", form, reason=text("fine"))
    await stage.response("bob", "Nothing changed")
    assert not stage.request(request.Metadata.Name).Spec.Reviews


async def test_outage_before_the_submission_returns_the_input(stage: Stage) -> None:
    """The reason is part of a command, and the response names the start."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.click("bob", card, "approve_with")
    form = await stage.form("bob", "review_form")
    await stage.teleport.pause()
    start = in_hours(1)
    await stage.submit("bob", form, start=moment(start), reason=text("after the release"))
    again = f"/teleport-approve {request.Metadata.Name} after the release"
    response = await stage.slack.message_where(
        "access-requests", "bob", lambda m: m["ephemeral"] and again in words(m), 15
    )
    assert f"start of access {start:%Y-%m-%d %H:%M} UTC" in words(response)
    await stage.teleport.resume()
    assert not stage.request(request.Metadata.Name).Spec.Reviews


async def test_slow_teleport_opens_the_form_without_details(stage: Stage) -> None:
    """The start still can be set."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    stage.teleport.faults.add("ListAccessRequests", delay=5.0)
    await stage.click("bob", card, "approve_with")
    form = await stage.form("bob", "review_form")
    assert fields(form) == ["start", "reason"]
    assert "redis 1" not in words(form)
    stage.teleport.faults.clear()
    await stage.submit("bob", form, start=moment(in_hours(1)))
    await stage.response("bob", "You approved alice's request")
    assert stage.request(request.Metadata.Name).Spec.HasField("AssumeStartTime")
