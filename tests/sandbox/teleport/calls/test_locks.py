"""Locks and deny rules apply to the caller, not to the user it acts for."""

from datetime import timedelta

import pytest
from grpc import StatusCode

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import rule
from teleport_client._proto.authservice_pb2 import ListAccessRequestsRequest
from teleport_client._proto.types_pb2 import LockTarget
from tests.sandbox.teleport.standin_client import Auth, refused, wanted


@pytest.mark.parametrize(
    "target",
    [
        LockTarget(User="alice"),
        LockTarget(Role="dev"),
        LockTarget(User="alice", Login="root"),
        LockTarget(User="bob", Role="dev"),
    ],
)
async def test_locked_caller_is_refused_everything(
    stand_in: TeleportStandIn, alice: Auth, bot: Auth, target: LockTarget
) -> None:
    """A lock with several conditions applies if one matches, as in 17.0.0-dev.

    The bot's call for the locked user still succeeds.
    """
    stand_in.cluster.lock(target, message="on leave")
    expected = (StatusCode.PERMISSION_DENIED, "access denied")
    assert await refused(alice.CreateAccessRequestV2(wanted("alice", "staging"))) == expected
    assert await refused(alice.ListAccessRequests(ListAccessRequestsRequest())) == expected
    await bot.CreateAccessRequestV2(wanted("alice", "staging"))


async def test_expired_and_foreign_locks_refuse_nothing(
    stand_in: TeleportStandIn, alice: Auth
) -> None:
    held = stand_in.cluster
    held.lock(LockTarget(User="alice"), expires=held.now() - timedelta(seconds=1))
    held.lock(LockTarget(Login="alice"))
    held.lock(LockTarget(User="bob"))
    await alice.CreateAccessRequestV2(wanted("alice", "staging"))


async def test_deny_rule_of_a_user_has_no_effect_on_the_bot(
    stand_in: TeleportStandIn, alice: Auth, bot: Auth
) -> None:
    denied = stand_in.cluster.roles["dev"].Spec.Deny.Rules
    denied.append(rule("access_request", "create"))
    code, _ = await refused(alice.CreateAccessRequestV2(wanted("alice", "staging")))
    assert code == StatusCode.PERMISSION_DENIED
    await bot.CreateAccessRequestV2(wanted("alice", "staging"))
