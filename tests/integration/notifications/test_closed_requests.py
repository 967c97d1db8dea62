"""Different ends of a request, and how cards distinguish them."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import time

import pytest

from bot.process import running
from bot.settings.settings import load_settings
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import stamp, utc_now
from teleport_client._proto.types_pb2 import AccessRequestV3, RequestState
from tests.integration.conftest import run_bot_on
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import Stage, buttons, decisions, words

_SHORT = timedelta(milliseconds=1500)

End = Callable[[TeleportStandIn, AccessRequestV3], None]


def move_end(request: AccessRequestV3, moment: datetime) -> AccessRequestV3:
    """Move the end of access, and with it that of the approved request."""
    request.Spec.Expires.CopyFrom(stamp(moment))
    request.Spec.ResourceExpiry.CopyFrom(stamp(moment))
    return request


def approve_briefly(teleport: TeleportStandIn, request: AccessRequestV3) -> None:
    copy = with_state(request, RequestState.APPROVED)
    teleport.cluster.requests.put(move_end(copy, utc_now() + _SHORT))


def approve_and_end(teleport: TeleportStandIn, request: AccessRequestV3) -> None:
    copy = with_state(request, RequestState.APPROVED)
    teleport.cluster.requests.put(move_end(copy, utc_now()))


def deny(teleport: TeleportStandIn, request: AccessRequestV3) -> None:
    teleport.cluster.requests.put(with_state(request, RequestState.DENIED))


def promote(teleport: TeleportStandIn, request: AccessRequestV3) -> None:
    teleport.cluster.requests.put(with_state(request, RequestState.PROMOTED))


def delete(teleport: TeleportStandIn, request: AccessRequestV3) -> None:
    teleport.cluster.delete_request(request.Metadata.Name)


LIVE_ENDS = [
    pytest.param(approve_briefly, "access has ended", id="access ended"),
    pytest.param(deny, "Denied", id="denied"),
    pytest.param(promote, "Permanent access granted", id="promoted"),
    pytest.param(delete, "Deleted before a decision", id="deleted"),
]
AWAY_ENDS = [
    pytest.param(approve_and_end, "access has ended", id="access ended"),
    pytest.param(deny, "Denied", id="denied"),
    pytest.param(promote, "Permanent access granted", id="promoted"),
    pytest.param(delete, "Deleted before a decision", id="deleted"),
]


@pytest.mark.parametrize(("end", "shown"), LIVE_ENDS)
async def test_card_shows_the_kind_of_end(stage: Stage, end: End, shown: str) -> None:
    request = pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    await stage.dm("alice", "is waiting")
    end(stage.teleport, request)
    await stage.card_where(card["ts"], lambda m: shown in words(m) and not decisions(m))
    assert len(stage.messages()) == 1


async def test_dm_about_an_approval_shows_the_end_of_access(stage: Stage) -> None:
    """It no longer offers the command and the button that work only before."""
    request = pending_request(stage.teleport, reason="redis 1")
    await stage.dm("alice", "is waiting")
    approve_briefly(stage.teleport, request)
    approved = await stage.dm("alice", "was approved")
    ended = await stage.dm("alice", "access has ended")
    assert ended["ts"] == approved["ts"]
    assert "tsh login" not in words(ended)
    assert list(buttons(ended)) == ["request_again"]


async def test_dm_about_an_approval_shows_the_deletion(stage: Stage) -> None:
    request = pending_request(stage.teleport, reason="redis 1", state=RequestState.APPROVED)
    await stage.dm("alice", "tsh login")
    delete(stage.teleport, request)
    deleted = await stage.dm("alice", "The request has been deleted since")
    assert list(buttons(deleted)) == ["request_again"]


@pytest.mark.parametrize(("end", "shown"), AWAY_ENDS)
async def test_card_shows_the_kind_of_end_after_downtime(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, end: End, shown: str
) -> None:
    away = Stage(slack, teleport)
    async with run_bot_on(away, settings_file) as stage:
        request = pending_request(teleport, reason="redis 1")
        card = await stage.card("redis 1")
        await stage.dm("alice", "is waiting")
    end(teleport, request)
    async with run_bot_on(away, settings_file) as stage:
        await stage.card_where(card["ts"], lambda m: shown in words(m) and not decisions(m))
    assert len(away.messages()) == 1


async def test_expiry_during_downtime_is_not_shown_as_deleted(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Teleport has deleted the request by then. The ledger contains its deadline."""
    away = Stage(slack, teleport)
    async with run_bot_on(away, settings_file) as stage:
        request = pending_request(teleport, reason="redis 1", waits=_SHORT)
        card = await stage.card("redis 1")
        await stage.dm("alice", "is waiting")
    await asyncio.sleep(_SHORT.total_seconds())
    teleport.cluster.delete_request(request.Metadata.Name)
    async with run_bot_on(away, settings_file) as stage:
        await stage.card_where(card["ts"], lambda m: "Expired" in words(m) and not decisions(m))
    assert len(away.messages()) == 1


