"""Print each row when its check is done, as text or all of them as JSON."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bot.setup.doctor.check import Check, Level
from bot.setup.doctor.examine import examine
from workspace.moment import utc_now

_MARKS = {
    Level.OK: "✓",
    Level.OFF: "–",  # noqa: RUF001 - a dash as wide as the other marks
    Level.UNKNOWN: "?",
    Level.WARNING: "!",
    Level.FAILURE: "✗",
}
_NAME_WIDTH = 32


async def report(
    config: Path | None, slack_user_id: str, *, as_json: bool, write: Callable[[str], None]
) -> int:
    """Return the exit code of the worst row."""
    checks: list[Check] = []
    async for check in examine(config, slack_user_id, utc_now):
        checks.append(check)
        if not as_json:
            write(_row(check))
    if as_json:
        write(json.dumps([asdict(check) for check in checks], indent=2))
    return max(check.exit_code for check in checks)


def _row(check: Check) -> str:
    row = f"{_MARKS[check.level]} {check.name:{_NAME_WIDTH}} {check.detail}"
    return f"{row}\n  {'':{_NAME_WIDTH}} → {check.hint}" if check.hint else row
