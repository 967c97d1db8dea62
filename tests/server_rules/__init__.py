"""Rules of a Teleport server, checked in the same way on the stand-in and on a real one.

Every public coroutine function of the modules below is a rule: it takes a `Server`, or a `Tctl`,
and fails by an assertion. `tests/sandbox` runs all of them on the stand-in, `tests/real_teleport`
on an installed Auth Service. If real servers differ, the rule checks the version.
"""

from collections.abc import Awaitable, Callable, Iterator
from inspect import getmembers, iscoroutinefunction
from types import ModuleType
from typing import Any

from tests.server_rules import (
    listing,
    locks,
    plugin_data,
    requesting,
    resolving,
    resources,
    semaphores,
    tctl,
    users,
    watching,
)
from tests.server_rules.server import Server
from tests.server_rules.tctl import Tctl

Rule = Callable[[Server], Awaitable[None]]
TctlRule = Callable[[Tctl], Awaitable[None]]

_MODULES = (
    listing,
    locks,
    plugin_data,
    requesting,
    resolving,
    resources,
    semaphores,
    users,
    watching,
)


def _rules(module: ModuleType) -> Iterator[Callable[[Any], Awaitable[None]]]:
    for name, function in getmembers(module, iscoroutinefunction):
        if function.__module__ == module.__name__ and not name.startswith("_"):
            yield function


TCTL_RULES: tuple[TctlRule, ...] = tuple(_rules(tctl))
RULES: tuple[Rule, ...] = tuple(rule for module in _MODULES for rule in _rules(module))
