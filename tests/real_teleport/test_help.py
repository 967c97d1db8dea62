"""The stored lists of commands and flags are those of the programs."""

import json
from pathlib import Path

from tests.real_teleport.harness.help_text import COMMANDS, arguments_and_flags
from tests.real_teleport.harness.not_applicable import not_applicable
from tests.real_teleport.harness.programs import Programs, run
from tests.real_teleport.harness.world import World

_STORED = Path(__file__).parents[1] / "unit/project/tsh_and_tctl_17.json"
_VERSION = 17


async def test_stored_flags_are_those_of_tsh_and_tctl(world: World) -> None:
    """docs/commands.md is compared with the stored ones."""
    if world.setting.features.numbers[0] != _VERSION:
        not_applicable(f"the flags of Teleport {_VERSION} are stored")
    programs, found = world.cluster.programs, dict[str, list[str]]()
    for group, commands in COMMANDS.items():
        common = found[group] = await _help(programs, *group.split())
        for command in commands:
            parts = await _help(programs, *group.split(), command)
            found[f"{group} {command}"] = [each for each in parts if each not in common]
    assert found == json.loads(_STORED.read_text())


async def _help(programs: Programs, program: str, *command: str) -> list[str]:
    arguments = [programs.path(program), "help", *command]
    finished = await run(arguments, programs.environment())
    return arguments_and_flags(finished.err + finished.out)
