"""Private list of pending requests."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState, ResourceAccessID, ResourceID
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, buttons, decisions, words

BACKGROUND = {"KeepAliveSemaphoreLease", "GetPluginData", "UpdatePluginData", "Ping"}
"""Calls of the notifications."""


async def test_only_requests_to_review_have_buttons(stage: Stage) -> None:
    """Bob can review alice's request, but not his own."""
    hers, _ = await stage.create_request("alice", "prod", "shard 11")
    mine, _ = await stage.create_request("bob", "staging", "redis 22")
    await stage.type("bob", "/teleport-pending")
    response = await stage.response("bob", "Your requests and requests to review")
    for request in (hers, mine):
        assert request.Metadata.Name[-8:] in words(response)
    values = [
        element["value"]
        for block in response["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "approve"
    ]
    assert set(values) == {hers.Metadata.Name}
    assert "0 of 2 approvals" in words(response)


async def test_newest_request_comes_first(stage: Stage) -> None:
    """Its requester is probably waiting now."""
    await stage.create_request("alice", "staging", "older 1")
    await stage.create_request("alice", "prod", "newer 2")
    await stage.type("bob", "/teleport-pending reviewable")
    listed = words(await stage.response("bob", "Waiting for your review"))
    assert listed.index("newer 2") < listed.index("older 1")


async def test_times_are_shown_in_the_readers_zone(stage: Stage) -> None:
    """Slack converts date markup; its fallback names the time zone."""
    await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", "/teleport-pending")
    response = await stage.response("bob", "redis 1")
    dates = re.findall(r"<!date\^\d+\^([^|]+)\|([^>]+)>", words(response["blocks"]))
    assert [form for form, _ in dates] == ["{ago}", "{date_short_pretty} at {time}"]
    assert all(fallback.endswith("UTC") for _, fallback in dates)


async def test_reviewed_request_is_not_in_my_list(stage: Stage) -> None:
    """It needs a review from another reviewer."""
    _, card = await stage.create_request("alice", "prod", "shard 11")
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: "1 of 2" in words(m))
    await stage.type("bob", "/teleport-pending reviewable")
    await stage.response("bob", "No requests are waiting for your review.")


async def test_list_of_all_requests_needs_list_permission(stage: Stage) -> None:
    """The Teleport roles must allow list and read on access_request."""
    await stage.create_request("alice", "staging", "redis 1")
    await stage.type("dana", "/teleport-pending all")
    await stage.response("dana", "All pending requests")
    await stage.type("alice", "/teleport-pending all")
    await stage.response("alice", "Your Teleport roles don't let you list everyone")


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        ("", "You're all caught up"),
        ("mine", "You have no pending request"),
        ("reviewable", "No requests are waiting for your review"),
        ("“Mine”", "You have no pending request"),
        ("--reviewable", "No requests are waiting for your review"),
        ("—reviewable.", "No requests are waiting for your review"),
        ("suggested", "No pending requests suggest you as a reviewer"),
        ("active", "You have no active access"),
        ("reviewabel", "Did you mean reviewable?"),
        ("staging min", "Did you mean mine?"),
        ("alice", "contain no match for “alice”. Available lists"),
        ("redis staging", "contain no match for “redis staging”. Available lists"),
        ("mine redis", "Your pending requests contain no match for “redis”."),
        ("everything at once", "Available lists: mine, reviewable, suggested, active, all"),
    ],
)
async def test_empty_or_unknown_list_has_a_hint(stage: Stage, scope: str, sentence: str) -> None:
    await stage.type("alice", f"/teleport-pending {scope}")
    await stage.response("alice", sentence)


async def test_long_list_has_pages(stage: Stage) -> None:
    """A page has ten rows, and the buttons replace it in place."""
    for number in range(11):
        age = timedelta(minutes=11 - number)
        pending_request(stage.teleport, user=f"user-{number:02}", age=age)
    await stage.type("bob", "/teleport-pending reviewable")
    first = await stage.response("bob", "Waiting for your review")
    assert "Older (1)" in words(first)
    await stage.click("bob", first, "pending_older")
    second = await stage.response("bob", "user-00")
    assert "pending_newer" in words(second)
    assert second["ts"] == first["ts"]


async def test_search_finds_words_in_any_order(stage: Stage) -> None:
    """They can be in the requester, the role, the resource, the reason or the ID."""
    node = ResourceAccessID(id=ResourceID(ClusterName="main", Kind="db", Name="orders"))
    found = pending_request(stage.teleport, reason="Redis 1", resources=[node])
    pending_request(stage.teleport, user="carol", role="prod", reason="other 2")
    short = found.Metadata.Name[-8:]
    for text, title in (
        ("redis", "“redis”"),
        ("reviewable ALICE staging", "Waiting for your review: “alice staging”"),
        ("alice orders reviewable", "Waiting for your review: “alice orders”"),
        (f"#{short}", f"“{short}”"),
        ("<@U0ALICE001|somebody>", "“alice”"),
        ("“redis 1”", "“redis 1”"),
    ):
        await stage.type("bob", f"/teleport-pending {text}")
        shown = words(await stage.response("bob", title))
        assert short in shown, text
        assert "other 2" not in shown, text


