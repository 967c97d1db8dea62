"""The addresses that the sandbox listens on."""

import socket
import sys
from asyncio import create_subprocess_exec, timeout
from asyncio.subprocess import PIPE
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from sandbox import cli, world
from sandbox.ports import Ports


@given(
    st.sampled_from(["--teleport-port", "--slack-port"]),
    st.one_of(st.integers(max_value=-1), st.integers(min_value=65536)),
)
def test_number_that_no_port_has_is_a_usage_error(flag: str, number: int) -> None:
    result = CliRunner().invoke(cli.app, ["--no-bot", flag, str(number)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Invalid value for '{flag}'" in result.stderr


async def start_error(folder: Path, *arguments: str) -> str:
    """Return the error of a sandbox that can't start."""
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "bot", "sandbox", "--data", str(folder), *arguments),
        stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    return errors.decode()


@pytest.mark.parametrize("flag", ["--teleport-port", "--slack-port"])
async def test_sandbox_names_a_taken_port_and_the_flag(tmp_path: Path, flag: str) -> None:
    """In one sentence, without the libraries' own errors."""
    variable = flag.strip("-").replace("-", "_").upper()
    other = {"--teleport-port": "--slack-port", "--slack-port": "--teleport-port"}[flag]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = await start_error(tmp_path, "--no-bot", flag, str(port), other, "0")
    assert error == (
        f"The sandbox can't listen on 127.0.0.1:{port} (Address already in use). Stop the program"
        f" that uses this port, or choose another one with {flag} {port + 1}"
        f" (make sandbox {variable}={port + 1}).\n"
    )


async def test_sandbox_names_both_taken_ports_at_once(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        slack, teleport = one.getsockname()[1], other.getsockname()[1]
        ports = ("--slack-port", str(slack), "--teleport-port", str(teleport))
        error = await start_error(tmp_path, "--no-bot", *ports)
    assert error.startswith(
        f"The sandbox can't listen on 127.0.0.1:{teleport} and 127.0.0.1:{slack} (Address already"
        " in use). Stop the programs that use these ports, or choose other ones with"
    )
    assert error.count("--teleport-port ") == error.count("--slack-port ") == 1


async def test_sandbox_names_an_address_that_no_port_helps(tmp_path: Path) -> None:
    """192.0.2.1 belongs to no machine (RFC 5737)."""
    assert await start_error(tmp_path, "--listen", "192.0.2.1") == (
        "The sandbox can't listen on 192.0.2.1 (Cannot assign requested address). Name an IPv4"
        " address of this machine with --listen, such as 127.0.0.1.\n"
    )


async def test_sandbox_on_another_address_reaches_its_bot(tmp_path: Path) -> None:
    """The bot sends tokens over HTTP only to 127.0.0.1; the page has the address of --listen."""
    async with timeout(40), world.running(tmp_path, Ports("127.0.0.2")) as running:
        await running.wait_until_ready()
        page = running.slack.local_url
        assert page.startswith("http://127.0.0.2:")
        async with aiohttp.ClientSession() as http:
            for host, status in (("", 200), ("other.example.com", 403)):
                headers = {"Host": host} if host else {}
                async with http.get(f"{page}/", headers=headers) as response:
                    assert response.status == status
