"""The output of `teleport-chatops teleport-role`, and that the role is sufficient."""

import pytest

from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.product import product
from tests.real_teleport.harness.world import World

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
