"""Doctor names the cause of what does not work, first."""

import json
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from contextlib import AsyncExitStack
from pathlib import Path

from bot.doctor.check import Level
from bot.process import utc_now
from sandbox.bot_process import write_settings
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.dialer import dial
from teleport_client.identity import load_identity_file
from tests.integration.doctor_setup import Setup
from tests.integration.made import pending_request


async def test_all_is_well(setup: Setup) -> None:
    """Every row, and nothing to do."""
    checks = await setup.rows("U0BOB00001")
    assert [check.name for check in checks if check.level is not Level.OK] == ["slack manifest"]
    assert {check.exit_code for check in checks} == {0}
    assert len(checks) >= 25


async def test_recipient_that_cannot_be_checked_is_a_warning_that_names_the_scopes(
    setup: Setup,
) -> None:
    """The app of Teleport's own plugin can post there all the same."""
    setup.slack.workspace.app.scopes = {"chat:write", "users:read", "users:read.email", "commands"}
    checks = {check.name: check for check in await setup.rows()}
    scopes, recipient = checks["slack scopes"], checks["recipient access-requests"]
    assert {scopes.level, recipient.level} == {Level.WARNING}
    assert "lacks im:write, channels:read, groups:read" in scopes.found
    assert "Add im:write, channels:read, groups:read to the app" in scopes.cure
    assert "can't be checked without channels:read and groups:read" in recipient.found


async def test_missing_permission_names_the_command_that_prints_the_role(setup: Setup) -> None:
    """With the flags of this cluster and these settings."""
    setup.forbid("lock", "list")
    setup.edit("[review]\n", "[request]\nenabled = false\n[review]\n")
    (locks,) = [check for check in await setup.rows() if check.name == "lock: list, read"]
    assert "`teleport-chatops teleport-role --mode person --no-asking` prints" in locks.cure


async def test_mode_that_the_server_lacks_names_the_rejected_line(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """17.0.0-dev answers `role version "v8" is not supported` to the printed role."""
    old = await TeleportStandIn.start(tmp_path, server_version="17.0.0")
    setup = Setup(
        slack,
        old,
        write_settings(
            tmp_path,
            teleport=old.address,
            identity=old.identity("bot"),
            slack_api=slack.api_url,
            approvers=True,
        ),
        AsyncExitStack(),
    )
    setup.edit("[review]\n", '[review]\nmode = "person"\n')
    old.cluster.roles["teleport-chatops"].Spec.Allow.ClearField("Rules")
    try:
        checks = {check.name: check for check in await setup.rows()}
    finally:
        await old.stop()
    mode, denied = checks["review mode"], checks["access_plugin_data: update"]
    assert mode.level is Level.FAILURE
    assert "Teleport 17.0.0 doesn't accept `version: v8` in a role" in mode.cure
    assert "Teleport 17.0.0 doesn't accept its line `version: v8`" in denied.cure


async def test_server_without_a_needed_method_gets_no_rows_about_permissions(setup: Setup) -> None:
    """They would say the same again."""
    setup.teleport.faults.remove_method("ListAccessRequests")
    checks = await setup.rows()
    names = [check.name for check in checks]
    version = names.index("teleport version")
    assert "upgrade to teleport 16" in checks[version].cure.lower()
    assert names[version + 1] == "slack"


async def test_somebody_who_is_not_mapped_is_named(setup: Setup) -> None:
    """With the line that maps them."""
    checks = await setup.rows("U0NORA0001")
    assert checks[-1].level is Level.FAILURE
    assert "teleport-chatops link <your-teleport-user> U0NORA0001" in checks[-1].cure
    assert "tctl edit user/" in checks[-1].found


async def test_somebody_whom_the_bot_may_not_look_up_is_a_failure(setup: Setup) -> None:
    """And no traceback."""
    setup.forbid("user", "list")
    checks = await setup.rows("U0BOB00001")
    assert "Teleport does not tell" in checks[-1].found


async def test_another_bot_that_announces_is_named(setup: Setup) -> None:
    """Teleport's own plugin, by what it keeps on a request that waits."""
    request = pending_request(setup.teleport)
    credentials = load_identity_file(setup.teleport.identity("bot"), utc_now())
    async with TeleportClient(dial(setup.teleport.address, lambda: credentials)) as client:
        await client.update_plugin_data(
            "slack", request.Metadata.Name, change={"messages": "C1/1.2"}, expect={}
        )
    (found,) = [check for check in await setup.rows() if check.name == "other bots"]
    assert found.level is Level.WARNING
    assert "announces requests too (1 now)" in found.found


async def doctor(*arguments: str) -> tuple[int, str]:
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "bot", "doctor", *arguments), stdout=PIPE, stderr=PIPE
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_the_exit_code_is_of_the_worst_row(setup: Setup) -> None:
    """For people and for programs."""
    config = ("--config", str(setup.file))
    code, said = await doctor(*config)
    assert (code, "✓ teleport" in said, said.count("→")) == (0, True, 1)
    setup.forbid("semaphore", "create")
    code, said = await doctor(*config, "--json")
    assert code == 1
    assert [row["name"] for row in json.loads(said) if row["level"] == "warning"] == [
        "semaphore: create, update"
    ]
    setup.forbid("access_request", "list")
    assert (await doctor(*config))[0] == 2