async def test_pages_keep_the_search(stage: Stage) -> None:
    for number in range(12):
        pending_request(stage.teleport, reason=f"redis: {number}", age=timedelta(minutes=number))
        pending_request(stage.teleport, reason=f"other {number}", age=timedelta(minutes=number))
    await stage.type("bob", "/teleport-pending reviewable redis:")
    first = await stage.response("bob", "Older (2)")
    assert "other" not in words(first)
    await stage.click("bob", first, "pending_older")
    second = await stage.response("bob", "redis: 11")
    assert "other" not in words(second)


async def test_list_and_details_make_only_the_calls_that_they_need(stage: Stage) -> None:
    """Users, login states and roles are remembered; locks and requests are read each time."""
    pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    await stage.type("bob", "/teleport-pending reviewable")
    await stage.response("bob", "Waiting for your review")
    await stage.click("bob", card, "details")
    await stage.view("bob", lambda v: "Can still decide" in words(v))
    stage.slack.workspace.screens["U0BOB00001"].modals.clear()
    calls = stage.teleport.journal.calls
    before = len(calls)
    await stage.type("bob", "/teleport-pending reviewable redis")
    await stage.response("bob", "Waiting for your review: “redis”")
    listing = len(calls)
    await stage.click("bob", card, "details")
    await stage.view("bob", lambda v: "Can still decide" in words(v))
    for part in (calls[before:listing], calls[listing:]):
        made = sorted(call.method for call in part if call.method not in BACKGROUND)
        assert made == ["GetLocks", "ListAccessRequests"], made


async def test_suggested_reviewers_have_a_list(stage: Stage) -> None:
    """Carol's name alone doesn't show a request that she can't see."""
    pending_request(stage.teleport, reason="redis 1", reviewers=["carol"])
    pending_request(stage.teleport, reason="other 2")
    pending_request(stage.teleport, reason="secret 3", role="unknown", reviewers=["carol"])
    await stage.type("carol", "/teleport-pending --suggested")
    shown = await stage.response("carol", "as a suggested reviewer")
    assert "redis 1" in words(shown)
    assert "other 2" not in words(shown)
    assert "secret 3" not in words(shown)


async def test_active_access_is_listed_with_its_end(stage: Stage) -> None:
    """Only the user's own access is in the list, and only until its end."""
    pending_request(stage.teleport, user="bob", reason="redis 1", state=RequestState.APPROVED)
    pending_request(stage.teleport, user="bob", reason="waiting 2")
    pending_request(stage.teleport, reason="other 3", state=RequestState.APPROVED)
    await stage.type("bob", "/teleport-pending active")
    shown = await stage.response("bob", "Your active access")
    assert "redis 1" in words(shown)
    assert "waiting 2" not in words(shown)
    assert "other 3" not in words(shown)
    assert "access ends <!date^" in words(shown)
    assert {"extend_access", "done", "details"} <= buttons(shown).keys()


async def test_list_of_large_requests_is_shown(stage: Stage) -> None:
    """Ten requests that fill a message are one response, each with its ID."""
    requests = []
    for number in range(10):
        request = pending_request(stage.teleport, reason="W" * 300, age=timedelta(minutes=number))
        request.Spec.RequestedResourceIDs.extend(
            ResourceID(ClusterName="main", Kind="node", Name=f"{each}{'&' * 80}")
            for each in range(6)
        )
        requests.append(stage.teleport.cluster.requests.put(request))
    await stage.type("bob", "/teleport-pending")
    listed = words(await stage.response("bob", "Your requests and requests to review"))
    assert all(request.Metadata.Name[-8:] in listed for request in requests)


async def test_response_that_slack_rejects_is_replaced_by_one_sentence(stage: Stage) -> None:
    """The user gets a response for every error from Slack."""
    await stage.create_request("alice", "staging", "redis 1")
    stage.slack.faults.inject({"method": "response_url", "status": 400, "times": 1})
    stage.slack.faults.inject(
        {"method": "chat.postEphemeral", "error": "msg_blocks_too_long", "times": 1}
    )
    with capture_logs() as log:
        await stage.type("bob", "/teleport-pending")
        await stage.response("bob", "Slack rejected the bot's response")
        await log.until("interaction_handled")
    assert log.all("interaction_handled")[-1]["outcome"] == "failed"
    assert "msg_blocks_too_long" in log.all("response_content_rejected")[0]["error"]


async def test_button_in_the_list_submits_a_review(stage: Stage) -> None:
    """The user gets a private response, because the list contains no card that changes."""
    _, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", "/teleport-pending")
    response = await stage.response("bob", "redis 1")
    await stage.click("bob", response, "approve")
    await stage.response("bob", "You approved alice's request for staging")
    await stage.card_where(card["ts"], lambda m: not decisions(m))


async def test_empty_list_says_that_reviews_from_slack_are_off(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Dana's roles list everyone's requests, and Bob's don't."""

    def notify(text: str) -> str:
        return text.replace("[review]\n", '[review]\nmode = "notify"\n')

    async with run_bot_on(Stage(slack, teleport), settings_file, notify) as stage:
        await stage.type("dana", "/teleport-pending")
        await stage.response("dana", "Reviews from Slack are turned off. Run /teleport-pending all")
        await stage.type("bob", "/teleport-pending reviewable")
        await stage.response("bob", "Reviews from Slack are turned off. List others")
