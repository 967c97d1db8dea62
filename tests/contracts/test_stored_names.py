"""Names that the bot stores in Teleport and posts to Slack. A released bot has written them."""

import asyncio
import json

import pytest

from tests.contracts.requesting import requested, teleport
from tests.contracts.sandbox_process import Sandbox, request_id, until
from tests.contracts.teleport import Teleport
from tests.patience import PATIENCE_SECONDS

PLUGIN = "teleport-chatops/T0SANDBOX1"
_ENTRY = {"face", "messages", "intents", "passed_over", "seeking", "touched"}
_FACE = {
    "id", "user", "roles", "status", "reason", "resources", "access_until", "waiting_until",
    "assume_start", "progress", "votes", "decided_by", "resolve_reason", "promoted_to", "reviewers",
    "messaged", "page", "can_decide", "elsewhere", "constrained", "incomplete", "from_slack",
    "approvals_left", "resource_names", "access_for", "confirm_roles", "removed_roles", "denials",
    "filtered", "lock", "can_lock", "long_term", "has_details",
}  # fmt: skip
_VOTE = {"author", "state", "reason", "counts"}
_MESSAGE = {"slot", "channel", "ts", "face", "rest_until"}


async def test_entry_keeps_its_names(fast: Sandbox) -> None:
    """Of an approved request with a reason: card, DMs and a thread reply."""
    card = await requested(fast, "staging", "contract-entry")
    request = request_id(card)
    fast.command("bob", f"/teleport-approve {request} contract-reason")
    fast.closed(card)
    fast.message(f"--request-id={request}", "@alice", "alice")
    until(lambda: _replies(fast, card["ts"]), "the review in the thread")
    async with teleport(fast) as bot:
        plugins = await _complete(bot, request)
    assert set(plugins) == {PLUGIN}
    assert set(plugins[PLUGIN]) == {"entry", "rev"}
    assert int(plugins[PLUGIN]["rev"]) > 0
    entry = json.loads(plugins[PLUGIN]["entry"])
    assert {"face", "messages", "touched"} <= set(entry) <= _ENTRY
    face = entry["face"]
    assert {"id", "user", "roles", "status", "reason", "votes", "decided_by"} <= set(face) <= _FACE
    assert (face["id"], face["user"], face["roles"]) == (request, "alice", ["staging"])
    assert (face["status"], face["decided_by"]) == ("approved", ["bob"])
    (vote,) = face["votes"]
    assert set(vote) <= _VOTE
    assert (vote["author"], vote["state"], vote["reason"]) == ("bob", "approved", "contract-reason")
    assert all({"slot", "channel", "ts"} <= set(each) <= _MESSAGE for each in entry["messages"])
    slots = {each["slot"]: each["ts"] for each in entry["messages"]}
    review = "review:f90189e2:C0ACCESS01"
    assert set(slots) == {"card:C0ACCESS01", "dm:created", "dm:approved", review}
    assert slots["card:C0ACCESS01"] == card["ts"]


async def test_metadata_names_the_request_and_an_opaque_key(fast: Sandbox) -> None:
    card = await requested(fast, "staging", "contract-metadata")
    calls = fast.get("/sandbox/journal")["calls"]
    (posted,) = [
        call["args"]
        for call in calls
        if call["method"] == "chat.postMessage"
        and isinstance(call["answer"], dict)
        and call["answer"].get("ts") == card["ts"]
    ]
    metadata = posted["metadata"]
    assert metadata["event_type"] == "teleport_access_request"
    assert set(metadata["event_payload"]) == {"request_id", "key"}
    assert metadata["event_payload"]["request_id"] == request_id(card)


async def test_leader_holds_the_semaphore_of_its_team(sandbox: Sandbox) -> None:
    async with teleport(sandbox) as bot:
        assert not await bot.is_lease_free("teleport-chatops", "T0SANDBOX1")
        assert await bot.is_lease_free("teleport-chatops", "T0ANOTHER1")


@pytest.mark.parametrize(("word", "state"), [("approve", "approved"), ("deny", "denied")])
async def test_override_claims_the_decision_and_signs_the_state(
    sandbox: Sandbox, word: str, state: str
) -> None:
    """`{state} by {user} from Slack` is the resolve reason, and the claim is stored before it."""
    card = await requested(sandbox, "staging", f"contract-{word}")
    request = request_id(card)
    sandbox.command("bob", f"/teleport-{word} {request} contract-why")
    sandbox.closed(card)
    async with teleport(sandbox) as bot:
        signed = (await bot.request(request)).Spec.ResolveReason
        plugins = await bot.plugin_data(request)
    assert signed == f"{state} by bob from Slack: contract-why"
    claim = json.loads(plugins["teleport-chatops"]["decision"])
    assert set(claim) == {"by", "state", "at"}
    assert (claim["by"], claim["state"]) == ("bob", state)


async def _complete(bot: Teleport, request: str) -> dict[str, dict[str, str]]:
    """Return what is stored for a request once every message is recorded."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            plugins = await bot.plugin_data(request)
            if (
                "dm:approved" in plugins[PLUGIN]["entry"]
                and '"intents"' not in plugins[PLUGIN]["entry"]
            ):
                return plugins
            await asyncio.sleep(0.02)


def _replies(sandbox: Sandbox, ts: str) -> list[str]:
    found = sandbox.messages()
    return [each["ts"] for each in found if each.get("thread_ts") == ts and each["ts"] != ts]
