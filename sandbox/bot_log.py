"""The bot's log: all lines in a file, and some of them in the terminal."""

import json
import sys
from asyncio import StreamReader
from enum import StrEnum
from pathlib import Path

LOG = "bot.log"
MAX_LINE_BYTES = 2**20
_QUIET_LEVELS = ("debug", "info")


class Echo(StrEnum):
    """The lines that also appear on stderr."""

    NOTHING = "nothing"
    PROBLEMS = "problems"
    ALL = "all"


async def copy_log(lines: StreamReader, path: Path, echo: Echo) -> None:
    """Copy the lines into a new file until the stream ends."""
    with path.open("w", buffering=1) as file:
        async for raw in lines:
            line = raw.decode(errors="replace")
            file.write(line)
            if echo is Echo.ALL or (echo is Echo.PROBLEMS and _is_problem(line)):
                print(line, end="", file=sys.stderr, flush=True)


def _is_problem(line: str) -> bool:
    """Whether a line is a warning, an error, or no event of the log, such as a traceback."""
    try:
        event = json.loads(line)
    except ValueError:
        return True
    return not (isinstance(event, dict) and event.get("level") in _QUIET_LEVELS)
