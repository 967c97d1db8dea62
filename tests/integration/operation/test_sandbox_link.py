"""Linking a sandbox user with the command from the bot's response."""

import asyncio
import shlex
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import plain


@pytest.mark.parametrize("options", ["", "--format json"])
async def test_link_pipes_from_tctl_get_to_tctl_create(
    teleport: TeleportStandIn, tmp_path: Path, options: str
) -> None:
    """The rest of the user stays unchanged."""
    teleport.write_identities()
    before = teleport.cluster.users["erin"]
    program = f"{shlex.quote(sys.executable)} -m bot"
    tctl = f"{program} sandbox tctl --data {shlex.quote(str(tmp_path))}"
    pipe = await asyncio.create_subprocess_shell(
        f"{tctl} get users/erin {options} | {program} link erin U012ABCDEF | {tctl} create -f",
        stdout=PIPE,
        stderr=PIPE,
    )
    assert await pipe.communicate() == (b'user "erin" has been updated\n', b"")
    after = teleport.cluster.users["erin"]
    assert plain(after.Spec.Traits) == plain(before.Spec.Traits) | {"slack_uid": ("U012ABCDEF",)}
    assert list(after.Spec.Roles) == list(before.Spec.Roles)
