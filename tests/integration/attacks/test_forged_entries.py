"""Ledger entries that another program with access to plugin data has changed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.conftest import run_bot_on
from tests.integration.notifications.test_takeover import (
    read_data,
    wait_for_data,
    wait_until_recorded,
)
from tests.integration.request_factory import with_state
from tests.integration.slack_driver import Stage, buttons, words


def forge(teleport: TeleportStandIn, request_id: str, **fields: Any) -> None:
    """Change fields of an entry, and its revision, so that the leader reads it again."""
    (entry,) = teleport.cluster.plugin_data["access_request", request_id].Spec.Entries.values()
    entry.Data["entry"] = json.dumps(json.loads(entry.Data["entry"]) | fields)
    entry.Data["rev"] = "77"


async def test_card_of_another_request_keeps_its_content_and_its_buttons(stage: Stage) -> None:
    """Otherwise a reviewer who is about to approve one request would approve the other."""
    victim, card = await stage.create_request("alice", "prod", "shard 1")
    forged, own = await stage.create_request("alice", "staging", "redis 2")
    ids = victim.Metadata.Name, forged.Metadata.Name
    for request_id in ids:
        await wait_until_recorded(stage.teleport, request_id)
    messages = json.loads(read_data(stage.teleport, ids[0])["entry"])["messages"]
    forge(stage.teleport, ids[1], messages=messages)
    stage.teleport.cluster.requests.put(with_state(forged, RequestState.APPROVED))
    await stage.card_where(own["ts"], lambda card: "Approved" in words(card))
    await wait_for_data(stage.teleport, ids[1], lambda data: "dm:approved" in data["entry"])
    (kept,) = (each for each in stage.cards() if each["ts"] == card["ts"])
    assert "shard 1" in words(kept)
    assert buttons(kept)["approve"]["value"] == ids[0]


async def test_key_of_another_request_gives_no_claim_on_its_card(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The metadata of a message shows its key to other apps in the channel."""
    slack.workspace.app.scopes.add("channels:history")
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        victim, card = await stage.create_request("alice", "prod", "shard 1")
        forged, _ = await stage.create_request("alice", "staging", "redis 2")
        ids = victim.Metadata.Name, forged.Metadata.Name
        for request_id in ids:
            await wait_until_recorded(teleport, request_id)
        address = {"slot": "card:C0ACCESS01", "channel": "C0ACCESS01"}
        intent = {**address, "key": card["metadata"]["event_payload"]["key"]}
        at = datetime.now(UTC).isoformat()
        forge(teleport, ids[1], messages=[], intents=[{**intent, "at": at}])
        teleport.cluster.requests.put(with_state(forged, RequestState.APPROVED))
        await wait_for_data(teleport, ids[1], lambda data: "dm:approved" in data["entry"])
        (kept,) = (each for each in stage.cards() if each["ts"] == card["ts"])
        assert "shard 1" in words(kept)
