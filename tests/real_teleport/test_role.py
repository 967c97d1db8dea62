"""What `teleport-chatops teleport-role` prints, and whether it is enough."""

import json

import pytest

from tests.real_teleport.features import Feature
from tests.real_teleport.product import product
from tests.real_teleport.world import World

_FLAGS: tuple[list[str], ...] = ([], ["--no-asking"], ["--no-resource-names"])


@pytest.mark.parametrize("flags", _FLAGS, ids=" ".join)
@pytest.mark.parametrize(
    "mode",
    [
        "override",
        "notify",
        pytest.param("person", marks=[pytest.mark.needs(Feature.ON_BEHALF_REVIEWS)]),
    ],
)
async def test_printed_role_is_accepted(world: World, mode: str, flags: list[str]) -> None:
    """With the Machine ID bot that is printed with it."""
    printed = await product("teleport-role", "--mode", mode, *flags)
    text = printed.out.replace("teleport-chatops", "printed")
    await world.cluster.tctl("create", "-f", stdin=text)
    stored = await world.cluster.tctl("get", "roles/printed", "--format=json")
    assert "access_plugin_data" in stored
    await world.cluster.tctl("rm", "bots/printed")


async def test_doctor_finds_nothing_to_correct(world: World) -> None:
    """The printed role has every permission that the bot needs."""
    examined = await product(
        "doctor", "--config", str(world.settings()), "--json",
        TELEPORT_CHATOPS_TELEPORT__REFRESH_IDENTITY="true",
    )  # fmt: skip
    assert [check for check in json.loads(examined.out) if check["level"] != "ok"] == []
    assert examined.code == 0
