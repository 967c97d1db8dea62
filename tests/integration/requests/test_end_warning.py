"""The warning before access ends, with the real bot."""

import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.process import running
from bot.settings.settings import load_settings
from notifications.records.entry import Entry, entry_from_json
from sandbox.slack.control.faults import MethodFault
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import stamp, utc_now
from teleport_client._proto.types_pb2 import AccessRequestV3, RequestState
from tests.integration.conftest import run_bot_on
from tests.integration.notifications.test_closed_requests import move_end
from tests.integration.notifications.test_takeover import kill, read_data, run_leader, wait_for_data
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import Stage, buttons, words
from tests.patience import PATIENCE_SECONDS

_HOUR, _MINUTE, _SOON = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1.5)
_BEFORE = 10 * _MINUTE
"""The default of `request.warn_before_end`."""
_AGE = 50 * _MINUTE
"""The bot's first start skips older requests."""
_WARNING = "ends soon"


def approved(
    teleport: TeleportStandIn,
    *,
    left: timedelta = 8 * _HOUR,
    age: timedelta = _AGE,
    user: str = "alice",
) -> AccessRequestV3:
    """Store an approved request, whose access ends after `left`."""
    request = pending_request(teleport, age=age, user=user, state=RequestState.APPROVED)
    return end_after(teleport, request, left)


def end_after(
    teleport: TeleportStandIn, request: AccessRequestV3, left: timedelta
) -> AccessRequestV3:
    """Change the end of the access, as an administrator does."""
    current = with_state(request, RequestState.APPROVED)
    return teleport.cluster.requests.put(move_end(current, utc_now() + left))


def warnings(stage: Stage, who: str = "alice") -> list[dict[str, Any]]:
    return [m for m in stage.messages(f"@{who}", who) if _WARNING in words(m)]


async def update_of(stage: Stage, warning: dict[str, Any], needle: str) -> dict[str, Any]:
    """Return alice's warning once it contains a text."""
    return await stage.slack.message_where(
        "@alice",
        "alice",
        lambda m: m["ts"] == warning["ts"] and needle in words(m),
        PATIENCE_SECONDS,
    )


async def wait_for_record(
    teleport: TeleportStandIn, request: AccessRequestV3, *, messages: int, intents: int = 0
) -> None:
    """Wait until the ledger contains so many messages and intents of a request."""

    def recorded(data: dict[str, str]) -> bool:
        entry = entry_from_json(data["entry"]) if "entry" in data else None
        found = (len(entry.messages), len(entry.intents)) if entry else (0, 0)
        return found == (messages, intents)

    await wait_for_data(teleport, request.Metadata.Name, recorded)


def entry_of(teleport: TeleportStandIn, request: AccessRequestV3) -> Entry | None:
    stored = read_data(teleport, request.Metadata.Name).get("entry")
    return entry_from_json(stored) if stored else None


async def test_requester_is_warned_once_before_access_ends(stage: Stage) -> None:
    """The warning is new, and its button requests the access again."""
    request = approved(stage.teleport, left=_BEFORE + _SOON)
    await stage.dm("alice", "was approved")
    assert warnings(stage) == []
    warning = await stage.dm("alice", _WARNING)
    assert f"<!date^{request.Spec.Expires.seconds}" in words(warning) or str(
        request.Spec.Expires.seconds
    ) in words(warning)
    await stage.click("alice", warning, "extend_access", channel="@alice")
    await stage.response("alice", "You requested staging", channel="@alice")
    await wait_for_record(stage.teleport, request, messages=3)
    assert len(warnings(stage)) == 1


async def test_warning_follows_an_earlier_end(stage: Stage) -> None:
    """An administrator shortens the access."""
    request = approved(stage.teleport)
    await stage.dm("alice", "was approved")
    shortened = end_after(stage.teleport, request, 5 * _MINUTE)
    warning = await stage.dm("alice", _WARNING)
    assert str(shortened.Spec.Expires.seconds) in words(warning)


