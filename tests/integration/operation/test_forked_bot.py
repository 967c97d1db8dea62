"""Forked bots of the tests: their start, the errors of a failed start, exit codes and signals."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.bot_process import bot
from tests.integration.fork_server import ForkServer, ForkServerEnded, shared_fork_server
from tests.integration.forked_bot import ForkedBot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder whose package `tests` hides the one with the server."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/__init__.py").touch()
    return tmp_path


async def test_bot_starts_while_another_folder_is_current(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    process = await ForkedBot.start(("run",), {}, ForkServer.start())
    assert b"docker compose up sandbox" in await process.communicate()
    process.close()


async def test_failed_import_of_the_fork_server_is_quoted(folder: Path) -> None:
    server = ForkServer.start(folder)
    with pytest.raises(ForkServerEnded, match=r"code 1:\s.*No module named 'tests\.integration'"):
        await ForkedBot.start(("run",), {}, server)


async def test_bot_after_the_end_of_the_fork_server_has_a_new_one() -> None:
    server = shared_fork_server()
    server.process.kill()
    server.process.wait()
    with pytest.raises(ForkServerEnded, match="code -9"):
        async with bot():
            pass
    async with bot() as process:
        assert (await process.end())[0] == 2


async def test_exit_code_reaches_each_task_that_waits() -> None:
    async with bot() as process:
        waiting = [asyncio.create_task(process.process.wait()) for _ in range(3)]
        assert await asyncio.gather(*waiting) == [2, 2, 2]


async def test_cleanup_waits_beside_a_task_of_the_test(settings_file: Path) -> None:
    """The test fails between `create_task` and `await`."""
    with suppress(ZeroDivisionError):
        async with bot("--config", str(settings_file)) as process:
            await process.event("startup_started")
            ending = asyncio.create_task(process.end())
            await asyncio.sleep(0)
            raise ZeroDivisionError
    code, _ = await ending
    assert code == -signal.SIGKILL


async def test_process_id_stays_in_use_until_the_bot_is_closed() -> None:
    async with bot() as process:
        await process.end()
        os.kill(process.process.pid, 0)
    process.process.kill()
    await until_free(process.process.pid)


async def until_free(process_id: int) -> None:
    """Poll, because the end of another parent's child is no event here."""
    with suppress(ProcessLookupError):
        while True:
            os.kill(process_id, 0)
            await asyncio.sleep(0.01)
