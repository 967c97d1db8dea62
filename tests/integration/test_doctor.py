"""Doctor names the cause of what does not work, first."""

import json
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from bot.doctor.check import Check, Level
from bot.doctor.examine import examine
from bot.process import utc_now
from sandbox.bot_process import write_settings
from sandbox.cast import BOT_USER
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RoleConditions
from teleport_client.client import TeleportClient
from teleport_client.dialer import dial
from teleport_client.identity import load_identity_file
from tests.integration.made import pending_request


@dataclass
class Setup:
    slack: SlackStandIn
    teleport: TeleportStandIn
    file: Path

    def edit(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))

    def forbid(self, resource: str, *verbs: str) -> None:
        for rule in self.teleport.cluster.roles["teleport-chatops"].Spec.Allow.Rules:
            if resource in rule.Resources:
                rule.Verbs[:] = [verb for verb in rule.Verbs if verb not in verbs]


@pytest.fixture
def setup(slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path) -> Setup:
    teleport.identity("bot").chmod(0o600)
    return Setup(slack, teleport, settings_file)


async def rows(setup: Setup, person: str = "") -> list[Check]:
    return [check async for check in examine(setup.file, person, utc_now, patience=0.5)]


async def test_all_is_well(setup: Setup) -> None:
    """Every row, and nothing to do."""
    checks = await rows(setup, "U0BOB00001")
    assert {check.level for check in checks} == {Level.OK}
    assert len(checks) >= 18


def cut(setup: Setup) -> None:
    path = setup.teleport.identity("bot")
    path.write_bytes(path.read_bytes()[:900])


def of_another_cluster(setup: Setup) -> None:
    """The key that the server shows is not of the authority that the identity trusts."""
    path = setup.teleport.identity("bot")
    host, user = setup.teleport.authority.host.pem, setup.teleport.authority.user.pem
    other = type(setup.teleport.authority).generate("main", utc_now()).host.pem
    path.write_bytes(path.read_bytes().replace(host, other))
    assert user not in path.read_bytes()


def expire(setup: Setup) -> None:
    setup.teleport.write_identity(BOT_USER, lifetime=-timedelta(seconds=30))


def short_lived(setup: Setup) -> None:
    setup.teleport.write_identity(BOT_USER, lifetime=timedelta(hours=1)).chmod(0o600)
    setup.edit("[teleport]\n", "[teleport]\nrefresh_identity = true\n")


def without_scope(setup: Setup) -> None:
    setup.slack.workspace.app.scopes.discard("chat:write")


def bot_conditions(setup: Setup) -> RoleConditions:
    return setup.teleport.cluster.roles["teleport-chatops"].Spec.Allow


def without_on_behalf(setup: Setup) -> None:
    del bot_conditions(setup).ReviewRequests.SubmitForUsers[:]


def insist_on_person(setup: Setup) -> None:
    without_on_behalf(setup)
    setup.edit("[review]\n", '[review]\nmode = "person"\n')


