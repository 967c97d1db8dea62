"""The file with the bot's log, and the lines that also appear in the terminal."""

from asyncio import StreamReader
from pathlib import Path

import pytest

from sandbox.bot_log import Echo, copy_log

INFO = '{"level": "info", "event": "bot_started"}\n'
WARNING = '{"level": "warning", "event": "teleport_unreachable"}\n'
TRACEBACK = "Traceback (most recent call last):\n"


@pytest.mark.parametrize(
    ("echo", "expected"),
    [
        (Echo.NOTHING, ""),
        (Echo.PROBLEMS, WARNING + TRACEBACK),
        (Echo.ALL, INFO + WARNING + TRACEBACK),
    ],
)
async def test_terminal_shows_the_selected_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], echo: Echo, expected: str
) -> None:
    lines = StreamReader()
    lines.feed_data((INFO + WARNING + TRACEBACK).encode())
    lines.feed_eof()
    await copy_log(lines, tmp_path / "bot.log", echo)
    assert capsys.readouterr().err == expected
    assert (tmp_path / "bot.log").read_text() == INFO + WARNING + TRACEBACK
