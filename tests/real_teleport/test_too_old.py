"""A server without a method that the bot needs."""

import json

import pytest

from tests.real_teleport.harness.bot_process import started_bot
from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.product import product
from tests.real_teleport.harness.world import World

pytestmark = pytest.mark.lacks(Feature.LIST_REQUESTS)


async def test_bot_names_the_missing_method_and_ends(world: World) -> None:
    async with started_bot(world.settings()) as bot:
        assert await bot.process.wait() == 2
    assert _sentence(world) in bot.events[-1]["event"]


async def test_doctor_names_the_missing_method(world: World) -> None:
    examined = await product("doctor", "--config", str(world.settings()), "--json")
    assert examined.code == 2
    failed = [check for check in json.loads(examined.out) if check["level"] == "failure"]
    assert any(_sentence(world) in f"{check['found']} {check['cure']}" for check in failed)


def _sentence(world: World) -> str:
    return f"Teleport {world.setting.features.version} has no ListAccessRequests"
