"""Several requests in one form: each one is read, reviewed and reported on its own."""

import asyncio
from pathlib import Path
from typing import Any

import grpc

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import rule
from teleport_client._proto.types_pb2 import AccessRequestV3, RequestState
from tests.integration.conftest import run_bot_on
from tests.integration.request_factory import pending_request, with_state
from tests.integration.reviews.inputs import (
    boxes,
    community,
    errors,
    field,
    fields,
    set_review,
    text,
)
from tests.integration.slack_driver import Stage, buttons, words


def make_requests(stage: Stage, count: int, **changes: Any) -> list[AccessRequestV3]:
    return [
        pending_request(stage.teleport, reason=f"redis {number}", **changes)
        for number in range(count)
    ]


async def open_form(stage: Stage, who: str = "bob", verb: str = "approve") -> dict[str, Any]:
    await stage.type(who, f"/teleport-{verb}")
    return await stage.form(who, "bulk_review_form")


def ids(*requests: AccessRequestV3) -> list[str]:
    return [request.Metadata.Name for request in requests]


def states(stage: Stage, *requests: AccessRequestV3) -> set[int]:
    return {stage.request(each).Spec.State for each in ids(*requests)}


async def test_selected_requests_are_approved(stage: Stage) -> None:
    first, second, other = make_requests(stage, 3)
    form = await open_form(stage)
    assert fields(form) == ["pick_0", "reason"]
    assert len(field(form, "pick_0")["options"]) == 3
    picked = boxes(form, "pick_0", *ids(first, second))
    await stage.submit("bob", form, pick_0=picked, reason=text("fine"))
    response = words(await stage.response("bob", "You approved 2 requests."))
    assert all(each[-8:] in response for each in ids(first, second))
    assert states(stage, first, second) == {RequestState.APPROVED}
    assert states(stage, other) == {RequestState.PENDING}
    assert stage.request(ids(first)[0]).Spec.Reviews[0].Reason == "fine"


async def test_denial_of_several_requests_needs_a_reason(stage: Stage) -> None:
    requests = make_requests(stage, 2)
    form = await open_form(stage, verb="deny")
    picked = boxes(form, "pick_0", *ids(*requests))
    done = await stage.submit("bob", form, pick_0=picked, reason=text("   "))
    assert "reason" in errors(done) or done["error"]
    assert states(stage, *requests) == {RequestState.PENDING}
    await stage.submit("bob", form, pick_0=picked, reason=text("freeze"))
    await stage.response("bob", "You denied 2 requests.")
    assert states(stage, *requests) == {RequestState.DENIED}


async def test_slack_requires_a_selection_in_a_single_field(stage: Stage) -> None:
    make_requests(stage, 1)
    form = await open_form(stage)
    (block,) = (each for each in form["blocks"] if each.get("block_id") == "pick_0")
    assert not block["optional"]


async def test_at_least_one_request_is_selected(stage: Stage) -> None:
    make_requests(stage, 11)
    form = await open_form(stage)
    assert "Select at least one" in errors(await stage.submit("bob", form))["pick_0"]


async def test_thirty_requests_fit_into_a_form(stage: Stage) -> None:
    """Slack takes ten checkboxes in one element. The form counts the others."""
    requests = make_requests(stage, 32)
    form = await open_form(stage)
    assert fields(form) == ["pick_0", "pick_1", "pick_2", "reason"]
    assert "2 more are waiting" in words(form)
    picked = {name: boxes(form, name, *ids(*requests)) for name in ("pick_0", "pick_1", "pick_2")}
    await stage.submit("bob", form, **picked)
    await stage.response("bob", "You approved 30 requests.")
    left = [each for each in stage.requests if each.Spec.State == RequestState.PENDING]
    assert len(left) == 2


