"""Cards and DMs follow locks on their access requests, from Slack and from tctl."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import utc_now
from teleport_client._proto.types_pb2 import (
    AccessRequestV3,
    LockSpecV2,
    LockTarget,
    LockV2,
    Metadata,
    RequestState,
)
from tests.integration.conftest import run_bot_on
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import Stage, buttons, words
from workspace.requests.access_lock import lock_name


class Approved:
    """An approved request, with its card and the DM to its requester."""

    def __init__(
        self, stage: Stage, request: AccessRequestV3, card: dict[str, Any], dm: dict[str, Any]
    ) -> None:
        self.stage, self.card, self.dm = stage, card, dm
        self.id = request.Metadata.Name

    async def shown(self, *texts: str) -> dict[str, Any]:
        """Return the card once it shows these texts."""
        return await self.stage.card_where(
            self.card["ts"], lambda m: all(text in words(m) for text in texts)
        )

    async def unlocked(self) -> dict[str, Any]:
        return await self.stage.card_where(
            self.card["ts"], lambda m: "approved" in words(m).lower() and "🔒" not in words(m)
        )

    def lock(self, message: str = "", **lock: Any) -> LockV2:
        """Create a lock like `tctl lock --access-request`."""
        target = LockTarget(AccessRequest=self.id)
        return self.stage.teleport.cluster.lock(target, message=message, **lock)


async def approve(stage: Stage, reason: str = "redis 1", user: str = "alice") -> Approved:
    request = pending_request(stage.teleport, reason=reason, user=user)
    card = await stage.card(reason)
    stage.teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
    dm = await stage.dm(user, f"--request-id={request.Metadata.Name}")
    card = await stage.card_where(card["ts"], lambda m: "✅ Approved" in words(m))
    return Approved(stage, request, card, dm)


@pytest.fixture
async def approved(stage: Stage) -> Approved:
    return await approve(stage)


async def test_requester_is_done_with_the_access(stage: Stage, approved: Approved) -> None:
    confirm = buttons(approved.dm)["done"]["confirm"]["text"]["text"]
    assert "Running sessions with it end" in confirm
    assert "until tsh logout and tsh login" in confirm
    await stage.click("alice", approved.dm, "done", channel="@alice")
    card = await approved.shown("🔒 Locked by alice: I'm done")
    assert not {"approve", "deny", "lock"} & buttons(card).keys()
    dm = await stage.dm("alice", "🔒 Locked by alice: I'm done")
    assert dm["ts"] == approved.dm["ts"]
    assert "tsh logout" in words(dm)
    assert "tsh login --request-id" not in words(dm)
    assert "done" not in buttons(dm)
    response = await stage.response("alice", "🔒 You locked your access", channel="@alice")
    assert "Only a Teleport administrator can remove the lock" in words(response)
    (lock,) = stage.teleport.cluster.locks.values()
    assert lock.Metadata.Name == lock_name(approved.id)


async def test_reviewer_locks_access_from_the_card(stage: Stage, approved: Approved) -> None:
    await stage.click("bob", approved.card, "lock")
    await stage.response("bob", "🔒 You locked alice's access to staging.")
    await approved.shown("🔒 Locked by bob: stopped by a reviewer")
    await stage.click("carol", approved.card, "lock")
    response = await stage.response("carol", "is already locked. Nothing changed.")
    assert "Locked by bob" in words(response)
    assert len(stage.teleport.cluster.locks) == 1


async def test_user_who_cannot_review_gets_the_command(stage: Stage) -> None:
    approved = await approve(stage, user="bob")
    await stage.click("alice", approved.card, "lock")
    response = await stage.response("alice", "You can't lock this access from Slack")
    assert f"tctl lock --access-request={approved.id}" in words(response)
    assert not stage.teleport.cluster.locks


async def test_lock_of_an_administrator_is_shown_until_it_is_removed(
    stage: Stage, approved: Approved
) -> None:
    """Its message is untrusted, so Slack shows it literally."""
    lock = approved.lock("<!channel> *stop* `now`")
    card = await approved.shown("🔒 Locked: <!channel> *stop* `now`")
    assert not [block for block in card["blocks"] if "<!channel>" in block.get("text", {})]
    assert "&lt;!channel&gt;" in card["text"]
    await stage.dm("alice", "🔒 Locked: <!channel> *stop* `now`")
    stage.teleport.cluster.delete_lock(lock.Metadata.Name)
    assert "lock" in buttons(await approved.unlocked())
    await stage.dm("alice", f"tsh login --request-id={approved.id}")


async def test_forged_message_of_a_foreign_lock_names_no_user(approved: Approved) -> None:
    approved.lock("Locked by dana from Slack: I'm done")
    await approved.shown("🔒 Locked: Locked by dana from Slack: I'm done")


async def test_expired_lock_is_no_longer_shown(approved: Approved) -> None:
    approved.lock("for a moment", expires=utc_now() + timedelta(seconds=1.5))
    await approved.shown("🔒 Locked: for a moment")
    await approved.unlocked()


async def test_lock_with_a_new_target_moves_to_the_other_request(
    stage: Stage, approved: Approved
) -> None:
    other = await approve(stage, "redis 2")
    lock = approved.lock("wrong one")
    await approved.shown("🔒 Locked: wrong one")
    target = LockTarget(AccessRequest=other.id)
    spec = LockSpecV2(Target=target, Message="right one")
    stage.teleport.cluster.put_lock(LockV2(Metadata=Metadata(Name=lock.Metadata.Name), Spec=spec))
    await other.shown("🔒 Locked: right one")
    await approved.unlocked()


async def test_locks_during_a_break_of_the_watch_are_shown(
    stage: Stage, approved: Approved
) -> None:
    lock = approved.lock("removed during the break")
    await approved.shown("removed during the break")
    other = await approve(stage, "redis 2")
    stage.teleport.faults.cut_watches(grpc.StatusCode.UNAVAILABLE)
    del stage.teleport.cluster.locks[lock.Metadata.Name]
    other.lock("created during the break")
    await other.shown("created during the break")
    await approved.unlocked()


async def test_next_bot_shows_locks_that_changed_while_none_ran(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The new bot may render recent cards again, but never without the lock that stays."""
    first = Stage(slack, teleport)
    async with run_bot_on(first, settings_file):
        removed, kept, later = [await approve(first, f"redis {n}") for n in range(3)]
        lock = removed.lock("removed later")
        kept.lock("kept")
        await removed.shown("removed later")
        await kept.shown("🔒 Locked: kept")
        await first.dm("alice", "🔒 Locked: kept")
    teleport.cluster.delete_lock(lock.Metadata.Name)
    later.lock("while no bot ran")
    slack.journal.calls.clear()
    async with run_bot_on(first, settings_file):
        await later.shown("while no bot ran")
        await removed.unlocked()
    updates = [
        call.args
        for call in slack.journal.calls
        if call.method == "chat.update" and call.args["ts"] == kept.card["ts"]
    ]
    assert all("🔒 Locked: kept" in words(each) for each in updates)


