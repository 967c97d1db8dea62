"""Responses wait for the ack of their envelope."""

import asyncio

from commands.interactions.envelope import ack_sent, envelope
from tests.patience import PATIENCE_SECONDS


async def test_response_waits_for_the_ack_of_its_envelope() -> None:
    with envelope():
        waiting = asyncio.create_task(ack_sent())
        await asyncio.sleep(0)
        assert not waiting.done()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await waiting


async def test_response_outside_of_an_envelope_waits_for_nothing() -> None:
    async with asyncio.timeout(1):
        await ack_sent()