async def test_sent_warning_shows_the_current_end(stage: Stage) -> None:
    """It is updated, and nothing more is sent. After the end it doesn't offer an extension."""
    request = approved(stage.teleport, left=5 * _MINUTE)
    warning = await stage.dm("alice", _WARNING)
    extended = end_after(stage.teleport, request, 2 * _HOUR)
    end = str(extended.Spec.Expires.seconds)
    await update_of(stage, warning, end)
    end_after(stage.teleport, request, _SOON)
    ended = await update_of(stage, warning, "Access has ended")
    assert list(buttons(ended)) == ["request_again"]
    assert len(stage.messages("@alice", "alice")) == 2


async def test_sent_warning_shows_that_the_request_was_deleted(stage: Stage) -> None:
    request = approved(stage.teleport, left=5 * _MINUTE)
    warning = await stage.dm("alice", _WARNING)
    stage.teleport.cluster.delete_request(request.Metadata.Name)
    deleted = await update_of(stage, warning, "The request was deleted")
    assert "extend_access" not in buttons(deleted)


async def test_short_ended_and_later_access_gets_no_warning(stage: Stage) -> None:
    """Bob's warning is the last message."""
    approved(stage.teleport, age=_MINUTE, left=20 * _MINUTE)
    shortened = approved(stage.teleport, age=_MINUTE)
    end_after(stage.teleport, shortened, 5 * _MINUTE)
    approved(stage.teleport, left=-_MINUTE)
    late_start = with_state(approved(stage.teleport, left=9 * _MINUTE), RequestState.APPROVED)
    late_start.Spec.AssumeStartTime.CopyFrom(stamp(utc_now() + _MINUTE))
    stage.teleport.cluster.requests.put(late_start)
    reviewed = with_state(approved(stage.teleport), RequestState.APPROVED)
    reviewed.Spec.Reviews.add(
        Author="bob", ProposedState=RequestState.APPROVED, Created=stamp(utc_now())
    )
    end_after(stage.teleport, reviewed, 9 * _MINUTE)
    for request in (shortened, late_start, reviewed):
        await wait_for_data(
            stage.teleport,
            request.Metadata.Name,
            lambda data: "dm:approved" in data.get("entry", ""),
        )
    approved(stage.teleport, left=5 * _MINUTE, user="bob")
    await stage.dm("bob", _WARNING)
    assert warnings(stage) == []


@pytest.mark.parametrize("value", ['"0"', "0", '"2m"'])
async def test_setting_changes_the_time_of_the_warning(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, value: str
) -> None:
    """Zero turns it off."""

    def change(text: str) -> str:
        return f"{text}\n[request]\nwarn_before_end = {value}\n"

    async with run_bot_on(Stage(slack, teleport), settings_file, change) as stage:
        request = approved(teleport, left=5 * _MINUTE)
        await wait_for_record(teleport, request, messages=2)
        assert warnings(stage) == []
        end_after(teleport, request, _MINUTE)
        if value == '"2m"':
            await stage.dm("alice", _WARNING)
        else:
            await stage.card_where(
                (await stage.card("Approved"))["ts"],
                lambda m: (
                    str(stage.request(request.Metadata.Name).Spec.Expires.seconds) in words(m)
                ),
            )
            assert warnings(stage) == []