BROKEN: dict[str, tuple[Callable[[Setup], object], Level, str, str]] = {
    "a key that there is not": (
        lambda s: s.edit("[slack]\n", "[slack]\ntokn = 1\n"),
        Level.FAILURE, "settings", "Did you mean slack.token?",
    ),
    "no identity": (
        lambda s: s.teleport.identity("bot").unlink(), Level.FAILURE, "identity", "cannot be read",
    ),
    "half an identity": (cut, Level.FAILURE, "identity", "is incomplete"),
    "an identity that has ended": (expire, Level.FAILURE, "identity", "expired at"),
    "an identity that everybody can read": (
        lambda s: s.teleport.identity("bot").chmod(0o644),
        Level.WARNING, "identity file", "everybody on this machine can read",
    ),
    "an identity of elsewhere": (
        of_another_cluster, Level.FAILURE, "teleport", "its certificate is not of this cluster",
    ),
    "an address where nobody is": (
        lambda s: s.edit(s.teleport.address, "127.0.0.1:1"),
        Level.FAILURE, "teleport", "Connection refused",
    ),
    "a server without the newest method": (
        lambda s: s.teleport.faults.remove_method("ListAccessRequests"),
        Level.FAILURE, "teleport version", "has no ListAccessRequests, which the bot needs",
    ),
    "a server without another method": (
        lambda s: s.teleport.faults.remove_method("GetPluginData"),
        Level.FAILURE, "access_plugin_data: list, read", "Teleport has no GetPluginData",
    ),
    "a certificate of an hour": (
        short_lived, Level.WARNING, "certificate lifetime", "1.0 h, and access that the bot",
    ),
    "an app of a whole organization": (
        lambda s: setattr(s.slack.workspace.app, "enterprise", "E0SANDBOX1"),
        Level.FAILURE, "slack", "install it to one workspace",
    ),
    "no hosts": (
        lambda s: bot_conditions(s).ReviewRequests.ClearField("PreviewAsRoles"),
        Level.WARNING, "host names", "shows it no hosts, so cards have their IDs",
    ),
    "no reviews for people": (
        without_on_behalf, Level.WARNING, "review mode", "no submit_for_users",
    ),
    "a mode that this role does not carry": (
        insist_on_person, Level.FAILURE, "review mode", "its role lets it not",
    ),
    "a mode without approvers": (
        lambda s: s.edit("[review]\n", '[review]\nmode = "override"\n'),
        Level.FAILURE, "review mode", "nobody approves",
    ),
    "a Teleport that is unwell": (
        lambda s: s.teleport.faults.add("GetPluginData", grpc.StatusCode.UNAVAILABLE),
        Level.FAILURE, "access_plugin_data: list, read", "could not be tried",
    ),
    "no right to ask": (
        lambda s: s.forbid("access_request", "create"),
        Level.FAILURE, "access_request: create", "access denied",
    ),
    "no right to remember": (
        lambda s: s.forbid("access_plugin_data", "update"),
        Level.FAILURE, "access_plugin_data: update", "access denied",
    ),
    "no right to find people": (
        lambda s: s.forbid("user", "list"), Level.FAILURE, "user: list", "access denied",
    ),
    "no locks": (
        lambda s: s.forbid("lock", "list"),
        Level.FAILURE, "lock: list, read", "access denied",
    ),
    "no semaphore": (
        lambda s: s.forbid("semaphore", "create"),
        Level.WARNING, "semaphore: create, update", "access denied",
    ),
    "a wrong token": (
        lambda s: s.edit("xoxb-sandbox-bot", "xoxb-other"),
        Level.FAILURE, "slack", "Slack refuses slack.token: invalid_auth",
    ),
    "a token in the other's place": (
        lambda s: s.edit("xapp-sandbox-app", "xoxb-sandbox-bot"),
        Level.FAILURE, "slack", "slack.app_token: not_allowed_token_type",
    ),
    "a scope that is missing": (
        without_scope, Level.FAILURE, "slack scopes", "lacks chat:write",
    ),
    "a channel that there is not": (
        lambda s: s.edit('"access-requests"', '"acess-requests"'),
        Level.FAILURE, "recipient acess-requests", "no channel of that name",
    ),
    "a channel without the bot": (
        lambda s: s.edit('"access-requests"', '"general"'),
        Level.FAILURE, "recipient general", "the bot is in no channel of that name",
    ),
    "a channel's ID without the bot": (
        lambda s: s.edit('"access-requests"', '"C0GENERAL1"'),
        Level.FAILURE, "recipient C0GENERAL1", "not_in_channel",
    ),
    "no scope for private channels": (
        lambda s: s.slack.workspace.app.scopes.discard("groups:read"),
        Level.WARNING, "slack scopes", "lacks groups:read: the bot can't check private channels",
    ),
    "no scope for commands": (
        lambda s: s.slack.workspace.app.scopes.discard("commands"),
        Level.FAILURE, "slack scopes", "lacks commands: commands don't reach the bot",
    ),
    "a fallback channel that there is not": (
        lambda s: s.edit("[slack]\n", '[slack]\nfallback_channel = "no-such"\n'),
        Level.FAILURE, "recipient no-such", "no channel of that name",
    ),
}  # fmt: skip


