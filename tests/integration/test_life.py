"""Each end of a request's life, told apart from the others."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import stamp, utc_now
from teleport_client._proto.types_pb2 import AccessRequestV3, RequestState
from tests.integration.conftest import bot_on
from tests.integration.made import decided, pending_request
from tests.integration.stage import Stage, buttons, words

_SHORT = timedelta(milliseconds=1500)

End = Callable[[TeleportStandIn, AccessRequestV3], None]


def approved_for_a_moment(teleport: TeleportStandIn, request: AccessRequestV3) -> None:
    copy = decided(request, RequestState.APPROVED)
    copy.Spec.Expires.CopyFrom(stamp(utc_now() + _SHORT))
    teleport.cluster.requests.put(copy)


def approved_and_over(teleport: TeleportStandIn, request: AccessRequestV3) -> None:
    copy = decided(request, RequestState.APPROVED)
    copy.Spec.Expires.CopyFrom(stamp(utc_now()))
    teleport.cluster.requests.put(copy)


def denied(teleport: TeleportStandIn, request: AccessRequestV3) -> None:
    teleport.cluster.requests.put(decided(request, RequestState.DENIED))


def promoted(teleport: TeleportStandIn, request: AccessRequestV3) -> None:
    teleport.cluster.requests.put(decided(request, RequestState.PROMOTED))


def deleted(teleport: TeleportStandIn, request: AccessRequestV3) -> None:
    teleport.cluster.delete_request(request.Metadata.Name)


LIVE_ENDS = [
    pytest.param(approved_for_a_moment, "the access has ended", id="access ended"),
    pytest.param(denied, "Denied", id="denied"),
    pytest.param(promoted, "Granted through an access list", id="promoted"),
    pytest.param(deleted, "Deleted before it was decided", id="deleted"),
]
AWAY_ENDS = [
    pytest.param(approved_and_over, "the access has ended", id="access ended"),
    pytest.param(denied, "Denied", id="denied"),
    pytest.param(promoted, "Granted through an access list", id="promoted"),
    pytest.param(deleted, "Deleted before it was decided", id="deleted"),
]


@pytest.mark.parametrize(("end", "shown"), LIVE_ENDS)
async def test_an_end_is_shown_for_what_it_is(stage: Stage, end: End, shown: str) -> None:
    request = pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    await stage.told("alice", "is waiting")
    end(stage.teleport, request)
    await stage.card_where(card["ts"], lambda m: shown in words(m) and not buttons(m))
    assert len(stage.messages()) == 1


@pytest.mark.parametrize(("end", "shown"), AWAY_ENDS)
async def test_an_end_while_the_bot_is_away_is_shown_for_what_it_is(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, end: End, shown: str
) -> None:
    away = Stage(slack, teleport)
    async with bot_on(away, settings_file) as stage:
        request = pending_request(teleport, reason="redis 1")
        card = await stage.card("redis 1")
        await stage.told("alice", "is waiting")
    end(teleport, request)
    async with bot_on(away, settings_file) as stage:
        await stage.card_where(card["ts"], lambda m: shown in words(m) and not buttons(m))
    assert len(away.messages()) == 1


async def test_waiting_that_runs_out_while_the_bot_is_away_is_not_shown_as_deleted(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Teleport has removed it by then; the ledger knows until when it waited."""
    away = Stage(slack, teleport)
    async with bot_on(away, settings_file) as stage:
        request = pending_request(teleport, reason="redis 1", waits=_SHORT)
        card = await stage.card("redis 1")
        await stage.told("alice", "is waiting")
    await asyncio.sleep(_SHORT.total_seconds())
    teleport.cluster.delete_request(request.Metadata.Name)
    async with bot_on(away, settings_file) as stage:
        await stage.card_where(card["ts"], lambda m: "Ran out" in words(m) and not buttons(m))
    assert len(away.messages()) == 1


async def test_a_decision_after_the_waiting_ran_out_is_shown(stage: Stage) -> None:
    """Teleport takes one until it cleans up; its removal afterwards says nothing new."""
    request = pending_request(stage.teleport, reason="redis 1", waits=_SHORT)
    card = await stage.card("redis 1")
    await stage.card_where(card["ts"], lambda m: "Ran out" in words(m))
    denied(stage.teleport, request)
    await stage.card_where(card["ts"], lambda m: "Denied" in words(m))
    assert len(stage.messages()) == 1


async def test_a_denied_request_that_ages_out_stays_denied(stage: Stage) -> None:
    request = pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    denied(stage.teleport, request)
    await stage.card_where(card["ts"], lambda m: "Denied" in words(m))
    await stage.told("alice", "was denied")
    stage.teleport.cluster.expire(request.Metadata.Name)
    pending_request(stage.teleport, reason="next 2", user="bob")
    await stage.card("next 2")
    await stage.told("bob", "is waiting")
    (kept,) = [m for m in stage.messages() if m["ts"] == card["ts"]]
    assert "Denied" in words(kept)


async def test_what_is_decided_and_gone_at_once_is_shown_as_decided(stage: Stage) -> None:
    """Teleport says of a deletion nothing but that it was; the decision came right before."""
    request = pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    await stage.told("alice", "is waiting")
    stage.teleport.cluster.requests.put(decided(request, RequestState.DENIED))
    stage.teleport.cluster.delete_request(request.Metadata.Name)
    await stage.card_where(card["ts"], lambda m: "Denied" in words(m) and not buttons(m))
    await stage.told("alice", "was denied")
