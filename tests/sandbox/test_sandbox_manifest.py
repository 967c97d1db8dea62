"""The app manifest that `teleport-chatops sandbox` installs."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox import world
from sandbox.bot_log import LOG
from sandbox.bot_process import bots_manifest
from sandbox.ports import Ports

EMPTY = {"commands": [], "shortcuts": [], "home": False, "events": []}
OTHER = """
display_information:
  name: Other
features:
  slash_commands:
    - command: /other
      description: Something else
settings:
  socket_mode_enabled: true
"""


@asynccontextmanager
async def _sandbox(tmp_path: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "sandbox", "--data", str(tmp_path)),
        *("--teleport-port", "0", "--slack-port", "0", *arguments),
        stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _app(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    printed = (await process.stdout.readline()).decode()
    async with (
        aiohttp.ClientSession() as http,
        http.get(printed.split()[1] + "sandbox/app") as response,
    ):
        return await response.json()


async def test_sandbox_installs_the_manifest_of_the_bot(tmp_path: Path) -> None:
    manifest: Any = await bots_manifest()
    async with world.running(tmp_path, Ports()) as running:
        app = running.slack.control_api.app()
        names = [each["command"] for each in manifest["features"]["slash_commands"]]
        assert [each["name"] for each in app["commands"]] == names
        await running.slack.socket_count(2, timeout=20)
        typed = {"as": "alice", "do": "command", "channel": "access-requests", "text": "/typo"}
        assert "/typo is not a valid command" in (await running.slack.act(typed))["error"]
    assert "Traceback" not in (tmp_path / LOG).read_text()


@pytest.mark.parametrize("text", [OTHER, json.dumps({"display_information": {"name": "x"}})])
async def test_sandbox_installs_a_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "manifest"
    file.write_text(text)
    async with _sandbox(tmp_path, "--no-bot", "--manifest", str(file)) as process:
        names = [each["name"] for each in (await _app(process))["commands"]]
        process.terminate()
        _, warned = await process.communicate()
    assert (b"doesn't enable Socket Mode" in warned) is (text != OTHER)
    assert names == (["/other"] if text == OTHER else [])


async def test_sandbox_without_bot_and_file_installs_nothing(tmp_path: Path) -> None:
    async with _sandbox(tmp_path, "--no-bot") as process:
        assert await _app(process) == EMPTY


async def test_sandbox_names_the_invalid_key_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "manifest.yaml"
    file.write_text(OTHER.replace("/other", "other"))
    async with _sandbox(tmp_path, "--no-bot", "--manifest", str(file)) as process:
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors.decode() == (
        "Slack rejects this app manifest:\n"
        "  /features/slash_commands/0/command: value does not match the expected format\n"
    )
