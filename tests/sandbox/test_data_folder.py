"""The data folders of sandboxes, and how tsh and tctl find the running one."""

import sys
from asyncio import create_subprocess_exec, timeout
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from socket import create_server

import pytest

from sandbox import data_folder
from sandbox.data_folder import FolderUnavailable

BOT = (sys.executable, "-m", "bot", "sandbox")
FREE_PORTS = ("--slack-port", "0", "--teleport-port", "0")


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for the user's runtime files, without sandboxes of other tests."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def running() -> Iterator[ExitStack]:
    """Locks of folders, as running sandboxes hold them."""
    with ExitStack() as stack:
        yield stack


@asynccontextmanager
async def started(*options: str) -> AsyncIterator[Process]:
    """Run a sandbox without a bot during the block, after its output has ended."""
    process = await create_subprocess_exec(*BOT, "--no-bot", *FREE_PORTS, *options, stdout=PIPE)
    assert process.stdout is not None
    async with timeout(30):
        await process.stdout.readuntil(b"Stop with")
    yield process
    process.terminate()
    await process.wait()


async def run(*arguments: str) -> tuple[int | None, str, str]:
    process = await create_subprocess_exec(*BOT, *arguments, stdout=PIPE, stderr=PIPE)
    output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


def test_default_folder_belongs_to_the_ports_and_the_user_alone() -> None:
    folder = data_folder.default_folder(8765, 3025)
    with data_folder.lock(folder):
        assert (folder.stat().st_mode & 0o777, folder.parent.stat().st_mode & 0o777) == (
            0o700,
            0o700,
        )
    assert data_folder.default_folder(8765, 3026) != folder
    assert data_folder.default_folder(0, 0) != data_folder.default_folder(0, 0)


def test_folder_of_another_user_is_rejected(runtime: Path, tmp_path: Path) -> None:
    """A link would let that user choose the place of the identity files."""
    own = data_folder.default_folder(8765, 3025).parent
    own.rmdir()
    own.symlink_to(tmp_path)
    with pytest.raises(FolderUnavailable, match=r"belongs to another user. Choose a folder with"):
        data_folder.default_folder(8765, 3025)
    with data_folder.lock(runtime / "x"), data_folder.listed(runtime / "x"):
        """A folder of `--data` remains usable."""


def test_running_sandbox_is_found_while_it_is_the_only_one(
    running: ExitStack, tmp_path: Path
) -> None:
    first, second = data_folder.default_folder(8765, 3025), tmp_path / "second"
    with pytest.raises(FolderUnavailable, match="found no running sandbox"):
        data_folder.find_running()
    running.enter_context(data_folder.lock(first))
    assert data_folder.find_running() == first
    with (
        data_folder.lock(second),
        data_folder.listed(second),
        pytest.raises(FolderUnavailable, match=r"several sandboxes .* --data .* or --data "),
    ):
        data_folder.find_running()
    assert data_folder.find_running() == first


def test_link_of_a_killed_sandbox_disappears(tmp_path: Path, running: ExitStack) -> None:
    killed, next_one = tmp_path / "killed", tmp_path / "next"
    running.enter_context(data_folder.listed(killed))  # without its lock
    for folder in (data_folder.lock(next_one), data_folder.listed(next_one)):
        running.enter_context(folder)
    (link,) = data_folder.default_folder(1, 1).parent.iterdir()
    assert link.resolve() == next_one


async def test_folder_in_use_is_rejected_with_a_sentence(
    running: ExitStack, tmp_path: Path
) -> None:
    running.enter_context(data_folder.lock(tmp_path))
    sentence = (
        f"A sandbox is running with the data folder {tmp_path}. Stop it, or start another one on"
        " free ports with --data FOLDER --slack-port 0 --teleport-port 0"
        " (make sandbox DATA=FOLDER SLACK_PORT=0 TELEPORT_PORT=0).\n"
    )
    assert await run("--no-bot", *FREE_PORTS, "--data", str(tmp_path)) == (1, "", sentence)


async def test_second_start_names_the_running_sandbox_before_its_ports(
    running: ExitStack,
) -> None:
    """Its ports are taken, too. Port 0 selects another folder as well."""
    slack, teleport = (
        running.enter_context(create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(2)
    )
    folder = data_folder.default_folder(slack, teleport)
    running.enter_context(data_folder.lock(folder))
    sentence = (
        f"A sandbox is running with the data folder {folder}. Stop it, or start another one on"
        " free ports with --slack-port 0 --teleport-port 0"
        " (make sandbox SLACK_PORT=0 TELEPORT_PORT=0).\n"
    )
    ports = ("--slack-port", str(slack), "--teleport-port", str(teleport))
    assert await run("--no-bot", *ports) == (1, "", sentence)
    async with started():
        """The advice works."""


async def test_tools_reach_the_running_sandbox_or_ask_for_a_choice(tmp_path: Path) -> None:
    """With or without its folder, which can stand before and after the tool's name."""
    folder = tmp_path / "first"
    async with started("--data", str(folder)):
        for arguments in (
            ("tctl", "get", "users/alice"),
            ("--data", str(folder), "tctl", "get", "users/alice"),
            ("tsh", "--as", "alice", "--data", str(folder), "ls"),
        ):
            code, output, errors = await run(*arguments)
            assert (code, errors) == (0, ""), arguments
            assert "alice" in output or "dev-1" in output
        async with started():
            code, _, errors = await run("tctl", "requests", "ls")
            assert (code, errors.count("--data ")) == (1, 2)
            assert str(folder) in errors


async def test_folder_before_the_name_of_a_tool_is_used(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    sentence = f"ERROR: no sandbox found in {missing}: start one with `teleport-chatops sandbox`\n"
    assert await run("--data", str(missing), "tctl", "requests", "ls") == (1, "", sentence)


async def test_options_of_a_start_are_rejected_before_a_tool() -> None:
    code, _, errors = await run("--slack-port", "9000", "tctl", "requests", "ls")
    assert (code, errors) == (
        2,
        (
            "--slack-port is for starting a sandbox. tsh and tctl use a running one, which --data"
            " selects.\n"
        ),
    )
