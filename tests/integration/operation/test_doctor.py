"""Doctor reports the cause of a problem first."""

import json
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.connect.slack_client import http_session
from bot.process import running
from bot.settings.settings import load_settings
from bot.setup.doctor.check import Level
from bot.setup.doctor.report import report
from bot.setup.doctor.socket_mode import response_host, responses
from sandbox.bot_process import write_settings
from sandbox.cast import BOT_USER
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.transport.dialer import dial
from tests.integration.bot_process import free_port
from tests.integration.doctor_setup import Setup
from tests.integration.request_factory import pending_request
from workspace.moment import utc_now


async def test_complete_setup_has_no_findings(setup: Setup) -> None:
    """All rows are present, without hints."""
    checks = await setup.rows("U0BOB00001")
    unusual = [check for check in checks if check.level is not Level.OK]
    assert [(check.name, check.level) for check in unusual] == [
        ("slack opt-in scopes", Level.OFF),
        ("slack manifest", Level.UNKNOWN),
    ]
    assert {check.exit_code for check in checks} == {0}
    assert len(checks) >= 25


async def test_unverifiable_recipient_is_a_warning_with_scopes(
    setup: Setup,
) -> None:
    """The app of Teleport's own plugin can still post there."""
    setup.slack.workspace.app.scopes = {"chat:write", "users:read", "users:read.email", "commands"}
    checks = {check.name: check for check in await setup.rows()}
    scopes, recipient = checks["slack scopes"], checks["recipient access-requests"]
    assert {scopes.level, recipient.level} == {Level.WARNING}
    assert "lacks im:write, channels:read, groups:read" in scopes.detail
    assert "Add im:write, channels:read, groups:read to the app" in scopes.hint
    assert "can't be checked without channels:read and groups:read" in recipient.detail


async def test_missing_permission_names_the_role_command(setup: Setup) -> None:
    """The command has the flags for this cluster and these settings."""
    setup.forbid("lock", "list")
    setup.update("[review]\n", "[request]\nenabled = false\n[review]\n")
    (locks,) = [check for check in await setup.rows() if check.name == "lock: list, read"]
    assert "`teleport-chatops teleport-role --mode person --no-asking` prints" in locks.hint


async def test_mode_that_the_server_lacks_names_the_rejected_line(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """17.0.0-dev rejects the printed role with `role version "v8" is not supported`."""
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
    setup.update("[review]\n", '[review]\nmode = "person"\n')
    old.cluster.roles["teleport-chatops"].Spec.Allow.ClearField("Rules")
    try:
        checks = {check.name: check for check in await setup.rows()}
    finally:
        await old.stop()
    mode, denied = checks["review mode"], checks["access_plugin_data: update"]
    assert mode.level is Level.FAILURE
    assert "Teleport 17.0.0 doesn't accept `version: v8` in a role" in mode.hint
    assert "Teleport 17.0.0 doesn't accept its line `version: v8`" in denied.hint


async def test_mode_without_its_permission_names_the_role_command(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """The bot leaves reviews to Teleport then, although approvers are set."""
    community = await TeleportStandIn.start(tmp_path, edition=Edition.COMMUNITY)
    file = write_settings(
        tmp_path,
        teleport=community.address,
        identity=community.identity("bot"),
        slack_api=slack.api_url,
        approvers=True,
    )
    setup = Setup(slack, community, file, AsyncExitStack())
    setup.forbid("access_request", "update")
    try:
        checks = {check.name: check for check in await setup.rows()}
    finally:
        await community.stop()
    mode, denied = checks["review mode"], checks["access_request: update"]
    assert (mode.level, denied.level) == (Level.WARNING, Level.FAILURE)
    assert mode.detail == "notify: the bot's role lacks access_request: update"
    assert "teleport-role --mode override` prints" in mode.hint
    assert "users can't review requests from Slack" in denied.detail


async def test_permission_rows_are_omitted_when_a_method_is_missing(setup: Setup) -> None:
    """They would have the same cause."""
    setup.teleport.faults.remove_method("ListAccessRequests")
    checks = await setup.rows()
    names = [check.name for check in checks]
    version = names.index("teleport version")
    assert "upgrade to teleport 16" in checks[version].hint.lower()
    assert names[version + 1] == "slack"


async def test_unlinked_user_is_reported(setup: Setup) -> None:
    """The hint contains the command that links them."""
    checks = await setup.rows("U0NORA0001")
    assert checks[-1].level is Level.FAILURE
    assert checks[-1].detail == "no Teleport user is linked to this Slack account"
    assert checks[-1].hint == (
        "Run: tctl get users/<teleport-user> | teleport-chatops link <teleport-user> U0NORA0001"
        " | tctl create -f"
    )


async def test_missing_permission_to_look_up_a_user_is_a_failure(setup: Setup) -> None:
    """The output has no traceback."""
    setup.forbid("user", "list")
    checks = await setup.rows("U0BOB00001")
    assert "lookup failed: " in checks[-1].detail


async def test_other_announcing_bot_is_reported(setup: Setup) -> None:
    """Teleport's own plugin is detected by its plugin data on a pending request."""
    request = pending_request(setup.teleport)
    credentials = load_identity_file(setup.teleport.identity("bot"), utc_now())
    async with TeleportClient(dial(setup.teleport.address, lambda: credentials)) as client:
        await client.plugin_data.update(
            "slack", request.Metadata.Name, change={"messages": "C1/1.2"}, expect={}
        )
    (detail,) = [check for check in await setup.rows() if check.name == "other bots"]
    assert detail.level is Level.WARNING
    assert "posts requests too (1 pending)" in detail.detail


async def test_doctor_command_prints_rows_and_sets_the_exit_code(setup: Setup) -> None:
    """The exit code is that of the worst row."""
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "bot", "doctor", "--config", str(setup.file)), stdout=PIPE
    )
    output = (await process.communicate())[0].decode()
    assert (process.returncode, "✓ teleport" in output, output.count("→")) == (0, True, 1)


