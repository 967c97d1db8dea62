"""Users request resources and times, extend their access, and cancel, all from Slack."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from teleport_client._proto.types_pb2 import PluginDataFilter
from tests.integration.slack_driver import buttons, selected, words
from tests.real_teleport.harness.accounts import Account
from tests.real_teleport.harness.bot_process import BotProcess, running_bot
from tests.real_teleport.harness.bot_role import assign_bot_role
from tests.real_teleport.harness.cast_resources import role
from tests.real_teleport.harness.cluster import NODE, RESOURCES
from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.programs import ProgramFailed
from tests.real_teleport.harness.rules_server import identity_channel
from tests.real_teleport.harness.world import World
from tests.server_rules.caches import eventually
from workspace.card_model.status import Status
from workspace.requests.cancellation import KEY, PLUGIN, cancellation_from

_CLOSE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


def moment(text: str) -> datetime:
    """Read a time of tctl's output, to the second."""
    return datetime.fromisoformat(text.partition(".")[0].removesuffix("Z")).replace(tzinfo=UTC)


async def spec_of(world: World, card: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await world.cluster.request(await world.id_of(card)))["spec"]
    return found


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
async def test_host_is_requested_by_its_name(world: World, bot: BotProcess) -> None:
    """Teleport selects the role, and the access is to this host."""
    request_id, card = await world.requested("alice", f"to node/{NODE} for 1h", "one host")
    spec = await spec_of(world, card)
    assert (spec["roles"], len(spec["resource_ids"])) == (["staging"], 1)
    await world.people.click("bob", card, "approve")
    await world.approved(card)
    await world.tsh("alice", "login", f"--request-id={request_id}")
    assert NODE in await world.tsh("alice", "ls")


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("node/no-such-host", "You can't request these resources, or they don't exist"),
        ("db/no-such-database", "You can't request these resources, or they don't exist"),
        ("leaf-a/node/db-1", "leaf-a"),
        (" ".join(f"db/d{n}" for n in range(301)), "Teleport's limit is 300"),
        (f"prod to node/{NODE}", "You can't request prod for single resources"),
    ],
)
async def test_resource_that_cannot_be_requested_gets_a_sentence(
    world: World, bot: BotProcess, typed: str, answer: str
) -> None:
    await world.people.type("alice", f"/teleport-request {typed} because x")
    await world.people.response("alice", answer)
    assert not await world.requests()


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
@pytest.mark.parametrize("pattern", ["*", "^stag.*$", "{{external.team}}"])
async def test_search_as_roles_with_patterns_lead_to_a_sentence(
    world: World, bot: BotProcess, pattern: str
) -> None:
    """The user isn't the nora of other tests: Teleport has the roles of her last login."""
    await world.cluster.create(
        role("searcher", request={"roles": ["staging"], "search_as_roles": [pattern]})
    )
    async with world.cluster.user(Account("searching-nora", ("searcher",), "U0NORA0001")):
        await world.people.type("nora", f"/teleport-request to node/{NODE} because x")
        answer = f"{pattern} in search_as_roles, and Teleport has no such role"
        await world.people.response("nora", answer)
        await world.requested("nora", "staging", "a role by name")


async def test_role_that_lists_itself_is_not_requested_from_its_holder(
    world: World, bot: BotProcess
) -> None:
    await world.cluster.create_role(role("selfish", request={"roles": ["selfish"]}))
    async with world.cluster.user(Account("selfish-nora", ("selfish",), "U0NORA0001")):
        await world.people.type("nora", "/teleport-request selfish because x")
        await world.people.response("nora", "You already have selfish")
    assert not await world.requests()


@pytest.mark.parametrize(
    ("typed", "length"),
    [
        ("for 90 minutes", timedelta(minutes=90)),
        ("for 1:30", timedelta(minutes=90)),
        ("for half an hour", timedelta(minutes=30)),
        ("until in 3 hours", timedelta(hours=3)),
    ],
)
async def test_access_ends_as_typed(
    world: World, bot: BotProcess, typed: str, length: timedelta
) -> None:
    _, card = await world.requested("alice", f"staging {typed}", "a duration")
    spec = await spec_of(world, card)
    created, end = moment(spec["created"]), moment(spec["max_duration"])
    assert abs(end - created - length) < _CLOSE


