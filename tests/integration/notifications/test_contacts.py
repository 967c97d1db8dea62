"""Recipients of messages about a request: links, addresses and expired users."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.cast import PEOPLE
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import APPROVED
from tests.integration.bot_process import run_bot_here
from tests.integration.commands.use_cases import use_cases
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import Stage, words
from workspace.directory.contacts import NoContact

BY_NAME = {person.name: person for person in PEOPLE}
ALICE, BOB = BY_NAME["alice"].slack_user_id, BY_NAME["bob"].slack_user_id
ELSEWHERE = "U0OTHERTEAM"
"""Account in another workspace of the same organization."""


def by_email(text: str) -> str:
    return text.replace("[review]", "[review]\nallow_email_username_match = true")


def link(teleport: TeleportStandIn, *slack_ids: str) -> None:
    teleport.cluster.add_user("alice", ["dev", "prod-requester"], {"slack_uid": [*slack_ids]})


async def test_unknown_slack_id_in_a_trait_is_logged_once(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The card is posted, and the bot stays ready."""
    link(teleport, "U0TYPO0001")
    with capture_logs() as log:
        async with run_bot_here(settings_file) as health:
            await slack.socket_count(2)
            request = pending_request(teleport, reason="redis 1")
            stage = Stage(slack, teleport)
            card = await stage.card("redis 1")
            teleport.cluster.requests.put(with_state(request, APPROVED))
            await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
            await log.until("requester_not_linked", 2)
            assert (await health.metrics())["teleport_chatops_requests_failing"] == 0
            assert (await health.parts())[0] == 200
    assert not log.all("reconcile_failed")
    created, approved = log.all("requester_not_linked")
    assert created["error"] == approved["error"]
    assert "U0TYPO0001" in created["error"]


@pytest.mark.parametrize("linked", [(ELSEWHERE, ALICE), (ALICE, ELSEWHERE)])
async def test_requester_with_two_workspaces_gets_messages_in_this_one(
    stage: Stage, linked: tuple[str, str]
) -> None:
    link(stage.teleport, *linked)
    request, _ = await stage.create_request("alice", "staging", "redis 1")
    await stage.response("alice", "You'll get a DM")
    await stage.dm("alice", "is waiting")
    stage.teleport.cluster.requests.put(with_state(request, APPROVED))
    await stage.dm("alice", "was approved")


