"""The end of a task during the stop."""

import asyncio

import pytest

from bot.stop_limit import wait_for_end


async def run_until_cancelled() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        raise ConnectionResetError("while closing")


async def ignore_cancellation() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if asyncio.current_task() in _DONE:
                return


_DONE = set[asyncio.Task[None] | None]()


async def test_error_of_a_cancelled_task_does_not_interrupt_the_stop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Asyncio doesn't report it as an error that nobody has retrieved either."""
    task = asyncio.create_task(run_until_cancelled())
    await asyncio.sleep(0)
    task.cancel()
    await wait_for_end(task, 5)
    assert task.done()
    del task
    assert not caplog.records


async def test_task_that_does_not_end_is_left_behind() -> None:
    task = asyncio.create_task(ignore_cancellation())
    await asyncio.sleep(0)
    task.cancel()
    await wait_for_end(task, 0.01)
    assert not task.done()
    _DONE.add(task)
    task.cancel()
    await task
