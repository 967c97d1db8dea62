"""Reviews with options: a later start, fewer roles, filters of thresholds, and several denials."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.reviews.inputs import boxes, fields, moment, text
from tests.integration.slack_driver import words
from tests.real_teleport.harness.accounts import Account
from tests.real_teleport.harness.bot_process import BotProcess
from tests.real_teleport.harness.cast_resources import role
from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.programs import ProgramFailed
from tests.real_teleport.harness.world import APPROVED, DENIED, PENDING, World

NORA = "U0NORA0001"
FILTER = 'contains(reviewer.roles, "admin")'


@asynccontextmanager
async def requester(world: World, name: str, **request: Any) -> AsyncIterator[None]:
    """Create a user, linked to nora in Slack, whose only role allows these requests."""
    await world.cluster.create_role(role(name, request=request))
    async with world.cluster.user(Account(f"{name}-nora", (name,), NORA)):
        yield


async def spec_of(world: World, request_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await world.cluster.request(request_id))["spec"]
    return found


def in_an_hour() -> datetime:
    return (datetime.now(UTC) + timedelta(hours=1)).replace(second=0, microsecond=0)


async def test_approval_sets_a_later_start(world: World, bot: BotProcess) -> None:
    """Teleport doesn't let the requester log in with the request before."""
    request_id, card = await world.requested("alice", "staging", "after the release")
    await world.people.click("bob", card, "approve_with")
    form = await world.people.form("bob", "review_form")
    start = in_an_hour()
    await world.people.submit("bob", form, start=moment(start), reason=text("not before"))
    assert "Access starts" in words(await world.approved(card))
    spec = await spec_of(world, request_id)
    assert spec["assume_start_time"].startswith(f"{start:%Y-%m-%dT%H:%M:00}")
    with pytest.raises(ProgramFailed, match="assume"):
        await world.tsh("alice", "login", f"--request-id={request_id}")


@pytest.mark.lacks(Feature.ON_BEHALF_REVIEWS)
@pytest.mark.needs(Feature.LIST_REQUESTS)
async def test_approver_grants_only_some_roles(world: World, bot: BotProcess) -> None:
    async with requester(world, "pair-requester", roles=["staging", "prod"]):
        request_id, card = await world.requested("nora", "staging prod", "one of two roles")
        await world.people.click("bob", card, "approve_with")
        form = await world.people.form("bob", "review_form")
        assert fields(form) == ["grant_0", "start", "reason"]
        await world.people.submit("bob", form, grant_0=boxes(form, "grant_0", "staging"))
        assert "Not granted" in words(await world.approved(card))
        spec = await spec_of(world, request_id)
        assert (spec["roles"], spec["state"]) == (["staging"], APPROVED)


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
async def test_start_of_a_review_counts_while_the_request_is_pending(
    world: World, bot: BotProcess
) -> None:
    """The next review keeps it."""
    request_id, card = await world.requested("alice", "prod", "shard 6 is down")
    start = in_an_hour()
    await world.tsh(
        "bob", "request", "review", "--approve",
        f"--assume-start-time={start:%Y-%m-%dT%H:%M:%SZ}", request_id,
    )  # fmt: skip
    pending = await world.people.card_where(card["ts"], lambda m: "Access starts" in words(m))
    assert "1 of 2" in words(pending)
    await world.tsh("carol", "request", "review", "--approve", request_id)
    assert "Access starts" in words(await world.approved(card))


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
async def test_one_of_two_denials_leaves_the_request_pending(world: World, bot: BotProcess) -> None:
    thresholds = [{"name": "two people", "approve": 2, "deny": 2}]
    async with requester(world, "two-denials", roles=["staging"], thresholds=thresholds):
        request_id, card = await world.requested("nora", "staging", "two may deny")
        await world.tsh("bob", "request", "review", "--deny", "--reason=no", request_id)
        await world.people.card_where(card["ts"], lambda m: "1 of 2 denials" in words(m))
        assert (await spec_of(world, request_id))["state"] == PENDING
        await world.tsh("carol", "request", "review", "--deny", "--reason=no", request_id)
        await world.denied(card)
        assert (await spec_of(world, request_id))["state"] == DENIED


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
async def test_review_that_matches_no_filter_has_no_effect(world: World, bot: BotProcess) -> None:
    """Teleport stores it, and the card says that it doesn't count."""
    thresholds = [{"name": "admins", "approve": 1, "deny": 1, "filter": FILTER}]
    async with requester(world, "filtered", roles=["staging"], thresholds=thresholds):
        request_id, card = await world.requested("nora", "staging", "admins decide")
        await world.tsh("bob", "request", "review", "--approve", request_id)
        shown = await world.people.card_where(
            card["ts"], lambda m: "counts toward no threshold" in words(m)
        )
        assert "0 of 1 approvals" in words(shown)
        assert (await spec_of(world, request_id))["state"] == PENDING
