"""The warning before access ends."""

from tests.integration.slack_driver import buttons, words
from tests.real_teleport.harness.bot_process import running_bot
from tests.real_teleport.harness.world import World

_LENGTH, _BEFORE = "31m", "30m50s"
"""Access shorter than 30 minutes gets no warning, so the warning is early instead of the end."""


async def test_requester_is_warned_before_the_access_ends(world: World) -> None:
    settings = world.settings()
    with settings.open("a") as file:
        file.write(f'\n[request]\nwarn_before_end = "{_BEFORE}"\n')
    async with running_bot(settings):
        request_id, card = await world.requested("alice", f"staging for {_LENGTH}", "to end soon")
        await world.people.click("bob", card, "approve")
        warning = await world.people.dm("alice", "ends soon")
        assert "extend_access" in buttons(warning)
        assert request_id[-8:] in words(warning)
        async with world.cluster.locked(f"--access-request={request_id}", "under review"):
            await world.people.dm("alice", "🔒 Locked: under review")
