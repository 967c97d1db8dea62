"""Names of requested hosts on cards, in notices and in lists."""

from pathlib import Path
from uuid import uuid4

import grpc
import pytest

from bot import lifecycle
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import ResourceAccessID, ResourceID, ServerV2
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, words
from workspace.directory import host_names

METHOD = "ListUnifiedResources"


def host(teleport: TeleportStandIn, name: str = "staging-db") -> ServerV2:
    return next(node for node in teleport.cluster.nodes if node.Spec.Hostname == name)


def request_for(teleport: TeleportStandIn, node: ServerV2, reason: str) -> None:
    resource = ResourceID(ClusterName="main", Kind="node", Name=node.Metadata.Name)
    pending_request(teleport, reason=reason, resources=[ResourceAccessID(id=resource)])


async def test_requested_host_is_shown_by_its_name(stage: Stage) -> None:
    request_for(stage.teleport, host(stage.teleport), "disk 1")
    card = await stage.card("disk 1")
    await stage.card_where(card["ts"], lambda m: "requests node/staging-db" in words(m))
    await stage.type("bob", "/teleport-pending")
    assert "node/staging-db" in words(await stage.response("bob", "disk 1"))


async def test_slow_lookup_delays_no_card(stage: Stage) -> None:
    """The card of a host that is new since the last list shows the ID, and later the name."""
    node = ServerV2()
    node.CopyFrom(host(stage.teleport))
    node.Metadata.Name, node.Spec.Hostname = str(uuid4()), "staging-new"
    stage.teleport.cluster.nodes.append(node)
    stage.teleport.faults.add(METHOD, delay=2, times=3)
    request_for(stage.teleport, node, "disk 1")
    card = await stage.card("disk 1")
    assert f"node/{node.Metadata.Name}" in words(card)
    await stage.card_where(card["ts"], lambda m: "requests node/staging-new" in words(m))


async def test_failed_lookup_is_retried(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request can be announced while Teleport restarts, and never change again."""
    monkeypatch.setattr(host_names, "_PAUSE_SECONDS", 0.1)
    stage.teleport.faults.add(METHOD, grpc.StatusCode.UNAVAILABLE, times=2)
    request_for(stage.teleport, host(stage.teleport), "disk 1")
    card = await stage.card("disk 1")
    await stage.card_where(card["ts"], lambda m: "requests node/staging-db" in words(m))


async def test_card_shows_the_id_without_the_permission(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Teleport would return an empty list instead of an error, so the bot doesn't ask."""
    allow = teleport.cluster.roles["teleport-chatops"].Spec.Allow
    allow.ReviewRequests.ClearField("PreviewAsRoles")
    allow.ClearField("NodeLabels")
    node = host(teleport)
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        request_for(teleport, node, "disk 1")
        card = await stage.card("disk 1")
        pending_request(teleport, reason="next 2")
        await stage.card("next 2")
    assert f"node/{node.Metadata.Name}" in words(card)
    assert not [call for call in slack.journal.calls if call.method == "chat.update"]
    assert teleport.journal.of(METHOD) == []


async def test_granted_permission_shows_host_names_without_a_restart(
    slack: SlackStandIn,
    teleport: TeleportStandIn,
    settings_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifecycle, "RECHECK_SECONDS", 0.1)
    conditions = teleport.cluster.roles["teleport-chatops"].Spec.Allow.ReviewRequests
    granted = list(conditions.PreviewAsRoles)
    del conditions.PreviewAsRoles[:]
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
            disabled = await log.first("feature_disabled", feature="host_names")
            assert disabled["reason"] == "the bot's role lacks review_requests.preview_as_roles"
            conditions.PreviewAsRoles.extend(granted)
            await log.first("feature_enabled", feature="host_names")
            request_for(teleport, host(teleport), "disk 1")
            card = await stage.card("disk 1")
            await stage.card_where(card["ts"], lambda m: "requests node/staging-db" in words(m))


async def test_restart_does_not_update_cards_with_host_names(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The bot looks the names up again, and the cards stay unchanged."""
    away = Stage(slack, teleport)
    async with run_bot_on(away, settings_file) as stage:
        request_for(teleport, host(teleport), "disk 1")
        card = await stage.card("disk 1")
        await stage.card_where(card["ts"], lambda m: "requests node/staging-db" in words(m))
    seen: list[str] = []
    async with run_bot_on(away, settings_file):
        pending_request(teleport, reason="next 2")
        await away.card("next 2")
        seen = [words(m) for m in away.cards() if m["ts"] == card["ts"]]
    assert all("requests node/staging-db" in each for each in seen)