async def test_lock_of_a_deleted_request_replaces_the_command(
    stage: Stage, approved: Approved
) -> None:
    """The certificates stay valid, but the lock stops them."""
    approved.lock("under review")
    await approved.shown("under review")
    stage.teleport.cluster.delete_request(approved.id)
    card = await approved.shown("then deleted", "🔒 Locked: under review")
    assert "tctl lock" not in words(card)


async def test_bot_without_permission_to_read_locks_keeps_its_cards(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The follower of locks fails alone."""
    for each in teleport.cluster.roles["teleport-chatops"].Spec.Allow.Rules:
        if "lock" in each.Resources:
            each.Verbs[:] = []
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        approved = await approve(stage)
        assert not {"lock", "done"} & {*buttons(approved.card), *buttons(approved.dm)}


async def test_no_buttons_without_the_setting(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The card still shows a lock of an administrator."""

    def without(text: str) -> str:
        return text.replace("locks = true\n", "")

    async with run_bot_on(Stage(slack, teleport), settings_file, without) as stage:
        approved = await approve(stage)
        assert not {"lock", "done"} & {*buttons(approved.card), *buttons(approved.dm)}
        approved.lock("under review")
        await approved.shown("🔒 Locked: under review")


async def test_old_button_shows_the_command_without_the_permission(
    stage: Stage, approved: Approved
) -> None:
    stage.teleport.faults.add("UpsertLock", grpc.StatusCode.PERMISSION_DENIED)
    await stage.click("bob", approved.card, "lock")
    response = await stage.response("bob", "The bot isn't allowed to lock access here")
    assert f"tctl lock --access-request={approved.id}" in words(response)


async def test_outage_after_the_ack_is_explained_and_a_retry_works(
    stage: Stage, approved: Approved
) -> None:
    stage.teleport.faults.add("UpsertLock", grpc.StatusCode.UNAVAILABLE, times=100)
    await stage.click("bob", approved.card, "lock")
    await stage.slack.message_where(
        "access-requests", "bob", lambda m: m["ephemeral"] and "safe to retry" in words(m), 15
    )
    stage.teleport.faults.clear()
    await stage.click("bob", approved.card, "lock")
    await approved.shown("🔒 Locked by bob")
