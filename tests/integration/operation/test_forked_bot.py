"""How tests start bots, and what they learn when a start fails."""

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
