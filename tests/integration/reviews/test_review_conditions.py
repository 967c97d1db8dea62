"""Reviewers with conditions in their roles: `where`, and requested roles from traits."""

from collections.abc import Iterable, Mapping

import pytest

from sandbox.cast import SLACK_TRAIT
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state import resources
from teleport_client._proto.types_pb2 import (
    AccessReviewConditions,
    ClaimMapping,
    RequestState,
    RoleConditions,
)
from tests.integration.home.home_driver import opened_home
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, words

SLACK_IDS = {"bob": "U0BOB00001", "carol": "U0CAROL001"}
ON_TEAM = 'contains(reviewer.traits["team"], "db") && regexp.match(request.reason, "*redis*")'


def give(
    teleport: TeleportStandIn,
    conditions: AccessReviewConditions,
    teams: Mapping[str, Iterable[str]],
) -> None:
    """Set the conditions of all reviewers, and the teams of some users."""
    allow = RoleConditions(ReviewRequests=conditions)
    teleport.cluster.put_role(resources.role("reviewer", allow))
    for name, team in teams.items():
        traits = {SLACK_TRAIT: [SLACK_IDS[name]], "team": team}
        teleport.cluster.add_user(name, ["dev", "reviewer"], traits)


@pytest.fixture
def by_team(stage: Stage) -> Stage:
    """Only Bob is on the team that reviews requests about redis."""
    conditions = AccessReviewConditions(Roles=["*"], Where=ON_TEAM)
    give(stage.teleport, conditions, {"bob": ["db"], "carol": ["web"]})
    return stage


async def test_reviewer_within_the_condition_sees_and_reviews_the_request(by_team: Stage) -> None:
    request = pending_request(by_team.teleport, reason="redis 1")
    pending_request(by_team.teleport, reason="other 2")
    card = await by_team.card("redis 1")
    await by_team.type("bob", "/teleport-pending")
    listed = words(await by_team.response("bob", "Your requests and requests to review"))
    assert "redis 1" in listed
    assert "other 2" not in listed
    await by_team.type("bob", f"/teleport-approve {request.Metadata.Name}")
    await by_team.card_where(card["ts"], lambda m: "Approved by bob" in words(m))


async def test_reviewer_outside_the_condition_sees_nothing(by_team: Stage) -> None:
    """The list, App Home, Details and reviews treat the request as if it didn't exist."""
    request = pending_request(by_team.teleport, reason="redis 1")
    card = await by_team.card("redis 1")
    await by_team.type("carol", "/teleport-pending")
    assert "redis 1" not in words(await by_team.response("carol", "You're all caught up"))
    assert "redis 1" not in words(await opened_home(by_team, "carol", "Waiting for your review"))
    await by_team.click("carol", card, "details")
    await by_team.response("carol", "see more of this request than its card shows")
    await by_team.type("carol", f"/teleport-approve {request.Metadata.Name}")
    await by_team.response("carol", "There's no request")
    stored = by_team.request(request.Metadata.Name)
    assert stored.Spec.State == RequestState.PENDING
    assert not stored.Spec.Reviews


async def test_details_name_only_users_within_the_condition(by_team: Stage) -> None:
    pending_request(by_team.teleport, reason="redis 1")
    await by_team.click("bob", await by_team.card("redis 1"), "details")
    shown = words(await by_team.view("bob", lambda v: "Can still decide" in words(v)))
    assert "role reviewer" in shown
    assert "carol" not in shown


async def test_traits_decide_which_roles_a_user_reviews(stage: Stage) -> None:
    """The traits of the login state count. The user's record can have others."""
    mapping = ClaimMapping(Claim="team", Value="reviews-*", Roles=["$1"])
    conditions = AccessReviewConditions(ClaimsToRoles=[mapping])
    give(stage.teleport, conditions, {"bob": ["reviews-staging"], "carol": ["reviews-prod"]})
    stage.teleport.cluster.login_states["carol"] = resources.login_state(
        "carol", ["dev", "reviewer"], {"team": ["reviews-staging"]}
    )
    pending_request(stage.teleport, reason="redis 1")
    pending_request(stage.teleport, role="prod", reason="shard 2")
    for name in ("bob", "carol"):
        await stage.type(name, "/teleport-pending reviewable")
        listed = words(await stage.response(name, "Waiting for your review"))
        assert "redis 1" in listed
        assert "shard 2" not in listed


async def test_request_stays_visible_if_the_condition_is_unknown(stage: Stage) -> None:
    """The role can have a function that only a newer Teleport knows."""
    conditions = AccessReviewConditions(Roles=["*"], Where="newer.function(request.roles)")
    give(stage.teleport, conditions, {"bob": ["db"]})
    pending_request(stage.teleport, reason="redis 1")
    await stage.type("bob", "/teleport-pending reviewable")
    await stage.response("bob", "redis 1")
    await stage.click("bob", await stage.card("redis 1"), "details")
    shown = words(await stage.view("bob", lambda v: "Can still decide" in words(v)))
    assert "if newer.function(request.roles)" in shown
