"""Complete setup for doctor, which a test then breaks."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.setup.doctor.check import Check, Level
from bot.setup.doctor.examine import examine
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RoleConditions
from workspace.moment import utc_now

FINE = {Level.OK, Level.OFF, Level.UNKNOWN}


@dataclass
class Setup:
    slack: SlackStandIn
    teleport: TeleportStandIn
    file: Path
    stack: AsyncExitStack
    """Closed after the test."""
    now: Callable[[], datetime] = field(default=utc_now)
    """The machine's clock."""

    def update(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))

    def forbid(self, resource: str, *verbs: str) -> None:
        for rule in self.conditions.Rules:
            if resource in rule.Resources:
                rule.Verbs[:] = [verb for verb in rule.Verbs if verb not in verbs]

    @property
    def conditions(self) -> RoleConditions:
        """Return the allow conditions of the bot's role."""
        return self.teleport.cluster.roles["teleport-chatops"].Spec.Allow

    async def rows(self, person: str = "") -> list[Check]:
        return [check async for check in examine(self.file, person, self.now, patience=0.5)]
