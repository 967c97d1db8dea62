"""How the bot starts and stops as a process."""

import json
import signal
import socket
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import grpc
import pytest

from sandbox.bot_process import write_settings
from sandbox.cast import BOT_USER
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.transport.dialer import dial
from tests.integration.bot_process import bot
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, buttons
from workspace.moment import utc_now


async def test_without_settings_it_says_what_is_missing() -> None:
    """In one sentence, at once, with an exit code that says: not like this."""
    async with bot() as process:
        code, said = await process.end()
    assert code == 2
    assert said.count("\n") == 0
    for key in ("teleport.identity", "slack.token", "TELEPORT_CHATOPS_SLACK__TOKEN"):
        assert key in said


async def test_all_mistakes_of_settings_are_told_at_one_start(settings_file: Path) -> None:
    """In the file and in the environment, a line for each."""
    text = settings_file.read_text()
    settings_file.write_text(text.replace("addr =", "adress =").replace("token =", "tokn ="))
    async with bot("--config", str(settings_file), TELEPORT_CHATOPS_LOG__FORMAT="xml") as process:
        code, said = await process.end()
    assert code == 2
    assert "line 4: There is no setting teleport.adress. Did you mean teleport.addr?" in said
    assert "line 8: There is no setting slack.tokn. Did you mean slack.token?" in said
    assert "TELEPORT_CHATOPS_LOG__FORMAT: The setting log.format cannot be used" in said
    assert all(line.startswith("teleport-chatops: ") for line in said.splitlines())


async def test_a_token_that_slack_refuses_ends_it_at_once(
    settings_file: Path, slack: SlackStandIn
) -> None:
    """Naming the setting, and never the token."""
    async with bot("--config", str(settings_file), SLACK_BOT_TOKEN="xoxb-wrong-token") as process:
        code, said = await process.end()
    assert code == 2
    assert "Slack refuses slack.token: invalid_auth" in said
    assert "xoxb-wrong-token" not in said


async def test_app_installed_for_an_organization_ends_the_start(
    settings_file: Path, slack: SlackStandIn
) -> None:
    """Each user would seem to belong to another workspace."""
    slack.workspace.app.enterprise = "E0SANDBOX1"
    async with bot("--config", str(settings_file)) as process:
        code, said = await process.end()
    assert code == 2
    assert "installed for a whole Enterprise organization" in said
    assert "install it to one workspace" in said


async def test_a_slack_that_asks_to_be_left_alone_is_not_a_broken_network(
    settings_file: Path, slack: SlackStandIn
) -> None:
    """Whoever restarts the bot again and again has to hear that this is why."""
    slack.faults.inject({"method": "auth.test", "retry_after": 120})
    async with bot("--config", str(settings_file)) as process:
        code, said = await process.end()
    assert code == 1
    assert "Slack asks to be left alone for 120 s" in said


async def test_a_token_in_the_wrong_place_is_not_repeated() -> None:
    """Neither as the name of a channel, nor as the path of a file."""
    for wrong in ({"SLACK_BOT_TOKEN": "/xoxb-secret"},
                  {"TELEPORT_CHATOPS_ROLE_TO_RECIPIENTS": '"xoxb-secret"'}):  # fmt: skip
        async with bot(
            SLACK_APP_TOKEN="xapp-1", TELEPORT_CHATOPS_TELEPORT__IDENTITY="/i",
            **{"SLACK_BOT_TOKEN": "xoxb-1", "TELEPORT_CHATOPS_ROLE_TO_RECIPIENTS": "a"} | wrong,
        ) as process:  # fmt: skip
            code, said = await process.end()
        assert code == 2
        assert "cannot be used" in said
        assert "secret" not in said


async def test_swapped_tokens_are_recognised(settings_file: Path) -> None:
    """A mistake that everybody makes once."""
    async with bot(
        "--config", str(settings_file), TELEPORT_CHATOPS_SLACK__APP_TOKEN="xoxb-sandbox-bot"
    ) as process:
        code, said = await process.end()
    assert code == 2
    assert "slack.app_token: not_allowed_token_type" in said


async def test_a_teleport_that_does_not_answer_is_waited_for(
    settings_file: Path, teleport: TeleportStandIn
) -> None:
    """For as long as the settings say; then starting again may help, says the exit code."""
    await teleport.pause()
    config = ("--config", str(settings_file))
    async with bot(*config, TELEPORT_CHATOPS_START_TIMEOUT="1s") as process:
        code, said = await process.end()
    assert code == 1
    assert "Teleport does not answer at 127.0.0.1" in said
    async with bot(*config) as process:
        await process.event("teleport_unreachable")
        await teleport.resume()
        await process.event("bot_started")


async def test_a_teleport_that_is_unwell_is_waited_for(
    settings_file: Path, teleport: TeleportStandIn
) -> None:
    """As it is while it starts, or has too much to do."""
    teleport.faults.add("Ping", grpc.StatusCode.INTERNAL)
    teleport.faults.add("Ping", grpc.StatusCode.RESOURCE_EXHAUSTED)
    async with bot("--config", str(settings_file)) as process:
        await process.event("bot_started")


