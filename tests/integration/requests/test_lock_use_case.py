"""Users lock approved access, without a bot."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import grpc
import pytest

from commands.use_cases.lock_access import (
    AlreadyLocked,
    CannotLock,
    Locked,
    LockOutcome,
    NameTaken,
    NoAccess,
    NotPermitted,
    RequestDeleted,
    lock_access,
)
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import rule
from sandbox.teleport.timestamps import moment, stamp, utc_now
from teleport_client._proto.types_pb2 import (
    AccessRequestV3,
    AccessReviewConditions,
    LockSpecV2,
    LockTarget,
    LockV2,
    Metadata,
    RequestState,
)
from teleport_client.errors import Unreachable
from tests.integration.commands.use_cases import ALICE, BOB, UseCases, use_cases
from tests.integration.request_factory import pending_request
from workspace.requests.access_lock import lock_name
from workspace.requests.review_policy import ReviewMode, ReviewPolicy
from workspace.requests.user_error import UserError
from workspace.retry import interaction_deadline


@pytest.fixture
async def cases(slack: SlackStandIn, teleport: TeleportStandIn) -> AsyncIterator[UseCases]:
    async with use_cases(slack, teleport) as ready:
        ready.services = replace(ready.services, can_lock=lambda: True)
        yield ready


@pytest.fixture
def approved(teleport: TeleportStandIn) -> AccessRequestV3:
    return pending_request(teleport, state=RequestState.APPROVED)


async def lock(
    cases: UseCases, request: AccessRequestV3, slack_user_id: str = ALICE
) -> LockOutcome:
    return await lock_access(cases.services, slack_user_id, request.Metadata.Name)


async def test_requester_locks_access_until_an_hour_after_its_end(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    assert isinstance(await lock(cases, approved), Locked)
    (stored,) = teleport.cluster.locks.values()
    assert stored.Metadata.Name == lock_name(approved.Metadata.Name)
    assert stored.Spec.Target == LockTarget(AccessRequest=approved.Metadata.Name)
    assert stored.Spec.Message == "Locked by alice from Slack: I'm done"
    end = moment(approved.Spec.Expires).replace(microsecond=0)
    assert moment(stored.Spec.Expires).replace(microsecond=0) == end + timedelta(hours=1)
    assert cases.changed == [approved.Metadata.Name]


async def test_reviewer_locks_access(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    assert isinstance(await lock(cases, approved, BOB), Locked)
    (stored,) = teleport.cluster.locks.values()
    assert stored.Spec.Message == "Locked by bob from Slack: stopped by a reviewer"


async def test_user_who_cannot_review_locks_nothing(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    request = pending_request(teleport, user="bob", state=RequestState.APPROVED)
    assert isinstance(await lock(cases, request, ALICE), NotPermitted)
    assert not teleport.cluster.locks


async def test_condition_that_only_the_server_can_evaluate_is_no_permission(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    """Teleport checks a review after the bot, but not a lock."""
    teleport.cluster.roles[
        "reviewer"
    ].Spec.Allow.ReviewRequests.Where = 'contains(reviewer.traits["team"], "core")'
    assert isinstance(await lock(cases, approved, BOB), NotPermitted)
    assert not teleport.cluster.locks


async def test_denied_reviewer_locks_nothing(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    teleport.cluster.roles["reviewer"].Spec.Deny.ReviewRequests.CopyFrom(
        AccessReviewConditions(Roles=["staging"])
    )
    assert isinstance(await lock(cases, approved, BOB), NotPermitted)
    assert not teleport.cluster.locks


@pytest.mark.parametrize("mode", [ReviewMode.NOTIFY, ReviewMode.OFF])
async def test_only_the_requester_locks_access_without_reviews_from_slack(
    cases: UseCases, approved: AccessRequestV3, mode: ReviewMode
) -> None:
    cases.services = replace(cases.services, review_policy=ReviewPolicy(mode))
    assert isinstance(await lock(cases, approved, BOB), NotPermitted)
    assert isinstance(await lock(cases, approved, ALICE), Locked)


async def test_locked_user_locks_nothing(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    """The lock of the user already rejects everything."""
    teleport.cluster.lock(LockTarget(User="alice"), message="on leave")
    with pytest.raises(UserError, match=r"alice is locked \(on leave\)\. Nothing was locked"):
        await lock(cases, approved)
    assert len(teleport.cluster.locks) == 1


async def test_user_who_may_not_see_requests_locks_nothing(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    teleport.cluster.roles["dev"].Spec.Deny.Rules.append(rule("access_request", "read"))
    with pytest.raises(UserError, match="doesn't let you lock access"):
        await lock(cases, approved)
    assert not teleport.cluster.locks


@pytest.mark.parametrize("state", [RequestState.PENDING, RequestState.DENIED])
async def test_request_without_approval_is_not_locked(
    cases: UseCases, teleport: TeleportStandIn, state: RequestState.ValueType
) -> None:
    request = pending_request(teleport, state=state)
    assert isinstance(await lock(cases, request), NoAccess)
    assert not teleport.cluster.locks


async def test_ended_access_is_not_locked(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    approved.Spec.Expires.CopyFrom(stamp(utc_now() - timedelta(seconds=1)))
    teleport.cluster.requests.put(approved)
    assert isinstance(await lock(cases, approved), NoAccess)


async def test_deleted_request_is_not_locked(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    """The bot can no longer find out its requester."""
    teleport.cluster.delete_request(approved.Metadata.Name)
    assert isinstance(await lock(cases, approved), RequestDeleted)
    assert not teleport.cluster.locks


async def test_setting_turns_locks_off(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    cases.services = replace(cases.services, can_lock=lambda: False)
    assert isinstance(await lock(cases, approved), CannotLock)
    assert not teleport.cluster.locks


async def test_bot_without_the_permission_locks_nothing(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    teleport.faults.add("UpsertLock", grpc.StatusCode.PERMISSION_DENIED)
    assert isinstance(await lock(cases, approved), CannotLock)
    assert not teleport.cluster.locks


async def test_reviewer_with_a_role_that_does_not_exist_locks_nothing(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    """Teleport reads all roles of a reviewer, and accepts no review if one is missing."""
    teleport.cluster.users["bob"].Spec.Roles.append("ghost")
    assert isinstance(await lock(cases, approved, BOB), NotPermitted)
    assert not teleport.cluster.locks


async def test_lock_on_something_else_is_not_replaced(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    """Its name is known, so every user with permission to create locks can take it."""
    other = LockV2(
        Metadata=Metadata(Name=lock_name(approved.Metadata.Name)),
        Spec=LockSpecV2(Target=LockTarget(User="mallory")),
    )
    teleport.cluster.put_lock(other)
    assert isinstance(await lock(cases, approved), NameTaken)
    assert [each.Spec.Target.User for each in teleport.cluster.locks.values()] == ["mallory"]


@pytest.mark.parametrize("more", [{"User": "mallory"}, {"Role": "mallory"}, {"Login": "root"}])
async def test_lock_on_the_request_and_on_something_else_is_not_replaced(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3, more: dict[str, str]
) -> None:
    """It ends before the access, so it isn't enough for the user, but it locks more."""
    target = LockTarget(AccessRequest=approved.Metadata.Name, **more)
    spec = LockSpecV2(Target=target, Expires=stamp(utc_now() + timedelta(minutes=5)))
    name = lock_name(approved.Metadata.Name)
    teleport.cluster.put_lock(LockV2(Metadata=Metadata(Name=name), Spec=spec))
    assert isinstance(await lock(cases, approved), NameTaken)
    assert [each.Spec.Target for each in teleport.cluster.locks.values()] == [target]