async def test_recipient_that_cannot_be_checked_is_a_warning_that_names_the_scopes(
    setup: Setup,
) -> None:
    """The app of Teleport's own plugin can post there all the same."""
    setup.slack.workspace.app.scopes = {"chat:write", "users:read", "users:read.email", "commands"}
    checks = {check.name: check for check in await rows(setup)}
    scopes, recipient = checks["slack scopes"], checks["recipient access-requests"]
    assert {scopes.level, recipient.level} == {Level.WARNING}
    assert "lacks im:write, channels:read, groups:read" in scopes.found
    assert "Add im:write, channels:read, groups:read to the app" in scopes.cure
    assert "can't be checked without channels:read and groups:read" in recipient.found


@pytest.mark.parametrize("case", list(BROKEN))
async def test_the_first_row_that_is_not_well_names_the_cause(setup: Setup, case: str) -> None:
    """And what to do about it."""
    spoil, level, name, found = BROKEN[case]
    spoil(setup)
    first = next(check for check in await rows(setup) if check.level is not Level.OK)
    assert (first.level, first.name) == (level, name)
    assert found in first.found
    assert first.cure


async def test_missing_permission_names_the_command_that_prints_the_role(setup: Setup) -> None:
    """With the flags of this cluster and these settings."""
    setup.forbid("lock", "list")
    setup.edit("[review]\n", "[request]\nenabled = false\n[review]\n")
    (locks,) = [check for check in await rows(setup) if check.name == "lock: list, read"]
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
    )
    setup.edit("[review]\n", '[review]\nmode = "person"\n')
    old.cluster.roles["teleport-chatops"].Spec.Allow.ClearField("Rules")
    try:
        checks = {check.name: check for check in await rows(setup)}
    finally:
        await old.stop()
    mode, denied = checks["review mode"], checks["access_plugin_data: update"]
    assert mode.level is Level.FAILURE
    assert "Teleport 17.0.0 doesn't accept `version: v8` in a role" in mode.cure
    assert "Teleport 17.0.0 doesn't accept its line `version: v8`" in denied.cure


async def test_server_without_a_needed_method_gets_no_rows_about_permissions(setup: Setup) -> None:
    """They would say the same again."""
    setup.teleport.faults.remove_method("ListAccessRequests")
    checks = await rows(setup)
    assert "upgrade to teleport 16" in checks[3].cure.lower()
    assert [check.name for check in checks[3:5]] == ["teleport version", "slack"]


async def test_somebody_who_is_not_mapped_is_named(setup: Setup) -> None:
    """With the line that maps them."""
    checks = await rows(setup, "U0NORA0001")
    assert checks[-1].level is Level.FAILURE
    assert "teleport-chatops link <your-teleport-user> U0NORA0001" in checks[-1].cure
    assert "tctl edit user/" in checks[-1].found


async def test_somebody_whom_the_bot_may_not_look_up_is_a_failure(setup: Setup) -> None:
    """And no traceback."""
    setup.forbid("user", "list")
    checks = await rows(setup, "U0BOB00001")
    assert "Teleport does not tell" in checks[-1].found


async def test_another_bot_that_announces_is_named(setup: Setup) -> None:
    """Teleport's own plugin, by what it keeps on a request that waits."""
    request = pending_request(setup.teleport)
    credentials = load_identity_file(setup.teleport.identity("bot"), utc_now())
    async with TeleportClient(dial(setup.teleport.address, lambda: credentials)) as client:
        await client.update_plugin_data(
            "slack", request.Metadata.Name, change={"messages": "C1/1.2"}, expect={}
        )
    (found,) = [check for check in await rows(setup) if check.name == "other bots"]
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
    assert (code, "✓ teleport" in said, "→" in said) == (0, True, False)
    setup.forbid("semaphore", "create")
    code, said = await doctor(*config, "--json")
    assert code == 1
    assert [row["name"] for row in json.loads(said) if row["level"] == "warning"] == [
        "semaphore: create, update"
    ]
    setup.forbid("access_request", "list")
    assert (await doctor(*config))[0] == 2
