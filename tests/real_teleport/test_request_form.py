"""The request form with a real Teleport: roles with times, and resources of the cluster."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.integration.slack_driver import selected, words
from tests.real_teleport.harness.bot_process import BotProcess, running_bot
from tests.real_teleport.harness.bot_role import assign_bot_role
from tests.real_teleport.harness.cluster import APP, NODE
from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.world import World

_CLOSE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


def at(ahead: timedelta) -> dict[str, Any]:
    """Return the input of a picker."""
    moment = int(time.time() + ahead.total_seconds())
    return {"type": "datetimepicker", "selected_date_time": moment}


def reason(text: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": text}


def is_close(text: str, ahead: timedelta) -> bool:
    """Return whether a time of tctl's output is this far from now."""
    moment = datetime.fromisoformat(text.partition(".")[0].removesuffix("Z")).replace(tzinfo=UTC)
    return abs(moment - datetime.now(UTC) - ahead) < _CLOSE


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
    assert not await world.cluster.requests()


@pytest_asyncio.fixture(loop_scope="session")
async def listing_bot(world: World) -> AsyncIterator[BotProcess]:
    """A bot whose role lists resources."""
    cluster, features = world.cluster, world.setting.features
    await assign_bot_role(cluster, features, "--resources")
    try:
        async with running_bot(world.settings()) as bot:
            await bot.event("resources_listed")
            yield bot
    finally:
        await assign_bot_role(cluster, features)


@pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
async def test_form_finds_and_requests_a_resource(world: World, listing_bot: BotProcess) -> None:
    """Teleport selects the role."""
    form = await opened(world)
    found = await offered(world, form, "resources", "tier=staging")
    assert set(found) == {f"node/{NODE}", f"app/{APP}"}
    resource = selected(found[f"app/{APP}"])
    await world.people.submit("alice", form, resources=resource, reason=reason("one app"))
    card = await world.people.card("one app")
    assert f"app/{APP}" in words(card)
    spec = (await world.cluster.request(await world.id_of(card)))["spec"]
    assert (spec["roles"], len(spec["resource_ids"])) == (["staging"], 1)
    await world.people.click("bob", card, "approve")
    await world.approved(card)
