"""The request form: what it offers, checks and keeps."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state import resources
from sandbox.teleport.state.resources import nanoseconds
from teleport_client._proto.types_pb2 import AccessReviewConditions, LockTarget, RoleConditions
from tests.integration.conftest import run_bot_on
from tests.integration.slack_driver import Stage, buttons, selected, words
from workspace.requests.request_draft import draft_from_json

REASON = {"type": "plain_text_input", "value": "by form 77"}
ORDERS = "/main/db/staging-orders"


def at(seconds: float) -> dict[str, Any]:
    """Return the input of a picker, as seconds from now."""
    return {"type": "datetimepicker", "selected_date_time": int(time.time() + seconds)}


def field(form: dict[str, Any], block_id: str) -> dict[str, Any]:
    (found,) = (each for each in form["blocks"] if each["block_id"] == block_id)
    return dict(found)


async def opened(stage: Stage, who: str = "alice") -> dict[str, Any]:
    await stage.type(who, "/teleport-request")
    return await stage.form(who, "request_form")


async def suggested(stage: Stage, form: dict[str, Any], menu: str, text: str = "") -> list[str]:
    """Return the texts that a menu offers."""
    act = {"as": "alice", "do": "suggest", "view_id": form["id"], "action_id": menu, "text": text}
    done = await stage.slack.act(act)
    return [option["text"]["text"] for option in done["payload"]["options"]]


@pytest.fixture
async def form(stage: Stage) -> dict[str, Any]:
    """Open the form once the bot has listed the resources."""
    await stage.teleport.journal.wait_for_call("ListUnifiedResources", ended=True)
    return await opened(stage)


async def test_resources_that_roles_might_give_access_to_are_offered(
    stage: Stage, form: dict[str, Any]
) -> None:
    """Alice's roles search as `staging` and `prod`. Labels are searched, too."""
    orders = await suggested(stage, form, "resources", "orders")
    assert orders == ["db/prod-orders", "db/staging-orders"]
    found = await suggested(stage, form, "resources", "tier=staging")
    assert sorted(found) == [
        "app/staging-grafana",
        "db/staging-orders",
        "kube_cluster/staging-cluster",
        "node/staging-db",
        "node/staging-web",
        "windows_desktop/staging-desktop",
    ]
    assert await suggested(stage, form, "resources", "dev-1") == []


async def test_selected_resource_is_requested(stage: Stage, form: dict[str, Any]) -> None:
    """Teleport selects the role."""
    done = await stage.submit("alice", form, resources=selected(ORDERS), reason=REASON)
    assert done["payload"] is None
    await stage.card("by form 77")
    (request,) = stage.requests
    assert [each.Name for each in request.Spec.RequestedResourceIDs] == ["staging-orders"]
    assert list(request.Spec.Roles) == ["staging"]


async def test_resource_without_a_role_is_rejected_at_its_field(
    stage: Stage, form: dict[str, Any]
) -> None:
    """Cover one that disappears while the form is open."""
    del stage.teleport.cluster.resources[:]
    done = await stage.submit("alice", form, resources=selected(ORDERS), reason=REASON)
    assert "You can't request db/staging-orders" in done["payload"]["errors"]["resources"]
    assert stage.requests == []


async def test_selection_is_checked_at_once(stage: Stage, form: dict[str, Any]) -> None:
    """The form names a resource that can't be requested, and keeps the input."""
    reason = {"reason": {"reason": REASON}}
    gone = ["/main/db/gone"]
    click = {"as": "alice", "do": "click", "view_id": form["id"], "action_id": "resources"}
    await stage.slack.act(click | {"value": gone, "values": reason})
    noted = await stage.slack.view_where("alice", lambda v: "You can't request" in words(v))
    assert "db/gone" in words(noted)
    done = await stage.submit("alice", noted, roles=selected("staging"), resources=selected())
    assert done["payload"] is None
    await stage.card("by form 77")


async def test_roles_of_selected_resources_are_offered(stage: Stage, form: dict[str, Any]) -> None:
    """Without resources these are the roles that can be requested by name."""
    cluster = stage.teleport.cluster
    cluster.roles["dev"].Spec.Allow.Request.SearchAsRoles.append("both")
    labels = resources.label_values({"*": ["*"]})
    cluster.put_role(resources.role("both", RoleConditions(DatabaseLabels=labels)))
    chosen = [ORDERS]
    click = {"as": "alice", "do": "click", "view_id": form["id"], "action_id": "resources"}
    assert await suggested(stage, form, "roles") == ["prod", "staging"]
    await stage.slack.act(click | {"value": chosen})
    await stage.slack.view_where("alice", lambda v: "both and staging" in words(v))
    assert await suggested(stage, form, "roles") == ["both", "staging"]