async def test_session_ttl_limits_single_sessions(world: World, bot: BotProcess) -> None:
    """Access lasts longer, because the role of the requester has a `max_duration`."""
    request = {"roles": ["staging"], "max_duration": "50h"}
    await world.cluster.create_role(role("long-requester", request=request))
    async with world.cluster.user(Account("lasting-nora", ("long-requester",), "U0NORA0001")):
        _, card = await world.requested("nora", "staging for 48h --session-ttl 1h", "long access")
    spec = await spec_of(world, card)
    created, session, end = (moment(spec[name]) for name in ("created", "session_ttl", "expires"))
    assert abs(session - created - timedelta(hours=1)) < _CLOSE
    assert abs(end - created - timedelta(hours=48)) < _CLOSE


async def test_access_with_a_later_start_does_not_start_before(
    world: World, bot: BotProcess
) -> None:
    request_id, card = await world.requested("alice", "staging for 1h from in 2 hours", "later")
    spec = await spec_of(world, card)
    start, end = moment(spec["assume_start_time"]), moment(spec["max_duration"])
    assert abs(start - datetime.now(UTC) - timedelta(hours=2)) < _CLOSE
    assert end - start == timedelta(hours=1)
    assert "Access starts" in words(card)
    await world.people.click("bob", card, "approve")
    await world.approved(card)
    with pytest.raises(ProgramFailed, match="assume"):
        await world.tsh("alice", "login", f"--request-id={request_id}")


async def test_start_that_teleport_cannot_grant_gets_a_sentence(
    world: World, bot: BotProcess
) -> None:
    await world.people.type("alice", "/teleport-request staging from in 8 days because x")
    await world.people.response("alice", "so nothing was requested. Choose an earlier start")
    assert not await world.requests()


async def test_extension_is_a_new_request_that_needs_an_approval(
    world: World, bot: BotProcess
) -> None:
    request_id, card = await world.requested("alice", "staging for 1h", "to extend")
    await world.people.click("bob", card, "approve")
    await world.approved(card)
    outcome = await world.people.dm("alice", f"tsh login --request-id={request_id}")
    await world.people.click("alice", outcome, "extend_access", channel="@alice")
    await world.people.response("alice", "You requested staging for 1 hour", channel="@alice")
    listed = await eventually(world.cluster.requests, lambda found: len(found) > 1)
    (new,) = (each for each in listed if each["metadata"]["name"] != request_id)
    assert (new["spec"]["roles"], new["spec"]["request_reason"]) == (["staging"], "to extend")
    second = await world.people.card(new["metadata"]["name"][-8:])
    await world.people.click("bob", second, "approve")
    await world.approved(second)


async def test_record_of_a_cancellation_outlives_the_request(world: World, bot: BotProcess) -> None:
    """Teleport deletes the request and keeps the plugin data that names the requester."""
    request_id, card = await world.requested("alice", "staging", "to cancel")
    await cancel(world)
    await world.people.response("alice", "You cancelled your request")
    cancelled = await world.closed(card, Status.CANCELLED)
    assert "alice" in words(cancelled)
    assert not await eventually(world.cluster.requests, lambda found: not found)
    assert await recorded_canceller(world, request_id) == "alice"


async def test_next_bot_names_the_requester_who_cancelled(world: World) -> None:
    """The first bot is killed before it could update the card."""
    world.grant_history()
    settings = world.settings()
    async with running_bot(settings) as first:
        request_id, card = await world.requested("alice", "staging", "to cancel later")
        response = await world.people.response("alice", "You requested staging")
        assert "cancel_request" in buttons(response)
        world.setting.slack.faults.inject({"method": "chat.update", "status": 503})
        await world.people.click("alice", response, "cancel_request")
        await world.people.response("alice", "You cancelled your request")
        await first.kill()
    assert await recorded_canceller(world, request_id) == "alice"
    world.setting.slack.faults.clear()
    async with running_bot(settings):
        await world.closed(card, Status.CANCELLED)