async def test_only_reviewable_requests_are_listed(stage: Stage) -> None:
    (other,) = make_requests(stage, 1)
    make_requests(stage, 1, user="bob")
    make_requests(stage, 1, role="unknown")
    (reviewed,) = make_requests(stage, 1, role="prod")
    stage.teleport.cluster.requests.put(with_state(reviewed, RequestState.DENIED))
    form = await open_form(stage)
    assert [each["value"] for each in field(form, "pick_0")["options"]] == ids(other)
    await stage.type("alice", "/teleport-approve")
    await stage.response("alice", "No requests are waiting for your review")


async def test_requests_resolved_meanwhile_get_their_own_line(stage: Stage) -> None:
    """Others of the same form are approved."""
    gone, denied, other = make_requests(stage, 3)
    form = await open_form(stage)
    cluster = stage.teleport.cluster
    cluster.delete_request(gone.Metadata.Name)
    cluster.requests.put(with_state(denied, RequestState.DENIED))
    picked = boxes(form, "pick_0", *ids(gone, denied, other))
    await stage.submit("bob", form, pick_0=picked)
    response = words(await stage.response("bob", "You approved 1 of 3 requests."))
    assert "already denied" in response
    assert "There's no request" in response
    assert states(stage, other) == {RequestState.APPROVED}
    assert states(stage, denied) == {RequestState.DENIED}


async def test_partial_progress_is_reported(stage: Stage) -> None:
    request, _ = await stage.create_request("alice", "prod", "shard 1")
    form = await open_form(stage)
    await stage.submit("bob", form, pick_0=boxes(form, "pick_0", request.Metadata.Name))
    await stage.response("bob", "recorded, still waiting: 1 of 2 approvals")


async def test_double_submission_reviews_each_request_once(stage: Stage) -> None:
    requests = make_requests(stage, 3)
    form = await open_form(stage)
    picked = boxes(form, "pick_0", *ids(*requests))
    stage.teleport.faults.add("SubmitAccessReview", delay=0.3)
    await asyncio.gather(*(stage.submit("bob", form, pick_0=picked) for _ in range(2)))
    await stage.response("bob", "You approved")
    await stage.teleport.journal.wait_for_call("SubmitAccessReview", count=3, ended=True)
    assert all(len(stage.request(each).Spec.Reviews) == 1 for each in ids(*requests))


async def test_lost_permission_before_the_submission_changes_nothing(stage: Stage) -> None:
    requests = make_requests(stage, 2)
    form = await open_form(stage)
    stage.teleport.cluster.roles["reviewer"].Spec.Deny.Rules.append(rule("access_request", "*"))
    await stage.submit("bob", form, pick_0=boxes(form, "pick_0", *ids(*requests)))
    await stage.response("bob", "doesn't let you review access requests")
    assert states(stage, *requests) == {RequestState.PENDING}


async def test_request_that_the_user_cannot_see_any_more_is_not_reviewed(stage: Stage) -> None:
    """The roles changed after the form had opened, so the response doesn't reveal its state."""
    (request,) = make_requests(stage, 1)
    form = await open_form(stage)
    stage.teleport.cluster.roles["reviewer"].Spec.Allow.ReviewRequests.Roles[:] = ["prod"]
    stage.teleport.cluster.requests.put(with_state(request, RequestState.DENIED))
    await stage.submit("bob", form, pick_0=boxes(form, "pick_0", *ids(request)))
    response = words(await stage.response("bob", "You approved 0 of 1 request."))
    assert "There's no request" in response
    assert "denied" not in response


async def test_failure_of_one_review_concerns_only_that_one(stage: Stage) -> None:
    """The typed reason stays in the response."""
    requests = make_requests(stage, 2)
    form = await open_form(stage)
    stage.teleport.faults.add(
        "SubmitAccessReview", grpc.StatusCode.INTERNAL, details="backend on fire"
    )
    picked = boxes(form, "pick_0", *ids(*requests))
    await stage.submit("bob", form, pick_0=picked, reason=text("fine by me"))
    response = words(await stage.response("bob", "You approved 1 of 2 requests."))
    assert "backend on fire" in response
    assert "fine by me" in response


