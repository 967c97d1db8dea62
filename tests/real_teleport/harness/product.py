"""The product's own commands, run as an operator runs them."""

import os
import sys
from pathlib import Path

from tests.real_teleport.harness.programs import Finished, run


def product_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot", *arguments]


def product_environment(**variables: str) -> dict[str, str]:
    """Return variables without the developer's tokens and proxies."""
    kept = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", str(Path.cwd()))}
    return kept | variables


async def product(*arguments: str, stdin: str = "", **variables: str) -> Finished:
    """Run a command to its end."""
    return await run(product_command(*arguments), product_environment(**variables), stdin=stdin)
