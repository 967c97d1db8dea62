"""`teleport-chatops sandbox` and `demo` in a terminal."""

import sys
from asyncio import create_subprocess_exec, timeout
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import aiohttp
import pytest

from sandbox.next_steps import PROGRAM_VARIABLE, next_steps

SANDBOX = (sys.executable, "-m", "bot", "sandbox", "--slack-port", "0", "--teleport-port", "0")


async def test_sandbox_ends_its_output_with_the_next_steps(tmp_path: Path) -> None:
    process = await create_subprocess_exec(
        *(*SANDBOX, "--no-bot", "--data", str(tmp_path)), stdout=PIPE, stderr=DEVNULL
    )
    assert process.stdout is not None
    async with timeout(30):
        lines = [(await process.stdout.readline()).decode() for _ in range(9)]
    process.terminate()
    await process.wait()
    url = lines[0].split()[1]
    assert [line.partition(" ")[0] for line in lines[:3]] == ["Slack", "Teleport", "Settings"]
    assert lines[4] == f"Ready: open {url} in a browser. To try:\n"
    assert [line[:4] for line in lines[5:8]] == ["  1.", "  2.", "  3."]
    assert lines[8].startswith("Stop with Ctrl-C. Nothing is stored")


async def test_sandbox_completes_a_short_server_version(tmp_path: Path) -> None:
    """The page names the version that the server reports."""
    options = ("--no-bot", "--data", str(tmp_path), "--server-version", "v17.1")
    process = await create_subprocess_exec(*SANDBOX, *options, stdout=PIPE, stderr=DEVNULL)
    assert process.stdout is not None
    async with timeout(30):
        await process.stdout.readuntil(b"Slack ")
        url = (await process.stdout.readline()).decode().strip()
        async with aiohttp.ClientSession() as http, http.get(f"{url}?panel=about") as response:
            page = await response.text()
    process.terminate()
    await process.wait()
    assert "It imitates Teleport 17.1.0:" in page


@pytest.mark.parametrize("command", [SANDBOX, (sys.executable, "-m", "bot", "demo")])
@pytest.mark.parametrize("version", ["18.x", ""])
async def test_unknown_server_version_ends_with_a_sentence(
    command: tuple[str, ...], version: str
) -> None:
    """The exit code is that of a usage error."""
    process = await create_subprocess_exec(
        *command, "--server-version", version, stdout=PIPE, stderr=PIPE
    )
    output, errors = await process.communicate()
    assert (process.returncode, output) == (2, b"")
    assert errors.decode() == (
        f"{version!r} isn't a Teleport version. Use something like 17.4.0.\n"
    )


def test_next_steps_name_a_command_that_works_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """It differs by folder, by PATH and in a container."""

    def shown(program: str, data: Path | None = None) -> str:
        monkeypatch.setattr(sys, "argv", [program])
        return next_steps("http://x", Path("bot.toml"), data=data, with_bot=True)

    inside = str(Path.cwd() / ".venv/bin/teleport-chatops")
    assert "run   .venv/bin/teleport-chatops sandbox tctl requests ls" in shown(inside)
    assert "run   /opt/teleport-chatops sandbox" in shown("/opt/teleport-chatops")
    assert "-m bot sandbox tctl --data /d requests ls" in shown("/x/__main__.py", Path("/d"))
    monkeypatch.setenv(PROGRAM_VARIABLE, "docker compose exec sandbox teleport-chatops")
    assert "run   docker compose exec sandbox teleport-chatops sandbox" in shown(inside)


async def test_demo_waits_for_enter_before_each_step() -> None:
    """The story has nine steps, and no pause before the first one."""
    process = await create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--pause", stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    async with timeout(110):
        for _ in range(8):
            await process.stdout.readuntil(b"Press Enter to continue")
            process.stdin.write(b"\n")
        rest = await process.stdout.read()
    assert b"Press Enter" not in rest
    assert rest.endswith("✓ All steps passed\n".encode())
    assert await process.wait() == 0
