"""Start and stop of the bot as a process."""

import asyncio
import json
import signal
import socket
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import grpc
import pytest

from bot.process import running
from bot.settings.settings import load_settings
from bot.start_error import StartError
from sandbox.bot_process import write_settings
from sandbox.cast import BOT_USER
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.transport.dialer import dial
from tests.integration.bot_process import bot
from tests.integration.doctor_setup import Setup
from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, decisions
from workspace.moment import utc_now

START_SECONDS = 20.0
"""Limit for the start of a bot whose log can't be read, on a busy machine."""
_LISTING = [("list",), ("read",), ("list", "read")]
"""Verbs without which Teleport doesn't show all requests."""


async def test_start_without_settings_lists_missing_settings() -> None:
    """It ends immediately, with a configuration error and a way to try it without settings."""
    async with bot() as process:
        code, output = await process.end()
    assert code == 2
    assert output.count("\n") == 1
    assert "docker compose up sandbox" in output
    for key in ("teleport.identity", "slack.token", "TELEPORT_CHATOPS_SLACK__TOKEN"):
        assert key in output


async def test_all_mistakes_in_settings_are_reported_at_one_start(settings_file: Path) -> None:
    """Each mistake in the file and in the environment has its own line."""
    text = settings_file.read_text()
    settings_file.write_text(text.replace("addr =", "adress =").replace("token =", "tokn ="))
    async with bot("--config", str(settings_file), TELEPORT_CHATOPS_LOG__FORMAT="xml") as process:
        code, output = await process.end()
    assert code == 2
    assert "line 4: Unknown setting teleport.adress. Did you mean teleport.addr?" in output
    assert "line 8: Unknown setting slack.tokn. Did you mean slack.token?" in output
    assert "TELEPORT_CHATOPS_LOG__FORMAT: Invalid setting log.format" in output
    assert all(line.startswith("teleport-chatops: ") for line in output.splitlines())


async def test_token_that_slack_rejects_ends_the_start(
    settings_file: Path, slack: SlackStandIn
) -> None:
    """The error contains the setting's name, and never the token."""
    async with bot("--config", str(settings_file), SLACK_BOT_TOKEN="xoxb-wrong-token") as process:
        code, output = await process.end()
    assert code == 2
    assert "Slack rejected slack.token: invalid_auth" in output
    assert "xoxb-wrong-token" not in output


async def test_app_installed_for_an_organization_ends_the_start(
    settings_file: Path, slack: SlackStandIn
) -> None:
    """Otherwise each user would seem to belong to another workspace."""
    slack.workspace.app.enterprise = "E0SANDBOX1"
    async with bot("--config", str(settings_file)) as process:
        code, output = await process.end()
    assert code == 2
    assert "installed for a whole Enterprise organization" in output
    assert "install it to one workspace" in output


async def test_rate_limited_start_is_not_reported_as_a_network_error(
    settings_file: Path, slack: SlackStandIn
) -> None:
    """A bot that restarts in a loop causes the limit, and its operator must learn this."""
    slack.faults.inject({"method": "auth.test", "retry_after": 120})
    async with bot("--config", str(settings_file)) as process:
        code, output = await process.end()
    assert code == 1
    assert "Slack is rate limiting the bot for 120 s" in output


async def test_token_in_the_wrong_setting_is_not_shown() -> None:
    """Cover a channel name and a file path."""
    for wrong in ({"SLACK_BOT_TOKEN": "/xoxb-secret"},
                  {"TELEPORT_CHATOPS_ROLE_TO_RECIPIENTS": '"xoxb-secret"'}):  # fmt: skip
        async with bot(
            SLACK_APP_TOKEN="xapp-1", TELEPORT_CHATOPS_TELEPORT__IDENTITY="/i",
            **{"SLACK_BOT_TOKEN": "xoxb-1", "TELEPORT_CHATOPS_ROLE_TO_RECIPIENTS": "a"} | wrong,
        ) as process:  # fmt: skip
            code, output = await process.end()
        assert code == 2
        assert "Invalid setting" in output
        assert "secret" not in output