async def test_outage_before_the_submission_returns_the_reason(stage: Stage) -> None:
    requests = make_requests(stage, 2)
    form = await open_form(stage, verb="deny")
    await stage.teleport.pause()
    picked = boxes(form, "pick_0", *ids(*requests))
    await stage.submit("bob", form, pick_0=picked, reason=text("during the freeze"))
    await stage.slack.message_where(
        "access-requests",
        "bob",
        lambda m: m["ephemeral"] and "during the freeze" in words(m),
        40,
    )
    await stage.teleport.resume()
    assert states(stage, *requests) == {RequestState.PENDING}


async def test_slow_teleport_opens_a_placeholder(stage: Stage) -> None:
    requests = make_requests(stage, 1)
    stage.teleport.faults.add("ListAccessRequests", delay=1.5)
    form = await open_form(stage)
    await stage.submit("bob", form, pick_0=boxes(form, "pick_0", *ids(*requests)))
    await stage.response("bob", "You approved 1 request.")


async def test_list_has_buttons_if_no_form_can_open(stage: Stage) -> None:
    make_requests(stage, 1)
    stage.slack.faults.inject({"method": "views.open", "error": "expired_trigger_id", "times": 1})
    await stage.type("bob", "/teleport-approve")
    listed = await stage.response("bob", "Choose a request to review")
    await stage.click("bob", listed, "approve")
    await stage.response("bob", "You approved alice's request")


async def test_typed_reason_is_in_the_form(stage: Stage) -> None:
    requests = make_requests(stage, 1)
    await stage.type("bob", "/teleport-deny because of the freeze")
    form = await stage.form("bob", "bulk_review_form")
    await stage.submit("bob", form, pick_0=boxes(form, "pick_0", *ids(*requests)))
    await stage.response("bob", "You denied 1 request.")
    assert stage.request(ids(*requests)[0]).Spec.ResolveReason == "of the freeze"


async def test_roles_with_a_second_confirmation_are_not_in_the_form(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """They are approved one by one, also if the form was opened without the setting."""
    change = set_review('confirm_roles = ["prod"]', 'approve_with_reason = ["staging"]')
    async with run_bot_on(Stage(slack, teleport), settings_file, change) as stage:
        (staging,) = make_requests(stage, 1)
        (prod,) = make_requests(stage, 1, role="prod")
        form = await open_form(stage)
        assert "1 other is only reviewed one by one" in words(form)
        (option,) = field(form, "pick_0")["options"]
        assert option["value"] == staging.Metadata.Name
        done = await stage.submit("bob", form, pick_0=boxes(form, "pick_0", *ids(staging)))
        assert done["error"] or "reason" in errors(done)
        slack.workspace.screens["U0BOB00001"].modals.clear()
        denial = await open_form(stage, verb="deny")
        assert len(field(denial, "pick_0")["options"]) == 2
        stage.slack.workspace.screens["U0BOB00001"].modals.clear()
        await stage.type("bob", "/teleport-pending reviewable")
        await stage.slack.message_where(
            "access-requests",
            "bob",
            lambda m: m["ephemeral"] and prod.Metadata.Name[-8:] in words(m) and buttons(m),
        )


async def test_approvers_override_several_requests(slack: SlackStandIn, tmp_path: Path) -> None:
    async with community(slack, tmp_path) as stage:
        requests = make_requests(stage, 3)
        form = await open_form(stage, verb="deny")
        picked = boxes(form, "pick_0", *ids(*requests))
        await stage.submit("bob", form, pick_0=picked, reason=text("freeze"))
        await stage.response("bob", "You denied 3 requests.")
        assert states(stage, *requests) == {RequestState.DENIED}
        assert len(stage.teleport.journal.of("SetAccessRequestState")) == 3
