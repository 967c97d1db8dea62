"""A feature without its permission or scope is disabled and reported once; all others work."""

from pathlib import Path

import pytest

from bot import lifecycle
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.server import TeleportStandIn
from tests.integration.clusters import run_cluster
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import Log, capture_logs
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, decisions, words


def forbid(teleport: TeleportStandIn, resource: str, verb: str) -> None:
    for rule in teleport.cluster.roles["teleport-chatops"].Spec.Allow.Rules:
        if resource in rule.Resources:
            rule.Verbs.remove(verb)


def allow(teleport: TeleportStandIn, resource: str, verb: str) -> None:
    for rule in teleport.cluster.roles["teleport-chatops"].Spec.Allow.Rules:
        if resource in rule.Resources:
            rule.Verbs.append(verb)


def disabled(log: Log) -> list[str]:
    """Return the features that are reported as disabled, without the opt-in ones."""
    found = log.all("feature_disabled")
    return [entry["feature"] for entry in found if entry["log_level"] != "info"]


async def test_bot_without_create_reviews_requests_and_rejects_new_ones(
    slack: SlackStandIn,
    teleport: TeleportStandIn,
    settings_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The form doesn't open in vain, and requests work again after the role is corrected."""
    monkeypatch.setattr(lifecycle, "RECHECK_SECONDS", 0.1)
    forbid(teleport, "access_request", "create")
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
            assert disabled(log) == ["create_requests"]
            for typed in ("staging because redis 1", ""):
                await stage.type("alice", f"/teleport-request {typed}")
                await stage.response("alice", "isn't allowed to create requests for users")
            assert teleport.journal.of("CreateAccessRequestV2") == []
            pending_request(teleport, reason="redis 2")
            card = await stage.card("redis 2")
            await stage.click("bob", card, "approve")
            await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
            assert disabled(log) == ["create_requests"]
            allow(teleport, "access_request", "create")
            await log.first("feature_enabled", feature="create_requests")
            await stage.create_request("alice", "staging", "redis 3")


async def test_bot_without_update_leaves_reviews_to_teleport(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """Community Edition: the mode would be override, and each click would fail."""

    def restrict(teleport: TeleportStandIn) -> None:
        forbid(teleport, "access_request", "update")

    async with run_cluster(slack, tmp_path, Edition.COMMUNITY, prepare=restrict) as (stage, log):
        (selected,) = log.all("review_mode_selected")
        assert (selected["mode"], selected["reason"]) == (
            "notify",
            "the bot's role lacks access_request: update",
        )
        assert disabled(log) == ["reviews_by_override"]
        await stage.type("alice", "/teleport-request staging because redis 1")
        assert not decisions(await stage.card("redis 1"))


async def test_bot_without_email_scope_messages_other_reviewers(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    slack.workspace.app.scopes.discard("users:read.email")
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
            reviewers = ["nora@example.com", "bob"]
            pending_request(teleport, reason="redis 1", reviewers=reviewers)
            await stage.dm("bob", "redis 1")
            await stage.card("redis 1")
    assert disabled(log) == ["email_reviewers"]
    assert not [call for call in slack.journal.calls if call.method == "users.lookupByEmail"]