async def cancel(world: World) -> None:
    response = await world.people.response("alice", "You requested staging")
    await world.people.click("alice", response, "cancel_request")


async def recorded_canceller(world: World, request_id: str) -> str:
    """Return the canceller of a request, from the plugin data in Teleport."""
    opened = identity_channel(world.cluster.auth, world.setting.identity)
    query = PluginDataFilter(Kind="access_request", Resource=request_id, Plugin=PLUGIN)
    found = await AuthServiceStub(opened).GetPluginData(query)
    await opened.close()
    (data,) = found.PluginData
    cancellation = cancellation_from(data.Spec.Entries[PLUGIN].Data[KEY])
    assert cancellation is not None
    return cancellation.by


def at(ahead: timedelta) -> dict[str, Any]:
    """Return the input of a picker."""
    moment = int(time.time() + ahead.total_seconds())
    return {"type": "datetimepicker", "selected_date_time": moment}


def reason(text: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": text}


def is_close(text: str, ahead: timedelta) -> bool:
    """Return whether a time of tctl's output is this far from now."""
    return abs(moment(text) - datetime.now(UTC) - ahead) < _CLOSE


async def opened(world: World) -> dict[str, Any]:
    await world.people.type("alice", "/teleport-request")
    return await world.people.form("alice", "request_form")


async def offered(world: World, form: dict[str, Any], menu: str, text: str) -> dict[str, str]:
    """Return the values that a menu offers, by their text."""
    act = {"as": "alice", "do": "suggest", "view_id": form["id"], "action_id": menu, "text": text}
    done = await world.people.slack.act(act)
    return {each["text"]["text"]: each["value"] for each in done["payload"]["options"]}


async def test_form_requests_a_role_with_a_start_and_an_expiry(
    world: World, bot: BotProcess
) -> None:
    form = await opened(world)
    assert "staging" in await offered(world, form, "roles", "stag")
    values = {"roles": selected("staging"), "reason": reason("from the form")}
    await world.people.submit("alice", form, **values, start=at(2 * _HOUR), expires=at(_HOUR))
    card = await world.people.card("from the form")
    request = await world.cluster.request(await world.id_of(card))
    spec = request["spec"]
    assert is_close(spec["assume_start_time"], 2 * _HOUR)
    assert is_close(spec.get("resource_expiry") or request["metadata"]["expires"], _HOUR)
    await world.people.click("bob", card, "approve")
    await world.approved(card)


async def test_impossible_start_is_an_error_at_its_field(world: World, bot: BotProcess) -> None:
    form = await opened(world)
    values = {"roles": selected("staging"), "reason": reason("too late")}
    start = {"type": "datetimepicker", "selected_date_time": int(time.time() + 8 * 86_400)}
    done = await world.people.submit("alice", form, **values, start=start)
    assert "Choose an earlier start" in words(done["payload"]["errors"]["start"])
    assert not await world.requests()


@pytest_asyncio.fixture(loop_scope="session")
async def listing_bot(world: World) -> AsyncIterator[BotProcess]:
    """A bot with permission to list resources."""
    cluster, features = world.cluster, world.setting.features
    await assign_bot_role(cluster, features, "--resources")
    try:
        async with running_bot(world.settings()) as bot:
            await bot.event("resources_listed")
            yield bot
    finally:
        await assign_bot_role(cluster, features)


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
async def test_form_finds_and_requests_resources(world: World, listing_bot: BotProcess) -> None:
    """Of several kinds; Teleport selects the role."""
    form = await opened(world)
    found = await offered(world, form, "resources", "tier=staging")
    assert set(found) == {f"{kind}/{name}" for kind, name in RESOURCES}
    resources = selected(*found.values())
    await world.people.submit("alice", form, resources=resources, reason=reason("one of each"))
    card = await world.people.card("one of each")
    for _, name in RESOURCES:
        await world.people.card_where(card["ts"], lambda m, it=name: it in words(m))  # type: ignore[misc]
    spec = (await world.cluster.request(await world.id_of(card)))["spec"]
    assert (spec["roles"], len(spec["resource_ids"])) == (["staging"], len(RESOURCES))
    await world.people.click("bob", card, "approve")
    await world.approved(card)