async def test_late_warning_after_downtime_is_sent_once(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """It is sent while the access lasts, and restarts don't repeat it."""
    away = Stage(slack, teleport)
    async with run_bot_on(away, settings_file) as stage:
        request, over = approved(teleport), approved(teleport, user="bob")
        await stage.dm("alice", "was approved")
        await stage.dm("bob", "was approved")
        await wait_for_record(teleport, request, messages=2)
        await wait_for_record(teleport, over, messages=2)
    end_after(teleport, request, 2 * _MINUTE)
    end_after(teleport, over, timedelta())
    async with run_bot_on(away, settings_file) as stage:
        await stage.dm("alice", _WARNING)
        await wait_for_record(teleport, request, messages=3)
    async with run_bot_on(away, settings_file) as stage:
        approved(teleport, left=5 * _MINUTE, user="carol")
        await stage.dm("carol", _WARNING)
    assert (len(warnings(away)), warnings(away, "bob")) == (1, [])


async def test_next_leader_warns_once(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Two replicas run. The timer of the first one was set when it was killed."""
    stage = Stage(slack, teleport)
    async with run_leader(teleport, settings_file) as process:
        request = approved(teleport, left=_BEFORE + 4 * _SOON)
        await stage.dm("alice", "was approved")
        await wait_for_record(teleport, request, messages=2)
        async with running(load_settings(settings_file)):
            await kill(process, teleport)
            await slack.message_where(
                "@alice", "alice", lambda m: _WARNING in words(m), PATIENCE_SECONDS
            )
            await wait_for_record(teleport, request, messages=3)
    assert len(warnings(stage)) == 1


@pytest.mark.parametrize("committed", [True, False])
async def test_crash_between_intent_and_post_sends_one_warning(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, *, committed: bool
) -> None:
    """Slack may or may not have the message. The next leader finds out in the history."""
    slack.workspace.app.scopes.update({"channels:history", "im:history"})
    stage = Stage(slack, teleport)
    async with run_leader(teleport, settings_file) as process:
        request = approved(teleport)
        await stage.dm("alice", "was approved")
        await wait_for_record(teleport, request, messages=2)
        delay = 0.0 if committed else 60_000.0
        slack.faults.on_method(
            MethodFault("chat.postMessage", delay_ms=delay, drop_after_commit=committed)
        )
        end_after(teleport, request, 5 * _MINUTE)
        await wait_for_record(teleport, request, messages=2, intents=1)
        if committed:
            await stage.dm("alice", _WARNING)
        process.process.send_signal(signal.SIGSTOP)
        await kill(process, teleport)
    slack.faults.clear()
    async with running(load_settings(settings_file)):
        await wait_for_record(teleport, request, messages=3)
    assert len(warnings(stage)) == 1


async def test_rate_limited_warning_arrives_only_during_the_access(stage: Stage) -> None:
    """Slack limits the bot until bob's access is over."""
    bob = approved(stage.teleport, user="bob")
    alice = approved(stage.teleport)
    for who in ("alice", "bob"):
        await stage.dm(who, "was approved")
    for request in (alice, bob):
        await wait_for_record(stage.teleport, request, messages=2)
    stage.slack.faults.on_method(
        MethodFault("chat.postMessage", status=429, retry_after=3, times=1)
    )
    end_after(stage.teleport, bob, 1.5 * _SOON)
    end_after(stage.teleport, alice, 5 * _MINUTE)
    await stage.slack.message_where(
        "@alice", "alice", lambda m: _WARNING in words(m), PATIENCE_SECONDS
    )
    await stage.dm("bob", "access has ended")
    await wait_for_record(stage.teleport, alice, messages=3)
    assert (len(warnings(stage)), warnings(stage, "bob")) == (1, [])


async def test_unlinked_requester_gets_no_warning(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The record shows that it can't be delivered."""
    away = Stage(slack, teleport)
    async with run_bot_on(away, settings_file) as stage:
        request = approved(teleport)
        await stage.dm("alice", "was approved")
        await wait_for_record(teleport, request, messages=2)
    teleport.cluster.add_user("alice", ["dev"], {})
    end_after(teleport, request, 5 * _MINUTE)
    async with run_bot_on(away, settings_file):
        await wait_for_record(teleport, request, messages=3)
    entry = entry_of(teleport, request)
    undeliverable = entry.message_for("dm:ending") if entry else None
    assert undeliverable is not None
    assert (undeliverable.ts, warnings(away)) == ("", [])
