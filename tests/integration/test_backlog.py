"""Very many requests that wait when the bot starts."""

import asyncio
from datetime import timedelta
from pathlib import Path

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from tests.integration.made import pending_request
from tests.integration.operated import Bot, bot
from tests.integration.stage import Stage, words

_MANY = 10_000
_NEXT = 6
"""Cards of the backlog in a few seconds, at one a second; 32 wait for the channel."""
_AT_ONCE = 32
"""Requests that are worked on at a time, and may stand in any order among themselves."""

_BYTES_EACH = 5_000
"""Of memory, for a request that waits."""


async def test_ten_thousand_requests_are_taken_oldest_first_and_a_new_one_before_them(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A channel takes a card a second, so only a few are under way at a time."""
    stage = Stage(slack, teleport)
    async with bot("--config", str(settings_file)) as process:
        pending_request(teleport, reason="before them all", user="bob")
        await stage.told("bob", "is waiting")
        at_rest = peak_memory(process)
        process.process.terminate()
        await process.end()
    backlog = [
        pending_request(
            teleport,
            age=timedelta(minutes=50) - timedelta(seconds=number / 5),
            reason=f"backlog {number}.",
            user="nobody-in-slack",
        ).Metadata.Name
        for number in range(_MANY)
    ]
    teleport.journal.calls.clear()
    async with bot("--config", str(settings_file)) as process:
        await process.event("posted")
        await stage.card("backlog 1.")
        newcomer = pending_request(teleport, reason="newcomer", user="nobody-in-slack")
        async with asyncio.timeout(5):
            while newcomer.Metadata.Name not in written(teleport):
                await teleport.journal.wait_for_call(
                    "UpdatePluginData", count=len(teleport.journal.of("UpdatePluginData")) + 1
                )
        ids = written(teleport)
        await stage.card("newcomer")
        before = [m for m in stage.messages() if "backlog" in words(m)]
        assert peak_memory(process) - at_rest < _MANY * _BYTES_EACH
    taken = [backlog.index(each) for each in ids if each in set(backlog)]
    assert sorted(taken) == list(range(len(taken)))
    assert len(before) <= _NEXT
    assert len(taken) <= _AT_ONCE + len([m for m in stage.messages() if "backlog" in words(m)])


def peak_memory(process: Bot) -> int:
    """The most that it ever held, in bytes; where the kernel does not tell, nothing."""
    status = Path(f"/proc/{process.process.pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def written(teleport: TeleportStandIn) -> set[str]:
    """Requests that the ledger speaks of, but for the one from before."""
    return {name for _, name in teleport.cluster.plugin_data}


async def test_a_request_of_the_last_minute_is_no_backlog_for_a_new_holder(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """While no replica held the lease nobody was told of it, and it may not live for long."""
    for number in range(40):
        pending_request(teleport, age=timedelta(minutes=30), reason=f"backlog {number}.")
    pending_request(teleport, reason="newcomer", age=timedelta(seconds=20), user="bob")
    async with bot("--config", str(settings_file)) as process:
        await process.event("posted")
        await Stage(slack, teleport).card("newcomer")