async def test_resolution_after_expiry_is_shown(stage: Stage) -> None:
    """Teleport accepts one until it deletes the request. The deletion then changes nothing."""
    request = pending_request(stage.teleport, reason="redis 1", waits=_SHORT)
    card = await stage.card("redis 1")
    await stage.card_where(card["ts"], lambda m: "Expired" in words(m))
    deny(stage.teleport, request)
    await stage.card_where(card["ts"], lambda m: "Denied" in words(m))
    assert len(stage.messages()) == 1


async def test_denied_request_stays_denied_after_its_deletion(stage: Stage) -> None:
    request = pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    deny(stage.teleport, request)
    await stage.card_where(card["ts"], lambda m: "Denied" in words(m))
    await stage.dm("alice", "was denied")
    stage.teleport.cluster.expire(request.Metadata.Name)
    pending_request(stage.teleport, reason="next 2", user="bob")
    await stage.card("next 2")
    await stage.dm("bob", "is waiting")
    (kept,) = [m for m in stage.messages() if m["ts"] == card["ts"]]
    assert "Denied" in words(kept)


async def test_deletion_after_resolution_keeps_the_resolution(stage: Stage) -> None:
    """Teleport's delete event has no state.

    The event with the resolution came immediately before.
    """
    request = pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    await stage.dm("alice", "is waiting")
    stage.teleport.cluster.requests.put(with_state(request, RequestState.DENIED))
    stage.teleport.cluster.delete_request(request.Metadata.Name)
    await stage.card_where(card["ts"], lambda m: "Denied" in words(m) and not decisions(m))
    await stage.dm("alice", "was denied")


@pytest.mark.parametrize("slack_too", [False, True], ids=["ours", "ours and Slack's"])
async def test_clock_that_jumps_nine_days_ahead_closes_no_request(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, slack_too: bool
) -> None:
    """Teleport still lists the requests, and the bot sends no notice that it can't correct."""
    off = timedelta()
    stage = Stage(slack, teleport)
    async with running(load_settings(settings_file), now=lambda: utc_now() + off):
        waiting = pending_request(teleport, reason="waits 1")
        card = await stage.card("waits 1")
        await stage.dm("alice", "is waiting")
        approved = pending_request(teleport, user="bob", reason="approved 2")
        second = await stage.card("approved 2")
        approved = teleport.cluster.requests.put(with_state(approved, RequestState.APPROVED))
        await stage.dm("bob", "was approved")
        off = timedelta(days=9)
        if slack_too:
            slack.workspace.now = lambda: time() + off.total_seconds()
        for number, request in enumerate((waiting, approved)):
            request.Spec.Reviews.add(Author="dana", ProposedState=RequestState.APPROVED)
            teleport.cluster.requests.put(request)
            ts = (card, second)[number]["ts"]
            await stage.card_where(ts, lambda m: "approved by" in words(m) and "dana" in words(m))
        assert "Waiting for approval" in words(await stage.card_where(card["ts"], buttons))
        await stage.card_where(second["ts"], lambda m: "has ended" not in words(m))
    assert not [m for m in stage.messages("@alice", "alice") if "expired" in words(m)]


async def test_deletion_with_a_fast_clock_is_not_shown_as_expired(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Slack's time distinguishes the two cases."""
    stage = Stage(slack, teleport)
    async with running(load_settings(settings_file), now=lambda: utc_now() + timedelta(days=9)):
        request = pending_request(teleport, reason="redis 1")
        card = await stage.card("redis 1")
        await stage.dm("alice", "is waiting")
        delete(teleport, request)
        await stage.card_where(card["ts"], lambda m: "Deleted before" in words(m))
        await stage.dm("alice", "was deleted before")


async def test_first_start_with_a_fast_clock_skips_no_request(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A request that the first start skips never gets a card."""
    stage = Stage(slack, teleport)
    pending_request(teleport, reason="redis 1")
    async with running(load_settings(settings_file), now=lambda: utc_now() + timedelta(days=9)):
        await stage.card("redis 1")
