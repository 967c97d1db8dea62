"""The example of teleport_client's public interface."""

import re
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from pathlib import Path

from sandbox.teleport.server import TeleportStandIn
from tests.integration.request_factory import pending_request

EXAMPLE = Path(__file__).parents[3] / "examples" / "list_requests.py"


async def test_example_lists_pending_requests(teleport: TeleportStandIn) -> None:
    request_id = pending_request(teleport).Metadata.Name
    command = (sys.executable, EXAMPLE, teleport.address, teleport.identity("bot"))
    process = await create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert out.decode().splitlines()[1:] == [f"{request_id} alice requests staging"]


def test_example_imports_only_the_public_interface() -> None:
    lines = EXAMPLE.read_text().splitlines()
    imported = [match[1] for line in lines if (match := re.match(r"from (teleport\S*)", line))]
    assert imported == ["teleport_client"]
