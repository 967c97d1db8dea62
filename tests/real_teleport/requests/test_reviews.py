"""The inputs of a review, and reviews that don't resolve a request at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.requests.test_details import TITLE, plain_texts
from tests.integration.reviews.inputs import boxes, errors, field, fields, moment, text
from tests.integration.slack_driver import buttons, words
from tests.real_teleport.harness.accounts import Account
from tests.real_teleport.harness.bot_process import BotProcess
from tests.real_teleport.harness.cast_resources import role
from tests.real_teleport.harness.cluster import NODE
from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.programs import ProgramFailed
from tests.real_teleport.harness.tsh import Tsh
from tests.real_teleport.harness.world import APPROVED, DENIED, PENDING, World

_NORA = "U0NORA0001"
_HOUR = timedelta(hours=1)


@asynccontextmanager
async def requester(world: World, name: str, **request: Any) -> AsyncIterator[Account]:
    """Keep a Teleport user with permission to request roles, linked to nora in Slack."""
    await world.cluster.create_role(role(f"{name}-role", request=request))
    account = Account(name, (f"{name}-role",), _NORA)
    async with world.cluster.user(account):
        yield account


async def review_form(world: World, who: str, card: dict[str, Any]) -> dict[str, Any]:
    await world.people.click(who, card, "approve_with")
    return await world.people.form(who, "review_form")


async def shown_details(world: World, who: str, card: dict[str, Any], needle: str) -> str:
    await world.people.click(who, card, "details")
    view = await world.people.view(
        who, lambda v: v["type"] == "modal" and TITLE in words(v) and needle in words(v)
    )
    return plain_texts(view["blocks"])


async def state_of(world: World, request_id: str) -> int:
    return int((await world.cluster.request(request_id))["spec"]["state"])


async def test_approver_sets_a_later_start(world: World, bot: BotProcess) -> None:
    request_id, card = await world.requested("alice", "staging", "to start later")
    form = await review_form(world, "bob", card)
    start = (datetime.now(UTC) + 2 * _HOUR).replace(second=0, microsecond=0)
    await world.people.submit("bob", form, start=moment(start), reason=text("after the release"))
    await world.people.response("bob", "Access starts")
    await world.people.card_where(card["ts"], lambda m: "Access starts" in words(m))
    spec = (await world.cluster.request(request_id))["spec"]
    assert spec["state"] == APPROVED
    assert datetime.fromisoformat(spec["assume_start_time"]) == start
    assert "after the release" in spec["resolve_reason"]
    with pytest.raises(ProgramFailed, match="can not be assumed until"):
        await world.tsh("alice", "login", f"--request-id={request_id}")


async def test_start_after_the_access_is_an_error_at_its_field(
    world: World, bot: BotProcess
) -> None:
    request_id, card = await world.requested("alice", "staging for 1h", "to start too late")
    form = await review_form(world, "bob", card)
    late = moment(datetime.now(UTC) + 40 * _HOUR)
    done = await world.people.submit("bob", form, start=late)
    assert "Access ends at" in errors(done)["start"]
    assert await state_of(world, request_id) == PENDING


@pytest.mark.lacks(Feature.ON_BEHALF_REVIEWS)
@pytest.mark.needs(Feature.LIST_REQUESTS)
async def test_approver_grants_only_some_roles(
    world: World, bot: BotProcess, tmp_path: Path
) -> None:
    """The requester gets a certificate for these, and the card names the others."""
    async with requester(world, "narrow-nora", roles=["staging", "prod"]) as nora:
        _, card = await world.requested("nora", "staging prod", "to be narrowed")
        form = await review_form(world, "bob", card)
        assert fields(form) == ["grant_0", "start", "reason"]
        await world.people.submit("bob", form, grant_0=boxes(form, "grant_0", "staging"))
        await world.people.response("bob", "Not granted: prod")
        closed = await world.people.card_where(card["ts"], lambda m: "Not granted" in words(m))
        assert "Approved by bob" in words(closed)
        request_id = await world.id_of(closed)
        assert (await world.cluster.request(request_id))["spec"]["roles"] == ["staging"]
        tsh = await login_of(world, nora, tmp_path)
        await tsh.run("login", f"--request-id={request_id}")
        assert NODE in await tsh.run("ls")
        status = await tsh.run("status")
    assert "staging" in status
    assert "prod" not in status


async def test_several_requests_are_denied_in_one_form(world: World, bot: BotProcess) -> None:
    requests = [
        await world.requested(who, "staging", f"one of two: {who}") for who in ("alice", "carol")
    ]
    await world.people.type("bob", "/teleport-deny")
    form = await world.people.form("bob", "bulk_review_form")
    ids = {request_id for request_id, _ in requests}
    assert {each["value"] for each in field(form, "pick_0")["options"]} == ids
    picked = boxes(form, "pick_0", *ids)
    await world.people.submit("bob", form, pick_0=picked, reason=text("not today"))
    await world.people.response("bob", "You denied 2 requests.")
    for request_id, card in requests:
        await world.denied(card)
        assert await state_of(world, request_id) == DENIED


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
async def test_start_of_a_review_counts_while_the_request_is_pending(
    world: World, bot: BotProcess
) -> None:
    """The next review keeps it."""
    request_id, card = await world.requested("alice", "prod", "shard 6 is down")
    start = datetime.now(UTC) + _HOUR
    await world.tsh(
        "bob", "request", "review", "--approve",
        f"--assume-start-time={start:%Y-%m-%dT%H:%M:%SZ}", request_id,
    )  # fmt: skip
    pending = await world.people.card_where(card["ts"], lambda m: "Access starts" in words(m))
    assert "1 of 2" in words(pending)
    await world.tsh("carol", "request", "review", "--approve", request_id)
    assert "Access starts" in words(await world.approved(card))


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
async def test_review_that_matches_no_threshold_has_no_effect(
    world: World, bot: BotProcess, tmp_path: Path
) -> None:
    """The card marks it, the details show the filter, and a review that matches resolves."""
    leads = 'contains(reviewer.roles,"lead")'
    threshold = {"name": "leads", "approve": 1, "deny": 1, "filter": leads}
    await world.cluster.create_role(role("lead", review_requests={"roles": ["staging"]}))
    async with (
        requester(world, "filtered-nora", roles=["staging"], thresholds=[threshold]),
        world.cluster.user(lead := Account("lead-lou", ("lead",))),
    ):
        request_id, card = await world.requested("nora", "staging", "to be filtered")
        assert "approve" not in buttons(card)
        await world.tsh("bob", "request", "review", "--approve", request_id)
        marked = await world.people.card_where(
            card["ts"], lambda m: "counts toward no threshold" in words(m)
        )
        assert "bob" in words(marked)
        assert await state_of(world, request_id) == PENDING
        details = await shown_details(world, "carol", marked, "to be filtered")
        assert leads in details
        assert "0 of 1 approvals" in details
        tsh = await login_of(world, lead, tmp_path)
        await tsh.run("request", "review", "--approve", request_id)
        assert "Approved by lead-lou" in words(await world.approved(card))


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
async def test_first_of_two_denials_leaves_the_request_pending(
    world: World, bot: BotProcess
) -> None:
    threshold = {"name": "two denials", "approve": 1, "deny": 2}
    async with requester(world, "denied-nora", roles=["staging"], thresholds=[threshold]):
        request_id, card = await world.requested("nora", "staging", "to be denied twice")
        await world.tsh("bob", "request", "review", "--deny", "--reason=too early", request_id)
        await world.people.card_where(card["ts"], lambda m: "1 of 2 denials" in words(m))
        assert await state_of(world, request_id) == PENDING
        details = await shown_details(world, "carol", card, "too early")
        assert "1 of 2 denials" in details
        await world.tsh("carol", "request", "review", "--deny", request_id)
        denied = words(await world.denied(card))
        assert "bob" in denied
        assert "carol" in denied
        assert await state_of(world, request_id) == DENIED


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
async def test_approval_of_one_set_leaves_the_other_open(
    world: World, bot: BotProcess, tmp_path: Path
) -> None:
    """Each role has a threshold of its own, and the card counts them separately."""
    leads = {"name": "leads", "approve": 1, "filter": 'contains(reviewer.roles,"lead")'}
    await world.cluster.create_role(role("lead", review_requests={"roles": ["staging", "prod"]}))
    await world.cluster.create_role(role("open-staging", request={"roles": ["staging"]}))
    request = {"roles": ["prod"], "thresholds": [leads]}
    await world.cluster.create_role(role("filtered-prod", request=request))
    nora = Account("split-nora", ("open-staging", "filtered-prod"), _NORA)
    async with (
        world.cluster.user(nora),
        world.cluster.user(lead := Account("lead-lee", ("lead",))),
    ):
        request_id, card = await world.requested("nora", "staging prod", "to be split")
        await world.tsh("bob", "request", "review", "--approve", request_id)
        half = words(await world.people.card_where(card["ts"], lambda m: "1 of 1" in words(m)))
        assert "0 of 1 approvals (leads) for prod" in half
        assert await state_of(world, request_id) == PENDING
        tsh = await login_of(world, lead, tmp_path)
        await tsh.run("request", "review", "--approve", request_id)
        await world.approved(card)
        assert await state_of(world, request_id) == APPROVED


async def login_of(world: World, account: Account, folder: Path) -> Tsh:
    login = await world.setting.logins.of(account)
    return login.copied(folder / account.name)
