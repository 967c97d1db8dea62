"""The rules that the stand-in follows, on a real server: the same code as in `tests/sandbox`."""

import pytest

from tests.real_teleport.harness.world import World
from tests.server_rules import RULES, TCTL_RULES, Rule, TctlRule
from tests.server_rules.server import Server
from tests.server_rules.tctl import Ran


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
async def test_server_rule(rule: Rule, server: Server) -> None:
    await rule(server)


@pytest.mark.parametrize("rule", TCTL_RULES, ids=lambda rule: rule.__name__)
async def test_tctl_rule(rule: TctlRule, world: World) -> None:
    async def tctl(*arguments: str, stdin: str = "") -> Ran:
        finished = await world.cluster.attempt(*arguments, stdin=stdin)
        return Ran(finished.code, finished.out, finished.err)

    await rule(tctl)
