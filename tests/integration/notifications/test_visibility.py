"""The bot's permission to see requests is revoked while it runs.

Without the verb `list` Teleport returns empty lists and NotFound instead of an error. Without
`read` it rejects the watch.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot import lifecycle
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.bot_process import Bot, Health, run_bot, run_bot_here
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import DECISIONS, Stage, decisions, words


def set_verbs(teleport: TeleportStandIn, *verbs: str) -> None:
    for rule in teleport.cluster.roles["teleport-chatops"].Spec.Allow.Rules:
        if "access_request" in rule.Resources:
            rule.Verbs[:] = [*verbs, "create"]


@asynccontextmanager
async def ready_bot(settings_file: Path, slack: SlackStandIn) -> AsyncIterator[tuple[Bot, Health]]:
    async with run_bot(settings_file) as (process, health):
        await process.event("bot_started")
        await process.event("ledger_loaded")
        await slack.socket_count(2)
        yield process, health


async def revoke_permission(process: Bot, health: Health, teleport: TeleportStandIn) -> None:
    """Revoke the permission, and wait until the bot detects and reports it."""
    set_verbs(teleport, "read")
    reads = len(teleport.journal.of("GetRole"))
    teleport.faults.cut_watches()
    await process.event("watch_ended")
    # The watch ends once because of the cut, then because the bot's role changed.
    await teleport.journal.wait_for_call("GetRole", count=reads + 2, ended=True)
    status, parts = await health.parts()
    assert (status, "no longer allows list and read" in parts["teleport"]) == (503, True)


async def test_revoked_permission_does_not_make_requests_look_deleted(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """Readiness reports it. All changes are shown once the bot sees requests again."""
    stage = Stage(slack, teleport)
    async with ready_bot(settings_file, slack) as (process, health):
        request = pending_request(teleport, reason="redis 1")
        ts = (await stage.card("redis 1"))["ts"]
        await stage.dm("alice", "is waiting")
        await revoke_permission(process, health, teleport)
        teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
        (card,) = [m for m in stage.messages() if m["ts"] == ts]
        assert set(decisions(card)) == DECISIONS
        assert "Deleted" not in words(card)
        set_verbs(teleport, "list", "read")
        await slack.message_where(
            "access-requests",
            "dana",
            lambda m: m["ts"] == ts and "Approved" in words(m),
            timeout=15,
        )
        assert (await health.parts())[1]["teleport"] == "ready"
    assert len(stage.messages()) == 1


async def test_rejected_watch_makes_the_bot_unready(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    async with ready_bot(settings_file, slack) as (_, health):
        set_verbs(teleport)
        teleport.faults.cut_watches()
        refusal = 'access denied to perform action "read" on "access_request"'
        status, _ = await health.parts_where(lambda parts: refusal in parts["teleport"])
        assert status == 503


async def test_commands_notice_a_revoked_permission_while_the_watch_goes_on(
    settings_file: Path,
    slack: SlackStandIn,
    teleport: TeleportStandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A watch continues after a role change, so only the bot's roles show it."""
    monkeypatch.setattr(lifecycle, "RECHECK_SECONDS", 0.1)
    stage = Stage(slack, teleport)
    async with run_bot_here(settings_file) as health:
        await slack.socket_count(2)
        pending_request(teleport, reason="redis 1")
        await stage.card("redis 1")
        set_verbs(teleport, "read")
        read = len(teleport.journal.of("GetRole"))
        await teleport.journal.wait_for_call("GetRole", count=read + 4, ended=True)
        await stage.type("bob", "/teleport-pending")
        await stage.response("bob", "The bot isn't allowed to list access requests")
        assert (await health.parts())[1]["teleport"] == "ready"


