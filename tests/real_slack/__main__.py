"""Try the bot's messages and views in a real Slack workspace: `python -m tests.real_slack`.

Set SLACK_BOT_TOKEN, SLACK_APP_TOKEN and CHANNEL (a channel's ID), and PERSON (a user's ID) for DMs
to a user. Exits with 1 if Slack rejects something, with 2 if a variable is missing.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping

from tests.real_slack.compare import differences
from tests.real_slack.report import failed, lines
from tests.real_slack.run import SLACK_URL, Target, examine
from tests.real_slack.stand_in import examine_stand_in

_NEEDED = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "CHANNEL")


def main(environment: Mapping[str, str]) -> int:
    if missing := [name for name in _NEEDED if not environment.get(name)]:
        print(f"Set {', '.join(missing)}. {(__doc__ or '').strip()}", file=sys.stderr)
        return 2
    return asyncio.run(run_and_report(_target(environment)))


def _target(environment: Mapping[str, str]) -> Target:
    return Target(
        bot_token=environment["SLACK_BOT_TOKEN"],
        app_token=environment["SLACK_APP_TOKEN"],
        channel=environment["CHANNEL"],
        person=environment.get("PERSON", ""),
        base_url=environment.get("SLACK_API_URL") or SLACK_URL,
    )


async def run_and_report(target: Target) -> int:
    """Print the findings of a run and return the exit code.

    SIGTERM ends the run like an interruption.
    """
    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    findings = await examine(target)
    reference = await examine_stand_in(with_person=bool(target.person))
    for line in lines(findings, differences(findings.answers, reference.answers)):
        print(line)
    return 1 if failed(findings) else 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