async def test_swapped_tokens_are_detected(settings_file: Path) -> None:
    """The mistake is common."""
    async with bot(
        "--config", str(settings_file), TELEPORT_CHATOPS_SLACK__APP_TOKEN="xoxb-sandbox-bot"
    ) as process:
        code, output = await process.end()
    assert code == 2
    assert "slack.app_token: not_allowed_token_type" in output


async def test_start_waits_for_an_unreachable_teleport(
    settings_file: Path, teleport: TeleportStandIn
) -> None:
    """It waits as long as the settings allow.

    The exit code then indicates that a restart may help.
    """
    await teleport.pause()
    config = ("--config", str(settings_file))
    async with bot(*config, TELEPORT_CHATOPS_START_TIMEOUT="1s") as process:
        code, output = await process.end()
    assert code == 1
    assert "Teleport isn't responding at 127.0.0.1" in output
    async with bot(*config) as process:
        await process.event("teleport_unreachable")
        await teleport.resume()
        await process.event("bot_started")


async def test_start_waits_for_an_unavailable_teleport(
    settings_file: Path, teleport: TeleportStandIn
) -> None:
    """Teleport returns this error while it starts or is overloaded."""
    teleport.faults.add("Ping", grpc.StatusCode.INTERNAL)
    teleport.faults.add("Ping", grpc.StatusCode.RESOURCE_EXHAUSTED)
    async with bot("--config", str(settings_file)) as process:
        await process.event("bot_started")


