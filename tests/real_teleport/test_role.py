"""The output of `teleport-chatops teleport-role`, and that the role is sufficient."""

import pytest

from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.product import product
from tests.real_teleport.harness.world import World

_FLAGS = (
    pytest.param([], id="default"),
    pytest.param(["--no-asking"], id="no asking"),
    pytest.param(["--no-resource-names"], id="no resource names"),
    pytest.param(
        ["--resources"], id="resources", marks=pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
    ),
)


@pytest.mark.parametrize("flags", _FLAGS)
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
