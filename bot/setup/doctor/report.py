"""Say row after row, and end with the worst of them."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bot.setup.doctor.check import Check, Level
from bot.setup.doctor.examine import examine
from workspace.moment import utc_now

_MARKS = {Level.OK: "✓", Level.UNKNOWN: "?", Level.WARNING: "!", Level.FAILURE: "✗"}
_NAME_WIDTH = 32


async def report(
    config: Path | None, slack_user_id: str, *, as_json: bool, say: Callable[[str], None]
) -> int:
    """Give the exit code, the worst of the rows': 0, 1 or 2, see `Check.exit_code`."""
    checks: list[Check] = []
    async for check in examine(config, slack_user_id, utc_now):
        checks.append(check)
        if not as_json:
            say(_row(check))
    if as_json:
        say(json.dumps([asdict(check) for check in checks], indent=2))
    return max(check.exit_code for check in checks)


def _row(check: Check) -> str:
    row = f"{_MARKS[check.level]} {check.name:{_NAME_WIDTH}} {check.detail}"
    return f"{row}\n  {'':{_NAME_WIDTH}} → {check.hint}" if check.hint else row