async def test_exit_code_is_that_of_the_worst_row(setup: Setup) -> None:
    setup.forbid("semaphore", "create")
    code, output = await run_doctor(setup)
    assert code == 1
    rows = json.loads(output)
    assert set(rows[0]) == {"name", "level", "detail", "hint", "is_transient"}
    assert [row["name"] for row in rows if row["level"] == "warning"] == [
        "semaphore: create, update"
    ]
    setup.forbid("access_request", "list")
    assert (await run_doctor(setup))[0] == 2


async def run_doctor(setup: Setup) -> tuple[int, str]:
    """Return doctor's exit code, and its rows as JSON."""
    lines: list[str] = []
    code = await report(setup.file, "", as_json=True, write=lines.append)
    return code, "\n".join(lines)


@pytest.mark.parametrize(
    ("person", "detail"),
    [
        ("alice", "alice isn't a Slack user ID"),
        ("@alice", "@alice isn't a Slack user ID"),
        ("U0NOBODY1", "Slack has no user with this ID"),
    ],
)
async def test_wrong_slack_id_has_a_hint(setup: Setup, person: str, detail: str) -> None:
    last = (await setup.rows(person))[-1]
    assert (last.name, last.detail, last.exit_code) == (f"person {person}", detail, 2)
    assert "Copy member ID" in last.hint


async def test_transient_error_for_a_person_is_a_warning(setup: Setup) -> None:
    setup.slack.faults.inject({"method": "users.info", "retry_after": 30})
    last = (await setup.rows("U0BOB00001"))[-1]
    assert (last.detail, last.exit_code) == ("Slack is rate limiting the bot for 30 s", 1)


async def test_doctor_leaves_no_log_file_and_no_socket_behind(setup: Setup) -> None:
    output = setup.file.parent / "bot.log"
    setup.update('output = "stderr"', f'output = "{output}"')
    assert max(check.exit_code for check in await setup.rows()) == 0
    assert not output.exists()
    assert await setup.slack.socket_count(0)


async def test_health_port_of_a_running_bot_is_not_a_failure(setup: Setup) -> None:
    """Doctor can run in the bot's own container."""
    setup.update("[review]\n", f"[health]\nport = {free_port()}\n[review]\n")
    async with running(load_settings(setup.file)):
        rows = {check.name: check for check in await setup.rows()}
    assert "a bot is running" in rows["health port"].detail
    assert {check.exit_code for check in rows.values()} == {0}


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_unusable_ssl_cert_file_is_reported(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    """OpenSSL would ignore it, so every certificate would look like a proxy's."""
    path = setup.file.parent / "company.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    rows = {check.name: check for check in await setup.rows()}
    assert f"can't use SSL_CERT_FILE, {path} (" in rows["certificate authorities"].detail
    assert rows["certificate authorities"].exit_code == 2


async def test_unreachable_host_of_private_responses_is_reported() -> None:
    """It is neither slack.com nor the sockets' host, so a proxy may block it."""
    assert response_host("https://slack.com/api/") == "https://hooks.slack.com/"
    async with http_session() as http:
        row = await responses(http, "http://127.0.0.1:1/")
    assert (row.name, row.exit_code) == ("slack responses", 1)
    assert row.detail.startswith("no connection to 127.0.0.1:1 (")
    assert row.hint == "Let connections to 127.0.0.1:1 through."


async def test_identity_that_expires_soon_is_a_warning_unless_it_is_reloaded(setup: Setup) -> None:
    setup.teleport.write_identity(BOT_USER, lifetime=timedelta(hours=3)).chmod(0o600)
    row = next(check for check in await setup.rows() if check.name == "identity")
    assert (row.level, "not reloaded" in row.detail) == (Level.WARNING, True)
    setup.update("[teleport]\n", "[teleport]\nrefresh_identity = true\n")
    row = next(check for check in await setup.rows() if check.name == "identity")
    assert row.level is Level.OK


async def test_recipient_that_slack_does_not_look_up_is_a_transient_failure(setup: Setup) -> None:
    """The name can be right, so the hint doesn't suggest to change it."""
    setup.slack.faults.inject({"method": "users.conversations", "error": "internal_error"})
    row = next(check for check in await setup.rows() if check.name == "recipient access-requests")
    assert (row.level, row.is_transient) == (Level.FAILURE, True)
    assert (row.detail, "role_to_recipients" in row.hint) == (
        "lookup failed: internal_error",
        False,
    )