async def test_requester_with_expired_user_gets_notice_in_the_same_dm(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Single sign-on users expire with their login, and the cache doesn't survive a restart."""
    away = Stage(slack, teleport)
    async with run_bot_on(away, settings_file) as stage:
        request, card = await stage.create_request("alice", "staging", "redis 1")
        await stage.dm("alice", "is waiting")
    del teleport.cluster.users["alice"]
    async with run_bot_on(away, settings_file) as stage:
        await stage.click("bob", card, "approve")
        await stage.dm("alice", f"tsh login --request-id={request.Metadata.Name}")


async def test_requester_with_expired_user_gets_notice_by_email_match(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The lookup needs no recorded message."""
    async with run_bot_on(Stage(slack, teleport), settings_file, by_email) as stage:
        pending_request(teleport, user="nora@example.com", reason="redis 1")
        await stage.dm("nora", "is waiting")


async def test_recorded_channel_is_not_used_for_a_notice(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Other programs can write plugin data. A notice goes only to its requester."""
    away = Stage(slack, teleport)
    async with run_bot_on(away, settings_file) as stage:
        request = pending_request(teleport, reason="redis 1")
        await stage.dm("alice", "is waiting")
    for record in teleport.cluster.plugin_data.values():
        for entry in record.Spec.Entries.values():
            entry.Data["entry"] = entry.Data["entry"].replace("D0ALICE001", "C0ACCESS01")
    del teleport.cluster.users["alice"]
    teleport.cluster.requests.put(with_state(request, APPROVED))
    with capture_logs() as log:
        async with run_bot_on(away, settings_file) as stage:
            await log.until("requester_not_linked")
    assert not [m for m in away.messages() if "tsh login --request-id" in words(m)]


async def test_reviewer_with_an_unconfirmed_address_gets_only_messages(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A message needs no proof of identity, but a review does."""
    nora = replace(BY_NAME["nora"], email_confirmed=False)
    slack.workspace.add_person(nora)
    teleport.cluster.add_user("nora@example.com", ["dev", "reviewer"])
    async with run_bot_on(Stage(slack, teleport), settings_file, by_email) as stage:
        pending_request(teleport, reason="redis 1", reviewers=["nora@example.com"])
        card = await stage.dm("nora", "redis 1")
        await stage.click("nora", card, "approve", channel="@nora")
        await stage.dm("nora", "linked to a Teleport user yet")


def relink_alice(teleport: TeleportStandIn) -> None:
    """Link bob's and alice's Slack users to alice; messages then go to bob's account."""
    link(teleport, BOB, ALICE)
    teleport.cluster.add_user("bob", ["dev", "reviewer"], {})


@pytest.mark.parametrize(
    ("prepare", "promise"),
    [
        (lambda _: None, "You'll get a DM"),
        (relink_alice, "can't send you DMs. Run /teleport-pending"),
    ],
)
async def test_response_promises_a_notice_only_if_it_can_be_sent(
    stage: Stage, prepare: Callable[[TeleportStandIn], None], promise: str
) -> None:
    prepare(stage.teleport)
    await stage.type("alice", "/teleport-request staging because redis 1")
    await stage.response("alice", promise)


@pytest.mark.parametrize("change", [str, str.title])
async def test_explicit_link_of_a_reviewer_overrides_email(
    stage: Stage, change: Callable[[str], str]
) -> None:
    """The Slack account with a matching address isn't the reviewer's."""
    address = BY_NAME["bob"].email
    stage.teleport.cluster.add_user(address, ["dev", "reviewer"], {"slack_uid": [ELSEWHERE]})
    with capture_logs() as log:
        pending_request(stage.teleport, reason="redis 1", reviewers=[change(address)])
        await stage.card("redis 1")
        await log.until("reviewer_not_linked")
    assert ELSEWHERE in log.all("reviewer_not_linked")[0]["error"]


async def test_reviewer_keeps_the_name_when_email_is_linked_elsewhere(
    stage: Stage,
) -> None:
    address = BY_NAME["bob"].email
    stage.teleport.cluster.add_user(address, ["dev", "reviewer"])
    await stage.type("alice", f"/teleport-request staging --reviewers {address} because redis 1")
    await stage.response("alice", "shares a Slack account with another Teleport user")
    assert not stage.requests


async def test_name_that_matches_two_users_in_another_case_gets_no_message(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """Teleport's names are case sensitive, so the owner of the address isn't known."""
    for name in ("Eve@example.com", "eVe@example.com"):
        teleport.cluster.add_user(name, [])
    async with use_cases(slack, teleport) as run:
        with pytest.raises(NoContact, match="several Teleport users"):
            await run.services.contacts.user("eve@example.com")


async def test_reviewer_whose_dm_slack_refuses_is_logged_once(stage: Stage) -> None:
    """The channel gets the card. An error that can pass is retried instead."""
    stage.slack.faults.inject({"method": "conversations.open", "error": "internal_error"})
    with capture_logs() as log:
        pending_request(stage.teleport, reason="redis 1", reviewers=["bob"])
        await log.until("reconcile_failed")
    assert not log.all("reviewer_dm_failed")
    stage.slack.faults.inject({"clear": True})
    await stage.dm("bob", "redis 1")
    stage.slack.faults.inject({"method": "conversations.open", "error": "cannot_dm_bot"})
    with capture_logs() as log:
        pending_request(stage.teleport, reason="redis 2", reviewers=["carol"])
        failed = await log.first("reviewer_dm_failed")
    assert (failed["reviewer"], failed["error"]) == ("carol", "cannot_dm_bot")
    await stage.card("redis 2")
