"""Whoever Teleport has locked out decides nothing from Slack either."""

from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.resources import rule
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import PENDING, LockTarget
from tests.integration.clusters import cluster
from tests.integration.stage import Stage, words


def forbid_locks(teleport: TeleportStandIn) -> None:
    """Take the right to read locks from the bot's role."""
    denied = teleport.cluster.roles["teleport-chatops"].Spec.Deny
    denied.Rules.append(rule("lock", "list", "read"))


@pytest.mark.parametrize(
    ("target", "whom"),
    [
        (LockTarget(User="bob"), "Your Teleport user bob is locked (on leave)"),
        (LockTarget(Role="reviewer"), "A Teleport role of yours is locked (on leave)"),
    ],
)
async def test_a_click_of_theirs_is_refused(stage: Stage, target: LockTarget, whom: str) -> None:
    """Also where the lock is on a role that they hold."""
    request, card = await stage.asked("alice", "staging", "redis 1")
    stage.teleport.cluster.lock(target, message="on leave")
    await stage.click("bob", card, "approve")
    await stage.answer("bob", whom)
    await stage.type("bob", f"/teleport-deny {request.Metadata.Name} no")
    await stage.answer("bob", whom)
    assert not stage.request(request.Metadata.Name).Spec.Reviews


@pytest.mark.parametrize("edition", Edition)
async def test_in_every_mode(slack: SlackStandIn, tmp_path: Path, edition: Edition) -> None:
    """Where the bot sets the state it is the only one who could refuse."""
    async with cluster(slack, tmp_path, edition) as (stage, _):
        request, card = await stage.asked("alice", "staging", "redis 1")
        stage.teleport.cluster.lock(LockTarget(User="bob"))
        await stage.click("bob", card, "approve")
        await stage.answer("bob", "Your Teleport user bob is locked, so nothing was done")
        assert stage.request(request.Metadata.Name).Spec.State == PENDING
        await stage.click("carol", card, "approve")
        await stage.card_where(card["ts"], lambda m: "Approved" in words(m))


async def test_locks_that_do_not_concern_them_change_nothing(stage: Stage) -> None:
    """Somebody else's, one on a single login, and one that has ended."""
    _, card = await stage.asked("alice", "staging", "redis 1")
    held = stage.teleport.cluster
    held.lock(LockTarget(User="alice"))
    held.lock(LockTarget(User="bob", Login="root"))
    held.lock(LockTarget(User="bob"), expires=held.now() - timedelta(seconds=1))
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: "Approved" in words(m))


async def test_where_locks_cannot_be_read_teleport_judges_a_review(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """The official plugin's role has no right to read them, and its reviews are taken."""
    async with cluster(slack, tmp_path, Edition.ENTERPRISE, prepare=forbid_locks) as (stage, log):
        _, card = await stage.asked("alice", "staging", "redis 1")
        await stage.click("bob", card, "approve")
        await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
        assert log.all("locks_not_read")


async def test_and_where_nobody_else_judges_nothing_is_done(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    async with cluster(slack, tmp_path, Edition.COMMUNITY, prepare=forbid_locks) as (stage, _):
        request, card = await stage.asked("alice", "staging", "redis 1")
        await stage.click("bob", card, "approve")
        await stage.answer("bob", "may not look whether you are locked out of Teleport")
        assert stage.request(request.Metadata.Name).Spec.State == PENDING