async def test_server_without_a_needed_method_ends_the_start(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """The missing method is the only reliable sign of a version that is too old."""
    old = await TeleportStandIn.start(tmp_path / "old", server_version="15.1.9")
    old.faults.remove_method("ListAccessRequests")
    settings = write_settings(
        tmp_path / "old",
        teleport=old.address,
        identity=old.identity("bot"),
        slack_api=slack.api_url,
        approvers=True,
    )
    try:
        async with bot("--config", str(settings)) as process:
            code, output = await process.end()
    finally:
        await old.stop()
    assert code == 2
    assert output.splitlines()[-1] == (
        "teleport-chatops: Teleport 15.1.9 has no ListAccessRequests, which the bot needs. Upgrade"
        " to Teleport 16 or later."
    )


async def test_unknown_variable_is_reported(settings_file: Path) -> None:
    """It may be a typo."""
    async with bot("--config", str(settings_file), TELEPORT_CHATOPS_LOG_FORMAT="json") as process:
        ignored = await process.event("environment_variable_ignored")
        assert ignored["suggestion"] == "TELEPORT_CHATOPS_LOG__FORMAT"
        await process.event("bot_started")


async def test_incomplete_identity_is_reported(
    settings_file: Path, teleport: TeleportStandIn, tmp_path: Path
) -> None:
    """The error has a hint."""
    identity = teleport.identity("bot")
    cut = tmp_path / "cut"
    cut.write_text(identity.read_text()[:1500])
    async with bot(
        "--config", str(settings_file), TELEPORT_CHATOPS_TELEPORT__IDENTITY=str(cut)
    ) as process:
        code, output = await process.end()
    assert code == 2
    assert f"The identity file {cut} is incomplete" in output


async def test_start_waits_for_a_renewed_identity(
    settings_file: Path, teleport: TeleportStandIn
) -> None:
    """The bot can start before tbot has written a new file."""
    teleport.write_identity(BOT_USER, lifetime=-timedelta(seconds=30))
    text = settings_file.read_text()
    async with bot("--config", str(settings_file)) as process:
        code, output = await process.end()
    assert code == 2
    assert "expired at" in output
    settings_file.write_text(text.replace("[teleport]\n", "[teleport]\nrefresh_identity = true\n"))
    async with bot("--config", str(settings_file)) as process:
        not_good = await process.event("identity_load_failed")
        assert "expired at" in str(not_good["error"])
        teleport.write_identity(BOT_USER)
        await process.event("bot_started")


async def test_identity_of_another_cluster_has_a_hint(
    settings_file: Path, slack: SlackStandIn, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The start ends at once, because waiting can't change the CAs."""
    other = await TeleportStandIn.start(tmp_path_factory.mktemp("other"))
    identity = str(other.identity("bot"))
    await other.stop()
    async with bot(
        "--config",
        str(settings_file),
        TELEPORT_CHATOPS_TELEPORT__IDENTITY=identity,
    ) as process:
        code, output = await process.end()
    assert code == 2
    assert "that the identity belongs to this cluster" in output
    assert not slack.journal.to_json()["calls"]


async def test_occupied_health_port_is_reported(settings_file: Path) -> None:
    """The error has both solutions."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        async with bot(
            "--config", str(settings_file), TELEPORT_CHATOPS_HEALTH__PORT=port
        ) as process:
            code, output = await process.end()
    assert code == 2
    assert f"The health server can't listen on 127.0.0.1:{port}" in output
    assert "Traceback" not in output


async def test_unwritable_log_file_is_reported(settings_file: Path, tmp_path: Path) -> None:
    """The start ends at once, because later errors would be invisible."""
    async with bot(
        "--config", str(settings_file), TELEPORT_CHATOPS_LOG__OUTPUT=str(tmp_path)
    ) as process:
        code, output = await process.end()
    assert code == 2
    assert f"Can't write the log to {tmp_path}" in output
    assert output.count("\n") == 0


async def test_sigterm_ends_a_start(settings_file: Path, teleport: TeleportStandIn) -> None:
    """A start that waits for Teleport must be stoppable."""
    await teleport.pause()
    async with bot("--config", str(settings_file)) as process:
        await process.event("teleport_unreachable")
        process.process.send_signal(signal.SIGTERM)
        code, output = await process.end()
    assert code == 0
    assert "startup_cancelled" in output
    assert "Traceback" not in output


async def test_sigterm_finishes_work_in_flight(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """A command in flight still gets its response."""
    async with bot("--config", str(settings_file)) as process:
        await process.event("bot_started")
        await slack.socket_count(2)
        stage = Stage(slack, teleport)
        teleport.faults.add("CreateAccessRequestV2", delay=1.0)
        await stage.type("alice", "/teleport-request staging because stopping 1")
        await teleport.journal.wait_for_call("CreateAccessRequestV2")
        process.process.send_signal(signal.SIGTERM)
        await stage.response("alice", "You requested staging")
        code, output = await process.end()
    assert code == 0
    assert '"cancelled_count": 0' in output


OFFICIAL = """
[teleport]
addr = "{address}"
identity = "{identity}"
refresh_identity = true

[slack]
token = "xoxb-sandbox-bot"

[role_to_recipients]
"dev" = ["access-requests", "bob@example.com"]
"*" = ["access-requests"]

{review}
[log]
output = "stderr"
severity = "INFO"
"""
REVIEWING = """[review]
enabled = true
app_token = "xapp-sandbox-app"
slack_user_id_trait = "slack_uid"
"""
LEFTOVER = """[http]
listen_addr = ":8081"
"""


@pytest.mark.parametrize(
    ("review", "has_buttons"), [(LEFTOVER, False), (REVIEWING + LEFTOVER, True)]
)
async def test_settings_of_teleports_plugin_start_the_bot(
    slack: SlackStandIn, teleport: TeleportStandIn, tmp_path: Path, review: str, *,
    has_buttons: bool,
) -> None:  # fmt: skip
    """It notifies, and shows buttons if the file enables reviews.

    A plugin that still runs is reported.
    """
    request = pending_request(teleport, reason="before 1", user="bob")
    credentials = load_identity_file(teleport.identity("bot"), utc_now())
    async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
        await client.plugin_data.update(
            "slack", request.Metadata.Name, change={"messages": "C1/1.2"}, expect={}
        )
    config = tmp_path / "teleport-slack.toml"
    config.write_text(
        OFFICIAL.format(address=teleport.address, identity=teleport.identity("bot"), review=review)
    )
    async with bot("--config", str(config), SLACK_API_URL=slack.api_url) as process:
        assert (await process.event("setting_not_needed"))["key"] == "http"
        await process.event("bot_started")
        assert (await process.event("teleport_plugin_detected"))["request_count"] == 1
        pending_request(teleport, reason="redis 1")
        card = await Stage(slack, teleport).card("redis 1")
        assert bool(decisions(card)) is has_buttons


async def test_channels_are_looked_up_at_the_start(settings_file: Path) -> None:
    """The log names channels without the bot, and unknown channels."""
    text = settings_file.read_text()
    settings_file.write_text(text.replace('"access-requests"', '["C0GENERAL1", "nowhere"]'))
    async with bot("--config", str(settings_file)) as process:
        left_out = await process.event("recipient_unreachable")
        not_in = await process.event("bot_not_in_channel")
    assert (left_out["recipient"], not_in["recipient"]) == ("nowhere", "C0GENERAL1")


async def test_log_contains_no_secret(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """The log level is debug, through the complete story and some errors."""
    async with bot(
        "--config", str(settings_file), TELEPORT_CHATOPS_LOG__SEVERITY="debug"
    ) as process:
        await process.event("bot_started")
        await slack.socket_count(2)
        stage = Stage(slack, teleport)
        await stage.type("alice", "/teleport-request staging because redis 1")
        card = await stage.card("redis 1")
        slack.faults.inject({"method": "response_url", "status": 500, "times": 2})
        slack.faults.inject({"method": "views.open", "error": "invalid_arguments", "times": 1})
        await stage.click("bob", card, "deny")
        await stage.response("bob", "The form didn't open")
        pending_request(teleport, reason="redis 2", user="bob")
        await stage.card("redis 2")
        envelopes = [e["payload"] for e in slack.journal.to_json()["envelopes"]]
        process.process.send_signal(signal.SIGTERM)
        code, output = await process.end()
    assert code == 0
    assert '"event": "modal_open_failed"' in output
    secrets = {"xoxb-sandbox-bot", "xapp-sandbox-app", "PRIVATE KEY", "ticket="}
    secrets |= {envelope["trigger_id"] for envelope in envelopes}
    secrets |= {envelope["response_url"] for envelope in envelopes}
    assert not [secret for secret in secrets if secret in output]


async def test_bot_without_an_app_token_only_notifies(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """Cards have no buttons, and no socket opens. An empty setting counts as unset."""
    text = settings_file.read_text().replace("xapp-sandbox-app", "")
    settings_file.write_text(text)
    async with bot("--config", str(settings_file)) as process:
        await process.event("bot_started")
        pending_request(teleport, reason="redis 1")
        card = await Stage(slack, teleport).card("redis 1")
        assert all(block["type"] != "actions" for block in card["blocks"])
        assert slack.control_api.status()["sockets"] == 0


async def test_full_log_disk_neither_stops_the_bot_nor_leaks_secrets(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """Each lost event is one line on stderr, and commands work."""
    config = ("--config", str(settings_file))
    async with bot(*config, TELEPORT_CHATOPS_LOG__OUTPUT="/dev/full") as process:
        await slack.socket_count(2, START_SECONDS)
        stage = Stage(slack, teleport)
        await stage.create_request("alice", "staging", "redis is stuck")
        slack.faults.inject({"method": "views.open", "error": "internal_error"})
        await stage.type("alice", "/teleport-request")
        await stage.response("alice", "The form didn't open")
        process.process.send_signal(signal.SIGTERM)
        code, output = await process.end()
    assert code == 0
    assert len(output.splitlines()) > 3
    assert all(line.startswith("log_not_written: ") for line in output.splitlines()), output


async def test_startup_log_contains_the_version(settings_file: Path) -> None:
    """It is logged before the first connection, so a failed start has it too."""
    async with bot("--config", str(settings_file), SLACK_BOT_TOKEN="xoxb-wrong") as process:
        event = await process.event("startup_started")
        assert (await process.end())[0] == 2
    assert event["version"] == version("teleport-chatops")


@pytest.mark.parametrize("token", ["", "xoxb-sandbox-bot"])
async def test_debug_log_has_no_lines_of_libraries(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn, token: str
) -> None:
    """SLACK_BOT_TOKEN in the environment makes no difference."""
    async with bot(
        "--config", str(settings_file), TELEPORT_CHATOPS_LOG__SEVERITY="debug",
        SLACK_BOT_TOKEN=token,
    ) as process:  # fmt: skip
        await process.event("bot_started")
        await slack.socket_count(2)
        await Stage(slack, teleport).create_request("alice", "staging", "redis 1")
        process.process.terminate()
        code, output = await process.end()
    assert code == 0
    assert '"event": "interaction_handled"' in output
    assert [line for line in output.splitlines() if not is_our_line(line)] == []


def is_our_line(line: str) -> bool:
    return bool(json.loads(line)["event"] != "library_log")


async def test_log_file_is_reopened_on_sighup(
    settings_file: Path, slack: SlackStandIn, tmp_path: Path
) -> None:
    """Logrotate sends SIGHUP. The bot keeps running."""
    path, rotated = tmp_path / "bot.log", tmp_path / "bot.log.1"
    config = ("--config", str(settings_file))
    async with bot(*config, TELEPORT_CHATOPS_LOG__OUTPUT=str(path)) as process:
        await slack.socket_count(2, START_SECONDS)
        path.rename(rotated)
        process.process.send_signal(signal.SIGHUP)
        process.process.terminate()
        assert await process.end() == (0, "")
    assert '"event": "bot_started"' in rotated.read_text()
    events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert (events[0], events[-1]) == ("log_reopened", "drain_finished")


async def test_sighup_keeps_a_bot_running_that_logs_to_stderr(settings_file: Path) -> None:
    async with bot("--config", str(settings_file)) as process:
        await process.event("startup_started")
        process.process.send_signal(signal.SIGHUP)
        await process.event("bot_started")
        process.process.terminate()
        assert (await process.end())[0] == 0


async def test_start_without_a_list_of_requests_ends_with_its_reason(
    settings_file: Path, teleport: TeleportStandIn
) -> None:
    """A bot that knows no requests would answer every command wrongly."""
    teleport.faults.add("ListAccessRequests", grpc.StatusCode.INTERNAL, times=1_000)
    settings = load_settings(settings_file).model_copy(
        update={"start_timeout": timedelta(seconds=2)}
    )
    with pytest.raises(StartError, match=r"didn't list access requests in time: .*fault") as ended:
        async with running(settings):
            pass
    assert (ended.value.exit_code, ended.value.hint) == (1, "")


async def test_start_with_an_identity_without_the_bots_role_names_the_role(
    settings_file: Path, teleport: TeleportStandIn
) -> None:
    """A restart doesn't help, and the identity can be the wrong one."""
    identity = {"TELEPORT_CHATOPS_TELEPORT__IDENTITY": str(teleport.identity("alice"))}
    timeout = {"TELEPORT_CHATOPS_START_TIMEOUT": "4s"}
    async with bot("--config", str(settings_file), **identity, **timeout) as process:
        code, output = await process.end()
    assert code == 2
    problem = output.splitlines()[-1]
    assert 'access denied to perform action "read" on "access_request".' in problem
    assert "`teleport-chatops teleport-role --mode person` prints to the bot" in problem
    assert "Teleport user alice" in problem
    assert "Run doctor" in problem


@pytest.mark.parametrize("verbs", _LISTING)
async def test_start_with_a_role_that_lists_no_requests_names_the_role(
    setup: Setup, verbs: tuple[str, ...]
) -> None:
    """Without list, Teleport returns an empty list, and the bot would say that nothing waits."""
    setup.forbid("access_request", *verbs)
    settings = load_settings(setup.file).model_copy(update={"start_timeout": timedelta(seconds=2)})
    with capture_logs() as log, pytest.raises(StartError) as ended:
        async with running(settings):
            pass
    named = '"read" on "access_request"' if "read" in verbs else "lacks access_request: list."
    assert named in str(ended.value)
    assert ended.value.exit_code == 2
    assert "`teleport-chatops teleport-role --mode person` prints to the bot" in ended.value.hint
    assert len(log.all("watch_ended")) == 1


@pytest.mark.parametrize("verbs", _LISTING)
async def test_bot_starts_when_its_role_is_granted_while_it_waits(
    setup: Setup, verbs: tuple[str, ...]
) -> None:
    """An administrator may assign the role after the bot's first start."""
    setup.forbid("access_request", *verbs)
    with capture_logs() as log:
        starting = asyncio.create_task(run_until_started(setup.file))
        await log.first("watch_ended", kind="access_request")
        for rule in setup.conditions.Rules:
            if "access_request" in rule.Resources:
                rule.Verbs.extend(verbs)
        await asyncio.wait_for(starting, START_SECONDS)


async def run_until_started(settings_file: Path) -> None:
    async with running(load_settings(settings_file)):
        pass