async def test_server_without_a_needed_method_ends_the_start(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """Found by its response: nothing else tells a version that is too old."""
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
            code, said = await process.end()
    finally:
        await old.stop()
    assert code == 2
    assert said.splitlines()[-1] == (
        "teleport-chatops: Teleport 15.1.9 has no ListAccessRequests, which the bot needs. Upgrade"
        " to Teleport 16 or later."
    )


async def test_a_variable_that_sets_nothing_is_named(settings_file: Path) -> None:
    """It may have been meant to."""
    async with bot("--config", str(settings_file), TELEPORT_CHATOPS_LOG_FORMAT="json") as process:
        ignored = await process.event("environment_variable_ignored")
        assert ignored["suggestion"] == "TELEPORT_CHATOPS_LOG__FORMAT"
        await process.event("bot_started")


async def test_a_half_written_identity_names_itself(
    settings_file: Path, teleport: TeleportStandIn, tmp_path: Path
) -> None:
    """With the way out."""
    identity = teleport.identity("bot")
    cut = tmp_path / "cut"
    cut.write_text(identity.read_text()[:1500])
    async with bot(
        "--config", str(settings_file), TELEPORT_CHATOPS_TELEPORT__IDENTITY=str(cut)
    ) as process:
        code, said = await process.end()
    assert code == 2
    assert f"The identity file {cut} is incomplete" in said


async def test_an_identity_that_is_renewed_is_waited_for(
    settings_file: Path, teleport: TeleportStandIn
) -> None:
    """As when the bot starts before tbot has written anything new."""
    teleport.write_identity(BOT_USER, lifetime=-timedelta(seconds=30))
    text = settings_file.read_text()
    async with bot("--config", str(settings_file)) as process:
        code, said = await process.end()
    assert code == 2
    assert "expired at" in said
    settings_file.write_text(text.replace("[teleport]\n", "[teleport]\nrefresh_identity = true\n"))
    async with bot("--config", str(settings_file)) as process:
        not_good = await process.event("identity_load_failed")
        assert "expired at" in str(not_good["error"])
        teleport.write_identity(BOT_USER)
        await process.event("bot_started")


async def test_an_identity_of_another_cluster_names_what_to_check(
    settings_file: Path, slack: SlackStandIn, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """At once: its authorities will not vouch for this server later either."""
    other = await TeleportStandIn.start(tmp_path_factory.mktemp("other"))
    identity = str(other.identity("bot"))
    await other.stop()
    async with bot(
        "--config",
        str(settings_file),
        TELEPORT_CHATOPS_TELEPORT__IDENTITY=identity,
    ) as process:
        code, said = await process.end()
    assert code == 2
    assert "that the identity belongs to this cluster" in said
    assert not slack.journal.to_json()["calls"]


async def test_a_taken_health_port_is_named(settings_file: Path) -> None:
    """With the two ways out."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        async with bot(
            "--config", str(settings_file), TELEPORT_CHATOPS_HEALTH__PORT=port
        ) as process:
            code, said = await process.end()
    assert code == 2
    assert f"The health server can't listen on 127.0.0.1:{port}" in said
    assert "Traceback" not in said


async def test_a_log_file_that_cannot_be_written_is_named(
    settings_file: Path, tmp_path: Path
) -> None:
    """At once, since nothing else would be seen."""
    async with bot(
        "--config", str(settings_file), TELEPORT_CHATOPS_LOG__OUTPUT=str(tmp_path)
    ) as process:
        code, said = await process.end()
    assert code == 2
    assert f"The log cannot be written to {tmp_path}" in said
    assert said.count("\n") == 0


async def test_sigterm_is_heard_while_starting(
    settings_file: Path, teleport: TeleportStandIn
) -> None:
    """Nobody has to wait for a start that goes nowhere."""
    await teleport.pause()
    async with bot("--config", str(settings_file)) as process:
        await process.event("teleport_unreachable")
        process.process.send_signal(signal.SIGTERM)
        code, said = await process.end()
    assert code == 0
    assert "startup_cancelled" in said
    assert "Traceback" not in said


async def test_sigterm_finishes_what_is_under_way(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """The answer to a command that is being worked on still comes."""
    async with bot("--config", str(settings_file)) as process:
        await process.event("bot_started")
        await slack.socket_count(2)
        stage = Stage(slack, teleport)
        teleport.faults.add("CreateAccessRequestV2", delay=1.0)
        await stage.type("alice", "/teleport-request staging because stopping 1")
        await teleport.journal.wait_for_call("CreateAccessRequestV2")
        process.process.send_signal(signal.SIGTERM)
        await stage.answer("alice", "You requested staging")
        code, said = await process.end()
    assert code == 0
    assert '"cancelled_count": 0' in said


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
async def test_the_settings_of_teleports_own_plugin_start_the_bot(
    slack: SlackStandIn, teleport: TeleportStandIn, tmp_path: Path, review: str, *,
    has_buttons: bool,
) -> None:  # fmt: skip
    """As a notifier, and with buttons where it reviews; and where it still runs, that is said."""
    request = pending_request(teleport, reason="before 1", user="bob")
    credentials = load_identity_file(teleport.identity("bot"), utc_now())
    async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
        await client.update_plugin_data(
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
        assert bool(buttons(card)) is has_buttons


async def test_channels_are_looked_for_before_they_are_needed(settings_file: Path) -> None:
    """And the log says whom to invite where, and what nobody can find."""
    text = settings_file.read_text()
    settings_file.write_text(text.replace('"access-requests"', '["C0GENERAL1", "nowhere"]'))
    async with bot("--config", str(settings_file)) as process:
        left_out = await process.event("recipient_unreachable")
        not_in = await process.event("bot_not_in_channel")
    assert (left_out["recipient"], not_in["recipient"]) == ("nowhere", "C0GENERAL1")


async def test_no_secret_is_ever_logged(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """At the lowest severity, through a whole story and some errors."""
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
        await stage.answer("bob", "The form didn't open")
        pending_request(teleport, reason="redis 2", user="bob")
        await stage.card("redis 2")
        envelopes = [e["payload"] for e in slack.journal.to_json()["envelopes"]]
        process.process.send_signal(signal.SIGTERM)
        code, said = await process.end()
    assert code == 0
    assert '"event": "modal_open_failed"' in said
    secrets = {"xoxb-sandbox-bot", "xapp-sandbox-app", "PRIVATE KEY", "ticket="}
    secrets |= {envelope["trigger_id"] for envelope in envelopes}
    secrets |= {envelope["response_url"] for envelope in envelopes}
    assert not [secret for secret in secrets if secret in said]


async def test_without_an_app_token_it_only_notifies(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """Cards without buttons, and no socket; an empty setting counts as none."""
    text = settings_file.read_text().replace("xapp-sandbox-app", "")
    settings_file.write_text(text)
    async with bot("--config", str(settings_file)) as process:
        await process.event("bot_started")
        pending_request(teleport, reason="redis 1")
        card = await Stage(slack, teleport).card("redis 1")
        assert all(block["type"] != "actions" for block in card["blocks"])
        assert slack.hands.status()["sockets"] == 0


async def test_full_disk_for_logs_neither_stops_the_bot_nor_shows_a_secret(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """One line on stderr for each lost event, and commands work."""
    config = ("--config", str(settings_file))
    async with bot(*config, TELEPORT_CHATOPS_LOG__OUTPUT="/dev/full") as process:
        await slack.socket_count(2)
        stage = Stage(slack, teleport)
        await stage.asked("alice", "staging", "redis is stuck")
        slack.faults.inject({"method": "views.open", "error": "internal_error"})
        await stage.type("alice", "/teleport-request")
        await stage.answer("alice", "The form didn't open")
        process.process.send_signal(signal.SIGTERM)
        code, said = await process.end()
    assert code == 0
    assert len(said.splitlines()) > 3
    assert all(line.startswith("log_not_written: ") for line in said.splitlines()), said


async def test_startup_log_contains_the_version(settings_file: Path) -> None:
    """Before anything is contacted, so also where the start fails."""
    async with bot("--config", str(settings_file), SLACK_BOT_TOKEN="xoxb-wrong") as process:
        event = await process.event("startup_started")
        assert (await process.end())[0] == 2
    assert event["version"] == version("teleport-chatops")


@pytest.mark.parametrize("token", ["", "xoxb-sandbox-bot"])
async def test_debug_log_has_no_lines_of_libraries(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn, token: str
) -> None:
    """Through a whole story, and whether SLACK_BOT_TOKEN is set, empty or not."""
    async with bot(
        "--config", str(settings_file), TELEPORT_CHATOPS_LOG__SEVERITY="debug",
        SLACK_BOT_TOKEN=token,
    ) as process:  # fmt: skip
        await process.event("bot_started")
        await slack.socket_count(2)
        await Stage(slack, teleport).asked("alice", "staging", "redis 1")
        process.process.terminate()
        code, said = await process.end()
    assert code == 0
    assert '"event": "interaction_handled"' in said
    assert [line for line in said.splitlines() if not is_our_line(line)] == []


def is_our_line(line: str) -> bool:
    return bool(json.loads(line)["event"] != "library_log")


async def test_log_file_is_reopened_on_sighup(
    settings_file: Path, slack: SlackStandIn, tmp_path: Path
) -> None:
    """As logrotate asks for; the bot keeps running."""
    path, rotated = tmp_path / "bot.log", tmp_path / "bot.log.1"
    config = ("--config", str(settings_file))
    async with bot(*config, TELEPORT_CHATOPS_LOG__OUTPUT=str(path)) as process:
        await slack.socket_count(2)
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