async def test_second_click_finds_the_lock(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    both = await asyncio.gather(lock(cases, approved), lock(cases, approved, BOB))
    assert {type(outcome) for outcome in both} == {Locked, AlreadyLocked}
    assert len(teleport.cluster.locks) == 1


async def test_lock_of_an_administrator_counts_if_it_lasts(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    """A lock that ends before the access isn't enough."""
    target = LockTarget(AccessRequest=approved.Metadata.Name)
    short = teleport.cluster.lock(target, expires=utc_now() + timedelta(minutes=1))
    assert isinstance(await lock(cases, approved), Locked)
    for name in (short.Metadata.Name, lock_name(approved.Metadata.Name)):
        teleport.cluster.delete_lock(name)
    teleport.cluster.lock(target, message="under review")
    found = await lock(cases, approved)
    assert isinstance(found, AlreadyLocked)
    assert found.lock.message == "under review"


async def test_retry_after_a_lost_response_confirms_the_lock(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    teleport.faults.add("UpsertLock", grpc.StatusCode.UNAVAILABLE, after_commit=True, times=1)
    assert isinstance(await lock(cases, approved), Locked)
    assert len(teleport.cluster.locks) == 1


async def test_outage_is_reported_and_a_later_click_works(
    cases: UseCases, teleport: TeleportStandIn, approved: AccessRequestV3
) -> None:
    teleport.faults.add("UpsertLock", grpc.StatusCode.UNAVAILABLE, times=100)
    with interaction_deadline(1.0), pytest.raises(Unreachable):
        await lock(cases, approved)
    teleport.faults.clear()
    assert isinstance(await lock(cases, approved), Locked)
