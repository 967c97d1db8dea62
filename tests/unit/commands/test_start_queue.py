import asyncio
from itertools import pairwise

from commands.interactions.start_queue import StartQueue
from tests.patience import PATIENCE_SECONDS


async def test_work_starts_in_order_and_once_per_loop_iteration() -> None:
    """An ack therefore waits for at most one start."""
    queue, begun = StartQueue(), list[int]()

    async def work(number: int) -> None:
        await queue.wait()
        begun.append(number)

    tasks = [asyncio.create_task(work(number)) for number in range(5)]
    begun_by_turn = []
    while len(begun) < len(tasks):
        await asyncio.sleep(0)
        begun_by_turn.append(len(begun))
    assert begun == list(range(5))
    assert all(after - before <= 1 for before, after in pairwise([0, *begun_by_turn]))


async def test_cancelled_work_does_not_block_other_work() -> None:
    queue = StartQueue()
    waiting = [asyncio.create_task(queue.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[1].cancel()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await waiting[2]