async def test_reviewers_are_linked_users_who_can_review(
    stage: Stage, form: dict[str, Any]
) -> None:
    """Alice can't review her own request, frank is locked, and erin isn't linked."""
    assert await suggested(stage, form, "reviewers") == [
        "Bob Brown (bob)",
        "Carol Clark (carol)",
        "Dana Dietz (dana)",
    ]
    assert await suggested(stage, form, "reviewers", "clark") == ["Carol Clark (carol)"]


async def test_selected_resources_narrow_the_reviewers(stage: Stage, form: dict[str, Any]) -> None:
    """Without a selection these are the users who can review any request."""
    cluster = stage.teleport.cluster
    review = AccessReviewConditions(Roles=["prod"])
    cluster.put_role(resources.role("prod-reviewer", RoleConditions(ReviewRequests=review)))
    cluster.add_user("nora", ["prod-reviewer"], {"slack_uid": ["U0NORA0001"]})
    assert "Nora Novak (nora)" in await suggested(stage, form, "reviewers")
    click = {"as": "alice", "do": "click", "view_id": form["id"], "action_id": "resources"}
    await stage.slack.act(click | {"value": [ORDERS]})
    assert await suggested(stage, form, "reviewers") == [
        "Bob Brown (bob)",
        "Carol Clark (carol)",
        "Dana Dietz (dana)",
    ]


async def test_reviewers_meet_the_conditions_about_their_traits(
    stage: Stage, form: dict[str, Any]
) -> None:
    """Conditions about the request don't count yet, because it can still change."""
    cluster = stage.teleport.cluster
    where = 'contains(reviewer.traits["team"], "db") && request.reason == "disk full"'
    review = AccessReviewConditions(Roles=["staging"], Where=where)
    cluster.put_role(resources.role("reviewer", RoleConditions(ReviewRequests=review)))
    for name, user, team in (("bob", "U0BOB00001", "web"), ("carol", "U0CAROL001", "db")):
        cluster.add_user(name, ["reviewer"], {"slack_uid": [user], "team": [team]})
    click = {"as": "alice", "do": "click", "view_id": form["id"], "action_id": "resources"}
    await stage.slack.act(click | {"value": [ORDERS]})
    offered = await suggested(stage, form, "reviewers")
    assert "Carol Clark (carol)" in offered
    assert "Bob Brown (bob)" not in offered


async def test_times_of_the_form_are_requested(stage: Stage, form: dict[str, Any]) -> None:
    hour = timedelta(hours=1).total_seconds()
    values = {"roles": selected("staging"), "reason": REASON}
    await stage.submit("alice", form, **values, start=at(2 * hour), expires=at(hour))
    await stage.card("by form 77")
    (request,) = stage.requests
    now = time.time()
    assert request.Spec.AssumeStartTime.seconds - now == pytest.approx(2 * hour, abs=60)
    assert request.Spec.ResourceExpiry.seconds - now == pytest.approx(hour, abs=60)


@pytest.mark.parametrize(
    ("name", "seconds", "text"),
    [
        ("start", -3600, "This start has passed"),
        ("start", 8 * 86400, "Choose an earlier start"),
        ("expires", -3600, "This expiry has passed"),
        ("expires", 8 * 86400, "seven days at most"),
    ],
)
async def test_impossible_time_is_an_error_at_its_field(
    stage: Stage, form: dict[str, Any], name: str, seconds: float, text: str
) -> None:
    values = {"roles": selected("staging"), "reason": REASON, name: at(seconds)}
    done = await stage.submit("alice", form, **values)
    assert text in done["payload"]["errors"][name]
    assert stage.requests == []


async def test_shorter_access_is_shown_before_it_is_requested(
    stage: Stage, form: dict[str, Any]
) -> None:
    """The second submission accepts it."""
    stage.teleport.cluster.roles["staging"].Spec.Options.MaxSessionTTL = nanoseconds(
        timedelta(hours=1)
    )
    values = {"roles": selected("staging"), "reason": REASON}
    week = {"type": "static_select", "selected_option": {"value": str(7 * 86400)}}
    await stage.submit("alice", form, **values, duration=week)
    shown = await stage.slack.view_where("alice", lambda v: "only until" in words(v))
    assert stage.requests == []
    await stage.submit("alice", shown)
    await stage.card("by form 77")


async def test_empty_form_is_rejected(stage: Stage, form: dict[str, Any]) -> None:
    done = await stage.submit("alice", form, reason=REASON)
    assert done["payload"]["errors"] == {"roles": "Select a role or a resource."}


