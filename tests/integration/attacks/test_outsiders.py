"""Forged clicks and forms of users without rights: they change nothing and show nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.attacks.outsiders import (
    OUTSIDERS,
    forged_clicks,
    forged_forms,
    link_user_without_rights,
    private_messages,
)
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import capture_logs
from tests.integration.raw_payloads import deliver
from tests.integration.request_factory import pending_request
from tests.integration.reviews.inputs import set_review
from tests.integration.slack_driver import Stage, words

SECRETS = ("secret reason", "secret description", "alice", "prod", "Access ends")


@pytest.fixture
async def stage(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> AsyncIterator[Stage]:
    change = set_review('confirm_roles = ["prod"]')
    async with run_bot_on(Stage(slack, teleport), settings_file, change) as ready:
        yield ready


@pytest.mark.parametrize(
    "state", [RequestState.PENDING, RequestState.APPROVED], ids=["pending", "approved"]
)
@pytest.mark.parametrize("who", [*OUTSIDERS, "a linked user"])
async def test_outsider_changes_nothing_and_sees_nothing(
    stage: Stage, who: str, state: RequestState.ValueType
) -> None:
    if who == "a linked user":
        who = link_user_without_rights(stage)
    stage.teleport.cluster.roles["prod"].Metadata.Description = "secret description"
    request = pending_request(stage.teleport, role="prod", reason="secret reason", state=state)
    request_id = request.Metadata.Name
    before = [each.SerializeToString(deterministic=True) for each in stage.requests]
    locks = list(stage.teleport.cluster.locks)
    with capture_logs() as log:
        sent = [*forged_clicks(stage, who, request_id), *forged_forms(stage, who, request_id)]
        acks = [(await deliver(stage, each)).payload for each in sent]
        await log.until("interaction_handled", len(sent))
    assert [each.SerializeToString(deterministic=True) for each in stage.requests] == before
    assert list(stage.teleport.cluster.locks) == locks
    shown = words([acks, private_messages(stage, who), stage.slack.control_api.views(who)])
    assert not [secret for secret in SECRETS if secret in shown], shown
    assert not [each for each in log.entries if each["event"] == "interaction_failed"]


async def test_searches_for_users_leave_slacks_lookups_to_others(stage: Stage) -> None:
    """Slack limits users.info for all users of the bot together."""
    for first in range(0, 90, 3):
        mentions = " ".join(f"<@U0MANY{number:04}|m>" for number in range(first, first + 3))
        await stage.type("bob", f"/teleport-pending {mentions}")
    await stage.response("bob", "You've searched for many users in the last minute.")
    asked = {
        call.args["user"]
        for call in stage.slack.journal.calls
        if call.method == "users.info" and call.args["user"].startswith("U0MANY")
    }
    assert len(asked) < 90
    await stage.type("bob", "/teleport-pending alice")
    await stage.response("bob", "no match for “alice”")
