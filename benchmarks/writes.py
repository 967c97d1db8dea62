"""Ledger writes for one request with one channel and the requester, up to its approval."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from benchmarks.card import clicked_to_updated
from benchmarks.row import Measurement
from benchmarks.stand_ins import bot_between, stand_ins

_MOST = 4
_RECORDED_SECONDS = 3.0
"""Seconds for recording the last message."""


class WritesRow:
    name = "writes"

    async def measure(self, folder: Path) -> Sequence[Measurement]:
        async with stand_ins(folder) as around:
            async with bot_between(around):
                await clicked_to_updated(around, 1)
                await asyncio.sleep(_RECORDED_SECONDS)
            writes = len(around.teleport.journal.of("UpdatePluginData"))
        return [Measurement("writes of one request", "", writes, _MOST, target=1.0)]
