"""The text that `teleport-chatops sandbox` prints when it is ready."""

import os
import shlex
import shutil
import sys
from pathlib import Path

PROGRAM_VARIABLE = "SANDBOX_PROGRAM"
"""Environment variable for the command that reaches this sandbox, such as from outside of a
container."""


def next_steps(url: str, settings: Path, *, data: Path | None, with_bot: bool) -> str:
    """Return the page's address, things to try, and how to stop.

    `data` is the sandbox's folder if tsh and tctl don't find it without.
    """
    program = os.environ.get(PROGRAM_VARIABLE) or _program()
    folder = f" --data {shlex.quote(str(data))}" if data else ""
    shell = f"In another terminal, run   {program} sandbox tctl{folder} requests ls"
    steps: tuple[str, ...]
    if with_bot:
        steps = (
            "As Alice, send /teleport-request staging because redis is stuck",
            "As Bob, click Approve",
            "In the Teleport panel, run Alice's login and see her reach staging",
        )
    else:
        steps = (
            f"Start a bot with   {program} run --config {shlex.quote(str(settings))}",
            f"Call the Web API   {url}/api/",
        )
    rows = "".join(f"  {number}. {step}\n" for number, step in enumerate((*steps, shell), 1))
    return (
        f"\nReady: open {url}/ in a browser. To try:\n{rows}"
        "Stop with Ctrl-C. Nothing is stored: each start begins with the same users and nodes.\n"
    )


def _program() -> str:
    """Return the command line of this program, as short as the current folder and PATH allow."""
    script = Path(sys.argv[0])
    if script.name == "__main__.py":
        return f"{Path(sys.executable).name} -m bot"
    if shutil.which(script.name) == str(script):
        return script.name
    return str(script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script)
