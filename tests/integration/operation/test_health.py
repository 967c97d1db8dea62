"""Problems in the health endpoints, responses and logs."""

import json
import re
import signal
from datetime import timedelta
from pathlib import Path

import grpc

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import utc_now
from teleport_client._proto.types_pb2 import DENIED
from tests.integration.bot_process import run_bot, run_bot_here
from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import Stage, words


async def test_health_endpoint_shows_each_part_with_its_reason(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """It listens on loopback, for an orchestrator."""
    async with run_bot(settings_file) as (process, health):
        await process.event("bot_started")
        await slack.socket_count(2)
        await process.event("socket_connected")
        assert (await health.page("/healthz"))[0] == 200
        status, parts = await health.parts()
        assert (status, set(parts.values())) == (200, {"ready"})
        stage = Stage(slack, teleport)
        await stage.type("alice", "/teleport-pending mine")
        await stage.response("alice", "You have no pending request")
        await process.event("interaction_handled")
        _, metrics = await health.page("/metrics")
        assert (
            'interaction_duration_seconds_count{interaction="/teleport-pending",outcome="done"} 1.0'
            in metrics
        )
        assert "teleport_chatops_lease_held 1.0" in metrics
        assert 'condition_status{condition="watch",status="ready"} 1.0' in metrics
        assert _conditions(metrics) == _documented_conditions() - {"start"}
        await teleport.pause()
        await process.event("watch_ended")
        status, parts = await health.parts()
        assert status == 503
        assert "the watch ended" in parts["teleport"]
        _, metrics = await health.page("/metrics")
        assert 'condition_status{condition="watch",status="not_ready"} 1.0' in metrics


def _conditions(metrics: str) -> set[str]:
    return set(re.findall(r'condition_status\{condition="(\w+)"', metrics))


def _documented_conditions() -> set[str]:
    operations = Path(__file__).parents[3] / "docs/operations.md"
    table = operations.read_text().partition("| condition | part |")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


LACKS = "The Teleport server has no {}, which the bot needs. Upgrade to Teleport 16 or later."


async def test_lost_method_fails_readiness_and_the_bot_keeps_running(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """An older server replaces the new one, for example after a rollback.

    Later the new one returns.
    """
    with capture_logs() as log:
        async with run_bot_here(settings_file) as health:
            await slack.socket_count(2)
            assert (await health.parts())[0] == 200
            teleport.faults.remove_method("ListAccessRequests")
            teleport.faults.cut_watches()
            await log.until("watch_ended", 3)
            status, parts = await health.parts()
            assert (status, parts.pop("teleport")) == (503, LACKS.format("ListAccessRequests"))
            assert set(parts.values()) == {"ready"}
            stage = Stage(slack, teleport)
            await stage.type("alice", "/teleport-request staging because x")
            await stage.response("alice", "doesn't support that")
            teleport.faults.clear()
            await log.until("watch_started", 4)
            assert (await health.parts())[0] == 200


async def test_missing_method_of_commands_fails_readiness(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """The watch doesn't detect it."""
    async with run_bot_here(settings_file) as health:
        await slack.socket_count(2)
        stage = Stage(slack, teleport)
        teleport.faults.remove_method("ListUsers", "teleport.users.v1.UsersService")
        await stage.type("alice", "/teleport-pending mine")
        await stage.response("alice", "doesn't support that")
        status, parts = await health.parts()
        assert (status, parts["teleport"]) == (503, LACKS.format("ListUsers"))
        teleport.faults.clear()
        await stage.type("alice", "/teleport-pending mine")
        await stage.response("alice", "You have no pending request")
        assert (await health.parts())[0] == 200


async def test_method_with_a_substitute_is_optional(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """Servers without login states keep roles in the user's record."""
    teleport.faults.remove_method("GetUserLoginState")
    async with run_bot_here(settings_file) as health:
        await slack.socket_count(2)
        stage = Stage(slack, teleport)
        _, card = await stage.create_request("alice", "staging", "redis 1")
        await stage.click("bob", card, "approve")
        await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
        assert teleport.journal.of("GetUserLoginState")
        assert (await health.parts())[0] == 200


async def test_wrong_clock_is_a_warning(slack: SlackStandIn, settings_file: Path) -> None:
    """The bot keeps running, but leases and durations are wrong."""
    with capture_logs() as log:
        async with run_bot_here(settings_file, lambda: utc_now() + timedelta(seconds=30)) as health:
            await slack.socket_count(2)
            assert "off Slack's" in (await health.warnings())["clock"]
    (skew,) = log.all("clock_skew_detected")
    assert 28 <= skew["skew_seconds"] <= 31


async def test_health_endpoint_works_during_the_start(
    settings_file: Path, teleport: TeleportStandIn
) -> None:
    """The bot is alive but not ready, so an orchestrator doesn't restart it during an outage."""
    await teleport.pause()
    async with run_bot(settings_file) as (process, health):
        await process.event("teleport_unreachable")
        assert (await health.page("/healthz"))[0] == 200
        assert await health.parts() == (503, {"start": "starting"})


async def test_revoked_token_is_reported_everywhere(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """The user gets a response and readiness fails, until Slack accepts the token again."""
    async with run_bot(settings_file) as (process, health):
        await process.event("bot_started")
        await slack.socket_count(2)
        stage = Stage(slack, teleport)
        slack.faults.inject({"method": "users.info", "error": "token_revoked", "times": 1})
        await stage.type("alice", "/teleport-pending mine")
        await stage.response("alice", "The bot's Slack token no longer works")
        slack.faults.inject({"method": "chat.postMessage", "error": "token_revoked"})
        pending_request(teleport, reason="redis 1")
        await process.event("message_post_failed")
        assert "no longer accepts slack.token: token_revoked" in (await health.parts())[1]["slack"]
        slack.faults.clear()
        await stage.card("redis 1")
        await process.event("message_posted")
        assert (await health.parts())[1]["slack"] == "ready"
        process.process.send_signal(signal.SIGTERM)
        _, output = await process.end()
    assert "Traceback" not in output


async def test_revoked_app_token_is_reported(settings_file: Path, slack: SlackStandIn) -> None:
    """The log has Slack's error code, without a traceback for each attempt."""
    async with run_bot(settings_file) as (process, health):
        await process.event("bot_started")
        await slack.socket_count(2)
        slack.faults.inject({"method": "apps.connections.open", "error": "invalid_auth"})
        slack.faults.inject({"sockets": "cut"})
        await process.event("socket_open_failed")
        status, parts = await health.parts()
        assert (status, parts["slack"]) == (503, "Slack rejected a new socket: invalid_auth")
        process.process.send_signal(signal.SIGTERM)
        code, output = await process.end()
    assert code == 0
    assert "Traceback" not in output


async def test_revoked_role_is_reported(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """The user gets a response and readiness fails, until the role is restored."""
    async with run_bot(settings_file) as (process, health):
        await process.event("bot_started")
        await slack.socket_count(2)
        stage = Stage(slack, teleport)
        _, card = await stage.create_request("alice", "prod", "redis 1")
        conditions = teleport.cluster.roles["teleport-chatops"].Spec.Allow.ReviewRequests
        del conditions.SubmitForUsers[:]
        await stage.click("bob", card, "approve")
        await stage.response("bob", "let the bot submit reviews on your behalf")
        status, parts = await health.parts()
        assert (status, "cannot submit reviews" in parts["reviews"]) == (503, True)
        assert "on_behalf_rejections_total 1.0" in (await health.page("/metrics"))[1]
        conditions.SubmitForUsers.append("*")
        await stage.click("bob", card, "approve")
        await stage.card_where(card["ts"], lambda m: "1 of 2" in words(m))
        assert (await health.parts())[1]["reviews"] == "ready"


async def test_role_limited_to_some_users_does_not_fail_readiness(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """The user gets a response, and the log names the user."""
    conditions = teleport.cluster.roles["teleport-chatops"].Spec.Allow.ReviewRequests
    conditions.SubmitForUsers[:] = ["bob"]
    with capture_logs() as log:
        async with run_bot_here(settings_file) as health:
            await slack.socket_count(2)
            stage = Stage(slack, teleport)
            _, card = await stage.create_request("alice", "prod", "redis 1")
            await stage.click("carol", card, "approve")
            await stage.response("carol", "let the bot submit reviews on your behalf")
            assert (await health.parts())[0] == 200
            assert (await health.metrics())["teleport_chatops_on_behalf_rejections_total"] == 1
            await stage.click("bob", card, "approve")
            await stage.card_where(card["ts"], lambda m: "1 of 2" in words(m))
    (refused,) = log.all("on_behalf_review_rejected")
    assert refused["teleport_user"] == "carol"


async def test_unreadable_ledger_is_reported(
    settings_file: Path, teleport: TeleportStandIn
) -> None:
    """Without it the bot announces no requests."""
    denied = grpc.StatusCode.PERMISSION_DENIED
    teleport.faults.add("GetPluginData", denied, details="no verb", times=1000)
    async with run_bot(settings_file) as (process, health):
        await process.event("lease_lost")
        assert "no verb" in (await health.parts())[1]["notifications"]
        teleport.faults.clear()
        await process.event("ledger_loaded")
        assert (await health.parts())[1]["notifications"] == "ready"


async def test_invalid_entry_does_not_stop_its_card(
    slack: SlackStandIn, settings_file: Path, teleport: TeleportStandIn
) -> None:
    """An entry of the bot with impossible values is ignored."""
    with capture_logs() as log:
        async with run_bot_here(settings_file) as health:
            await slack.socket_count(2)
            request = pending_request(teleport, reason="spoilt 1")
            stage = Stage(slack, teleport)
            await stage.dm("alice", "is waiting")
            await stage.card("spoilt 1")
        for record in teleport.cluster.plugin_data.values():
            for entry in record.Spec.Entries.values():
                text = json.loads(entry.Data["entry"])
                text["face"]["access_until"] = "9999-12-31T23:59:59-14:00"
                entry.Data["entry"] = json.dumps(text)
        async with run_bot_here(settings_file) as health:
            await slack.socket_count(2)
            teleport.cluster.requests.put(with_state(request, DENIED))
            await stage.card("Denied")
            measured = await health.metrics_where(
                lambda found: found["teleport_chatops_lease_held"] == 1
            )
            assert measured["teleport_chatops_requests_failing"] == 0
            assert (await health.parts())[0] == 200
    (unreadable,) = log.all("ledger_entry_invalid")
    assert unreadable["request_id"] == request.Metadata.Name
    assert not log.all("reconcile_failed")
