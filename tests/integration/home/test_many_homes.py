"""App Home in a large workspace: many users open it at the same time."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
import structlog

from sandbox import cast
from sandbox.cast import SLACK_TRAIT
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.conftest import run_bot_on
from tests.integration.home.home_driver import open_home, publications
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, words

_USERS, _WITH_ACCESS = 250, 50
"""Every fiftieth user has access through a request."""
_READ_INTERVAL = 0.05
"""The stand-in for Slack has no rate limits here, so more users are read in a minute."""
_SECONDS = 90.0

log = structlog.get_logger(__name__)


def add_users(slack: SlackStandIn, teleport: TeleportStandIn) -> Iterator[str]:
    """Add linked users, and yield their Slack IDs."""
    for number in range(_USERS):
        slack_user = f"U0USER{number:04}"
        slack.workspace.add_person(cast.Person(f"user-{number}", slack_user, "User"))
        teleport.cluster.add_user(f"user-{number}", ["dev"], {SLACK_TRAIT: [slack_user]})
        if number % _WITH_ACCESS == 0:
            pending_request(
                teleport,
                user=f"user-{number}",
                reason=f"access {number}.",
                age=timedelta(hours=2),
                state=RequestState.APPROVED,
            )
        yield slack_user


async def card_seconds(stage: Stage) -> float:
    """Create a request, and return how long its card takes."""
    started = monotonic()
    pending_request(stage.teleport, reason="redis 1")
    await stage.card("redis 1")
    return monotonic() - started


async def open_homes(stage: Stage) -> float:
    """Let all users open App Home. Return the seconds of a card that is posted meanwhile."""
    for number in range(_USERS // 2):
        await open_home(stage, f"user-{number}")
    card = asyncio.create_task(card_seconds(stage))
    for number in range(_USERS // 2, _USERS):
        await open_home(stage, f"user-{number}")
    return await card


def complete_homes(slack: SlackStandIn) -> Counter[str]:
    """Count the views with requests by user. An explanation comes first if Teleport is too busy."""
    views = [(call.args["user_id"], call.args["view"]) for call in publications(slack)]
    return Counter(
        who for who, view in views if "can't be shown yet" not in words(view["blocks"][0])
    )


@pytest.mark.timeout(2 * _SECONDS)
async def test_many_users_each_get_one_correct_home_and_delay_no_card(
    slack: SlackStandIn,
    teleport: TeleportStandIn,
    settings_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("notifications.home.home_reconciler.READ_INTERVAL_SECONDS", _READ_INTERVAL)
    ids = list(add_users(slack, teleport))
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        started = monotonic()
        card = await open_homes(stage)
        opened = monotonic() - started
        await slack.workspace.changes.until(
            lambda: len(complete_homes(slack)) == _USERS or None, _SECONDS
        )
        log.info("homes_published", card=card, opened=opened, published=monotonic() - started)
    assert complete_homes(slack) == Counter(ids)
    for number in range(_USERS):
        home = words(slack.control_api.views(f"user-{number}")["home"])
        has_access = number % _WITH_ACCESS == 0
        assert (f"access {number}." in home) == has_access
        assert home.count("Your active access (1)") == has_access
