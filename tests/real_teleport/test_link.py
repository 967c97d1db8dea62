"""`tctl get users/nora | teleport-chatops link nora … | tctl create -f`."""

import json
from typing import Any

import pytest

from sandbox.cast import SLACK_TRAIT
from tests.real_teleport.harness.accounts import Account
from tests.real_teleport.harness.product import product
from tests.real_teleport.harness.world import World
from tests.server_rules.caches import eventually

_SLACK_ID = "U0NORA0001"


@pytest.mark.parametrize("form", ["yaml", "json"])
async def test_link_adds_the_slack_id_and_nothing_else(world: World, form: str) -> None:
    async def nora() -> dict[str, Any]:
        (found,) = json.loads(await world.cluster.tctl("get", "users/nora", "--format=json"))
        return dict(found)

    async with world.cluster.user(Account("nora", ("dev",))):
        before = await nora()
        printed = await world.cluster.tctl("get", "users/nora", f"--format={form}")
        linked = await product("link", "nora", _SLACK_ID, stdin=printed)
        await world.cluster.tctl("create", "-f", stdin=linked.out)
        after = await eventually(nora, lambda user: SLACK_TRAIT in user["spec"]["traits"])
    assert SLACK_TRAIT not in before["spec"]["traits"]
    assert after["spec"]["traits"].pop(SLACK_TRAIT) == [_SLACK_ID]
    for user in (before, after):
        del user["metadata"]["revision"]
    assert after == before


async def test_link_keeps_another_id_without_replace(world: World) -> None:
    async with world.cluster.user(Account("nora", ("dev",), "U0OTHER001")):
        printed = await world.cluster.tctl("get", "users/nora")
        refused = await product("link", "nora", _SLACK_ID, stdin=printed)
        replaced = await product("link", "nora", _SLACK_ID, "--replace", stdin=printed)
    assert refused.code == 2
    assert "--replace" in refused.err
    assert _SLACK_ID in replaced.out