@pytest.mark.parametrize("left", [("read",), ("list",), ()])
async def test_commands_explain_that_the_bot_sees_no_requests(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn, left: tuple[str, ...]
) -> None:
    """Teleport's empty list would look as if nothing waits, and a pending request as expired."""
    stage = Stage(slack, teleport)
    async with run_bot_here(settings_file) as health:
        await slack.socket_count(2)
        request_id = pending_request(teleport, reason="redis 1").Metadata.Name
        await stage.card("redis 1")
        set_verbs(teleport, *left)
        teleport.faults.cut_watches()
        reason = "no longer allows list" if "read" in left else "access denied"
        await health.parts_where(lambda parts: reason in parts["teleport"])
        for who, typed in (
            ("bob", "pending"),
            ("carol", f"approve {request_id}"),
            ("alice", f"approve {request_id[-8:]}"),
        ):
            await stage.type(who, f"/teleport-{typed}")
            await stage.response(who, "The bot isn't allowed to list access requests")
        set_verbs(teleport, "list", "read")
        await health.parts_where(lambda parts: parts["teleport"] == "ready")
        await stage.type("bob", "/teleport-pending")
        await stage.response("bob", "redis 1")


async def test_deletion_without_permission_is_shown_when_it_returns(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    stage = Stage(slack, teleport)
    async with ready_bot(settings_file, slack) as (process, _):
        request = pending_request(teleport, reason="redis 1")
        ts = (await stage.card("redis 1"))["ts"]
        await stage.dm("alice", "is waiting")
        set_verbs(teleport, "read")
        teleport.faults.cut_watches()
        await process.event("watch_ended")
        teleport.cluster.delete_request(request.Metadata.Name)
        set_verbs(teleport, "list", "read")
        await slack.message_where(
            "access-requests",
            "dana",
            lambda m: m["ts"] == ts and "Deleted before" in words(m),
            timeout=15,
        )


async def test_start_without_permission_shows_no_request_as_deleted(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """The ledger contains requests, and Teleport seems to have none."""
    stage = Stage(slack, teleport)
    async with ready_bot(settings_file, slack) as (process, _):
        pending_request(teleport, reason="redis 1")
        ts = (await stage.card("redis 1"))["ts"]
        await stage.dm("alice", "is waiting")
        process.process.terminate()
        await process.end()
    set_verbs(teleport, "read")
    async with run_bot(settings_file) as (process, health):
        await process.event("watch_ended")
        status, parts = await health.parts()
        assert (status, "lacks access_request: list" in parts["teleport"]) == (503, True)
        set_verbs(teleport, "list", "read")
        await process.event("ledger_loaded")
        (card,) = [m for m in stage.messages() if m["ts"] == ts]
        assert set(decisions(card)) == DECISIONS


async def test_permission_depends_on_the_certificates_roles(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """With Machine ID the bot's user has other roles than its certificate."""
    del teleport.cluster.users["bot-teleport-chatops"].Spec.Roles[:]
    stage = Stage(slack, teleport)
    async with ready_bot(settings_file, slack) as (process, health):
        pending_request(teleport, reason="redis 1")
        ts = (await stage.card("redis 1"))["ts"]
        await stage.dm("alice", "is waiting")
        await revoke_permission(process, health, teleport)
        (card,) = [m for m in stage.messages() if m["ts"] == ts]
        assert "Deleted" not in words(card)


async def test_deleted_bot_user_does_not_make_requests_look_deleted(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """Teleport then returns NOT_FOUND for every call, even for existing requests."""
    stage = Stage(slack, teleport)
    async with run_bot_here(settings_file) as health:
        pending_request(teleport, reason="redis 1")
        card = await stage.card("redis 1")
        del teleport.cluster.users["bot-teleport-chatops"]
        teleport.faults.cut_watches()
        status, _ = await health.parts_where(
            lambda parts: 'user "bot-teleport-chatops" not found' in parts["teleport"]
        )
        assert status == 503
        await stage.click("bob", card, "approve")
        await stage.response("bob", "Teleport denied this: access denied")
        assert "Deleted" not in words(stage.messages())