async def test_form_opens_as_a_placeholder_while_teleport_is_slow(stage: Stage) -> None:
    stage.teleport.faults.add("GetAccessCapabilities", delay=2)
    await stage.type("alice", "/teleport-request")
    await stage.slack.view_where("alice", lambda v: "Reading your Teleport roles" in words(v))
    form = await stage.form("alice", "request_form")
    assert field(form, "roles")["label"]["text"] == "Roles"
    opens = [each for each in stage.slack.journal.calls if each.method == "views.open"]
    assert len(opens) == 1


async def test_failure_after_the_placeholder_appears_in_it(stage: Stage) -> None:
    stage.teleport.faults.add("GetAccessCapabilities", grpc.StatusCode.INTERNAL, delay=2)
    await stage.type("alice", "/teleport-request")
    await stage.slack.view_where("alice", lambda v: "Teleport returned an error" in words(v))


async def test_user_without_requestable_roles_gets_a_sentence(stage: Stage) -> None:
    await stage.type("dana", "/teleport-request")
    await stage.response("dana", "Your Teleport roles don't let you request any access")
    assert stage.slack.control_api.views("dana")["modals"] == []


async def test_slow_rejection_leads_back_to_the_form(stage: Stage, form: dict[str, Any]) -> None:
    """Slack waits three seconds for the ack of a form, so the form is gone by then."""
    stage.teleport.faults.add("CreateAccessRequestV2", delay=2, times=2)
    values = {"roles": selected("staging"), "reason": REASON, "start": at(8 * 86400)}
    await stage.submit("alice", form, **values)
    view = await stage.slack.view_where("alice", lambda v: "Open the form again" in words(v))
    (button,) = (each for each in view["blocks"] if each["type"] == "actions")
    assert "by form 77" in button["elements"][0]["value"]


async def test_user_locked_while_the_form_is_open_keeps_the_input(
    stage: Stage, form: dict[str, Any]
) -> None:
    stage.teleport.cluster.lock(LockTarget(User="alice"), message="on leave")
    done = await stage.submit("alice", form, roles=selected("staging"), reason=REASON)
    assert "alice is locked (on leave)" in done["payload"]["errors"]["roles"]
    (shown,) = stage.slack.control_api.views("alice")["modals"]
    assert shown["state"]["values"]["reason"]["reason"]["value"] == "by form 77"


async def test_error_of_slack_on_submission_keeps_the_input(
    stage: Stage, form: dict[str, Any]
) -> None:
    """The bot reads the user again before it creates a request."""
    stage.slack.faults.inject({"method": "users.info", "error": "fatal_error", "times": 1})
    values = {"roles": selected("staging"), "reason": REASON}
    done = await stage.submit("alice", form, **values)
    assert "Slack" in done["payload"]["errors"]["roles"]
    done = await stage.submit("alice", form, **values)
    assert done["payload"] is None
    await stage.card("by form 77")


async def test_failure_after_the_form_has_closed_leads_back_to_it(
    stage: Stage, form: dict[str, Any]
) -> None:
    """Teleport accepts the dry run, but not the request."""
    stage.teleport.faults.add("CreateAccessRequestV2")
    stage.teleport.faults.add("CreateAccessRequestV2", grpc.StatusCode.PERMISSION_DENIED)
    await stage.submit("alice", form, roles=selected("staging"), reason=REASON, start=at(7200))
    response = await stage.response("alice", "Open the form again")
    assert "Teleport denied this" in words(response)
    draft = draft_from_json(buttons(response)["fill_in_request"]["value"])
    assert (draft.roles, draft.reason, draft.start is not None) == (
        ("staging",),
        "by form 77",
        True,
    )
    await stage.click("alice", response, "fill_in_request")
    again = await stage.form("alice", "request_form")
    assert field(again, "start")["element"]["initial_date_time"] > time.time()


async def test_form_has_no_resources_without_the_permission(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    allow = teleport.cluster.roles["teleport-chatops"].Spec.Allow
    allow.ClearField("WindowsDesktopLabels")
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        form = await opened(stage)
        assert "resources" not in {each["block_id"] for each in form["blocks"]}
        assert not [c for c in teleport.journal.calls if c.method == "ListUnifiedResources"]


@pytest.fixture
def many(teleport: TeleportStandIn) -> None:
    """Add 250 databases."""
    teleport.cluster.resources.extend(
        resources.database(f"orders-{number:03}", {"tier": "staging"}) for number in range(250)
    )


@pytest.mark.usefixtures("many")
async def test_menu_states_that_more_than_a_hundred_resources_match(stage: Stage) -> None:
    await stage.teleport.journal.wait_for_call("ListUnifiedResources", ended=True)
    form = await opened(stage)
    act = {"as": "alice", "do": "suggest", "view_id": form["id"], "action_id": "resources"}
    done = await stage.slack.act(act | {"text": "orders"})
    (group,) = done["payload"]["option_groups"]
    assert group["label"]["text"] == "The best 100 of 252 matches. Type more to see others."
