"""The role of the bot in the tests: the printed one, with permission to cancel and to lock."""

from tests.real_teleport.harness.cluster import Cluster
from tests.real_teleport.harness.features import Feature, ServerFeatures
from tests.real_teleport.harness.product import product


async def assign_bot_role(cluster: Cluster, features: ServerFeatures, *options: str) -> None:
    """Create the role, or restore it after a test that followed the README or added `options`."""
    mode = "override" if Feature.ON_BEHALF_REVIEWS in features.missing else "person"
    printed = await product("teleport-role", "--mode", mode, "--cancel", "--locks", *options)
    await cluster.tctl("create", "-f", stdin=printed.out)
