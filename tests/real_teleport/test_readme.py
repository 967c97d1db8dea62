"""The README's setup with newly installed Teleport, Slack app and bot."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.real_teleport.harness.accounts import Account
from tests.real_teleport.harness.bot_process import running_bot
from tests.real_teleport.harness.cluster import NODE
from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.tbot import Tbot, readme_script, run_script, running_tbot
from tests.real_teleport.harness.tsh import Tsh
from tests.real_teleport.harness.world import Setting, World

_REFRESH = {
    "TELEPORT_CHATOPS_TELEPORT__REFRESH_IDENTITY": "true",
    "TELEPORT_CHATOPS_TELEPORT__REFRESH_IDENTITY_INTERVAL": "1s",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tbot(setting: Setting, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tbot]:
    """One for all tests: Teleport issues one renewable certificate per bot."""
    setting.features.require(Feature.LIST_REQUESTS)
    folder = tmp_path_factory.mktemp("tbot")
    async with running_tbot(setting.cluster, setting.features, folder) as tbot:
        yield tbot


async def test_new_user_reaches_a_node_after_the_steps_of_the_readme(
    world: World, tbot: Tbot, tmp_path: Path
) -> None:
    """From the role to the first approved request, with the commands as they are printed."""
    nora = Account("nora", ("dev",))
    link = readme_script("teleport-chatops link").replace("alice", "nora")
    async with world.cluster.user(nora):
        await run_script(world.cluster, link.replace("U012ABCDEF", "U0NORA0001"))
        tsh = Tsh(world.cluster.programs, world.cluster.proxy, nora, tmp_path / "tsh")
        await tsh.log_in()
        assert NODE not in await tsh.run("ls")
        async with running_bot(world.settings(identity=tbot.identity), **_REFRESH):
            request_id, card = await world.requested("nora", "staging", "my first request")
            await world.people.click("bob", card, "approve")
            await world.people.dm("nora", f"tsh login --request-id={request_id}")
        await tsh.run("login", f"--request-id={request_id}")
        assert NODE in await tsh.run("ls")


async def test_bot_goes_on_with_the_identity_that_tbot_renews(world: World, tbot: Tbot) -> None:
    """Without a restart, and without a gap in its messages."""
    async with running_bot(world.settings(identity=tbot.identity), **_REFRESH) as bot:
        _, before = await world.requested("alice", "staging", "before the renewal")
        tbot.renew()
        await bot.event("identity_reloaded")
        await world.people.click("bob", before, "approve")
        await world.approved(before)
        await world.requested_by_tsh("carol", "staging", "after the renewal")
