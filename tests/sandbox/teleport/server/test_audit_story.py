"""The events of a story on the stand-in are those of a real Teleport."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.teleport.server import TeleportStandIn
from tests.sandbox.teleport.terminal import Terminal, printed
from tests.server_rules import audit_story


class _Tools:
    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    async def tsh(self, user: str, *words: str) -> str:
        return printed(await self._terminal.tsh(user, *words))

    async def tctl(self, *words: str, stdin: str = "") -> str:
        return printed(await self._terminal.tctl(*words, stdin=stdin))


@pytest.fixture
async def teleport_17(tmp_path: Path) -> AsyncIterator[TeleportStandIn]:
    stand_in = await TeleportStandIn.start(tmp_path, server_version=audit_story.RECORDED_VERSION)
    stand_in.write_identities()
    yield stand_in
    await stand_in.stop()


async def test_story_leaves_the_events_of_a_real_teleport(
    teleport_17: TeleportStandIn, tmp_path: Path
) -> None:
    await audit_story.play(_Tools(Terminal(tmp_path)))
    assert audit_story.comparable(teleport_17.cluster.audit) == audit_story.recorded()
