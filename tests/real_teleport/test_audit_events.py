"""The recorded audit events of the story are those of the server."""

from dataclasses import dataclass
from itertools import dropwhile

import pytest

from tests.real_teleport.harness.features import Feature
from tests.real_teleport.harness.not_applicable import not_applicable
from tests.real_teleport.harness.world import World
from tests.server_rules import audit_story
from tests.server_rules.caches import eventually

pytestmark = pytest.mark.needs(Feature.ADVANCED_WORKFLOWS)
_USERS = ("alice", "bob", "carol")


@dataclass(frozen=True)
class _Tools:
    world: World

    async def tsh(self, user: str, *words: str) -> str:
        return await self.world.tsh(user, *words)

    async def tctl(self, *words: str, stdin: str = "") -> str:
        return await self.world.cluster.tctl(*words, stdin=stdin)


async def test_story_leaves_the_recorded_events(world: World) -> None:
    if not world.setting.features.version.startswith(audit_story.RECORDED_VERSION):
        not_applicable(f"the events of Teleport {audit_story.RECORDED_VERSION} are recorded")
    for user in _USERS:
        await world.tsh(user, "request", "ls")  # the first logins aren't part of the story
    # The cluster also has the events of other tests.
    earlier = len(world.cluster.audit_events())
    await audit_story.play(_Tools(world))

    async def story() -> list[audit_story.Event]:
        added = world.cluster.audit_events()[earlier:]
        events = dropwhile(lambda it: not audit_story.is_start(it), added)
        return audit_story.comparable(events)

    found = await eventually(story, lambda it: bool(it) and audit_story.is_end(it[-1]))
    assert found == audit_story.recorded()
