"""Requests that a user can probably review, without a bot."""

from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from commands.use_cases.acting_user.authorized_user import LIST
from commands.use_cases.find_request import read_request
from sandbox.cast import SLACK_TRAIT
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state import resources
from teleport_client._proto.types_pb2 import (
    AccessRequestV3,
    AccessReviewConditions,
    RequestState,
    RoleConditions,
)
from tests.integration.commands.use_cases import BOB, CAROL, UseCases, use_cases
from tests.integration.request_factory import pending_request
from workspace.requests.review_policy import ReviewMode, ReviewPolicy


@pytest.fixture
async def cases(slack: SlackStandIn, teleport: TeleportStandIn) -> AsyncIterator[UseCases]:
    async with use_cases(slack, teleport) as ready:
        yield ready


async def reviewable(
    cases: UseCases, slack_user_id: str, *stored: AccessRequestV3, closed: bool = False
) -> Sequence[bool]:
    """Return for each request whether it is reviewable, or with `closed` in the user's scope."""
    user = await cases.services.authorize(slack_user_id, LIST)
    requests = [await read_request(cases.services, each.Metadata.Name) for each in stored]
    permissions = cases.services.permissions
    choose = permissions.in_review_scope if closed else permissions.reviewable
    found = choose(user, requests)
    return [request.id in found for request in requests]


async def test_pending_requests_of_other_users_are_reviewable(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """A closed request, or one that the user has reviewed, stays in the user's scope."""
    pending = pending_request(teleport)
    closed = pending_request(teleport, state=RequestState.APPROVED)
    reviewed = pending_request(teleport)
    reviewed.Spec.Reviews.add(Author="bob", ProposedState=RequestState.APPROVED)
    teleport.cluster.requests.put(reviewed)
    own = pending_request(teleport, user="bob")
    requests = (pending, closed, reviewed, own)
    assert await reviewable(cases, BOB, *requests) == [True, False, False, False]
    assert await reviewable(cases, BOB, *requests, closed=True) == [True, True, True, False]


async def test_approvers_review_by_the_settings(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """In mode `override`, roles count only where they deny reviews."""
    policy = override({"*": ("alice", "carol")})
    request = pending_request(teleport, user="dana")
    async with use_cases(slack, teleport, review_policy=policy) as cases:
        assert await reviewable(cases, BOB, request) == [False]
        assert await reviewable(cases, CAROL, request) == [True]
        assert await reviewable(cases, "U0ALICE001", request) == [True]
    deny = RoleConditions(ReviewRequests=AccessReviewConditions(Roles=["*"]))
    teleport.cluster.put_role(resources.role("denying", deny=deny))
    teleport.cluster.add_user("carol", ["dev", "reviewer", "denying"], {SLACK_TRAIT: [CAROL]})
    async with use_cases(slack, teleport, review_policy=policy) as cases:
        assert await reviewable(cases, CAROL, request) == [False]


async def test_role_of_an_access_list_makes_an_approver(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """Only the login state has this role; the user's record doesn't."""
    request = pending_request(teleport)
    teleport.cluster.login_states["carol"] = resources.login_state(
        "carol", ["dev", "auditor"], {}, original_roles=["dev"]
    )
    policy = override({"*": ("role:auditor",)})
    async with use_cases(slack, teleport, review_policy=policy) as cases:
        assert await reviewable(cases, CAROL, request) == [True]
        assert await reviewable(cases, BOB, request) == [False]


def override(approvers: Mapping[str, tuple[str, ...]]) -> ReviewPolicy:
    return ReviewPolicy(mode=ReviewMode.OVERRIDE, approvers=approvers)
