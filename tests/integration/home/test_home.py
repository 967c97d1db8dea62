"""App Home: published when a user opens it, and refreshed when requests change."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import cast
from sandbox.cast import SLACK_TRAIT
from sandbox.slack.interactions import payloads
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import utc_now
from teleport_client._proto.types_pb2 import LockTarget, RequestState
from tests.integration.conftest import fast, run_bot_on
from tests.integration.home.home_driver import (
    click_in,
    home_where,
    open_home,
    opened_home,
    publications,
)
from tests.integration.log_capture import Log, capture_logs
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import Stage, buttons, words

BOB = "U0BOB00001"
_RECONCILER = "notifications.home.home_reconciler"


@asynccontextmanager
async def logged(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> AsyncIterator[tuple[Stage, Log]]:
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file, fast) as stage:
            yield stage, log


def approve(stage: Stage, request_id: str) -> None:
    """Approve as an administrator does."""
    approved = with_state(stage.request(request_id), RequestState.APPROVED)
    stage.teleport.cluster.requests.put(approved)


async def test_home_shows_requests_and_access_of_the_user(stage: Stage) -> None:
    pending_request(stage.teleport, reason="for bob to review")
    pending_request(stage.teleport, user="carol", role="admin", reason="for others")
    pending_request(stage.teleport, user="bob", reason="bob's own")
    active = pending_request(stage.teleport, user="bob", reason="bob's access")
    approve(stage, active.Metadata.Name)
    home = await opened_home(stage, "bob", "bob's access")
    assert "for bob to review" in words(home)
    assert "bob's own" in words(home)
    assert "for others" not in words(home)
    assert {"approve", "deny", "fill_in_request", "extend_access"} <= buttons(home).keys()


async def test_home_shows_a_lock_until_it_is_removed(quick: Stage) -> None:
    active = pending_request(
        quick.teleport, user="bob", reason="redis 1", state=RequestState.APPROVED
    )
    home = await opened_home(quick, "bob", "redis 1")
    assert "done" in buttons(home)
    target = LockTarget(AccessRequest=active.Metadata.Name)
    lock = quick.teleport.cluster.lock(target, message="under review")
    home = await home_where(quick, "bob", lambda view: "🔒 Locked: under review" in words(view))
    assert "done" not in buttons(home)
    quick.teleport.cluster.delete_lock(lock.Metadata.Name)
    await home_where(quick, "bob", lambda view: "🔒" not in words(view))


async def test_home_drops_a_lock_that_expires(quick: Stage) -> None:
    """Teleport sends no event then."""
    active = pending_request(
        quick.teleport, user="bob", reason="redis 1", state=RequestState.APPROVED
    )
    target = LockTarget(AccessRequest=active.Metadata.Name)
    quick.teleport.cluster.lock(target, expires=utc_now() + timedelta(seconds=2))
    await opened_home(quick, "bob", "🔒 Locked")
    await home_where(quick, "bob", lambda view: "🔒" not in words(view))


async def test_home_follows_a_decision_made_in_slack_while_the_watch_is_down(
    quick: Stage,
) -> None:
    """The bot reads the request after the decision, and no event reports it."""
    pending_request(quick.teleport, reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    quick.teleport.faults.add("WatchEvents", grpc.StatusCode.UNAVAILABLE, times=1_000)
    quick.teleport.faults.cut_watches()
    await click_in(quick, "bob", home, "approve")
    await home_where(quick, "bob", lambda view: "redis 1" not in words(view))


async def test_home_follows_an_approval_made_with_tsh(quick: Stage) -> None:
    """Neither the refresh nor the approval reads anything from Teleport for the tab."""
    request = pending_request(quick.teleport, user="bob", reason="redis 1")
    await opened_home(quick, "bob", "redis 1")
    calls = len(quick.teleport.journal.calls)
    approve(quick, request.Metadata.Name)
    await home_where(quick, "bob", lambda view: "Approved" in words(view))
    made = {call.method for call in quick.teleport.journal.calls[calls:]}
    assert not made & {"ListUsers", "GetUserLoginState", "GetLocks", "ListLocks"}


async def test_home_drops_a_request_that_expires(quick: Stage) -> None:
    pending_request(quick.teleport, reason="redis 1", waits=timedelta(seconds=2))
    await opened_home(quick, "bob", "redis 1")
    await home_where(quick, "bob", lambda view: "redis 1" not in words(view))


async def test_opening_the_messages_tab_publishes_nothing(stage: Stage) -> None:
    with capture_logs() as log:
        event = {"type": "app_home_opened", "user": BOB, "tab": "messages", "channel": "D0BOB00001"}
        await stage.slack.delivery.deliver_event(payloads.event(stage.slack.workspace, event))
        await log.first("interaction_handled", interaction="app_home_opened", outcome="done")
    assert publications(stage.slack) == []


async def test_unlinked_user_sees_how_to_get_linked_and_nothing_else(
    quick: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending_request(quick.teleport, reason="redis 1")
    del quick.teleport.cluster.users["bob"].Spec.Traits.Values[SLACK_TRAIT]
    home = await opened_home(quick, "bob", "isn't linked to a Teleport user")
    assert "teleport-chatops link" in words(home)
    assert "redis 1" not in words(home)
    assert not buttons(home)


async def test_guest_with_a_link_sees_no_requests(quick: Stage) -> None:
    """Only users.info identifies a guest."""
    quick.teleport.cluster.users["grace"].Spec.Roles.append("reviewer")
    pending_request(quick.teleport, reason="redis 1")
    home = await opened_home(quick, "grace", "Guests can't use Teleport from Slack")
    assert "redis 1" not in words(home)
    assert not buttons(home)


async def test_locked_user_sees_the_lock_and_nothing_else(quick: Stage) -> None:
    pending_request(quick.teleport, reason="redis 1")
    quick.teleport.cluster.lock(LockTarget(User="bob"))
    home = await opened_home(quick, "bob", "is locked")
    assert "redis 1" not in words(home)
    assert not buttons(home)


async def test_user_unlinked_while_home_is_open_sees_no_later_change(
    quick: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a refresh, the bot reads the user's rights again if the last read is too old."""
    await opened_home(quick, "bob", "No requests are waiting")
    monkeypatch.setattr(f"{_RECONCILER}.READ_SECONDS", 0.0)
    del quick.teleport.cluster.users["bob"].Spec.Traits.Values[SLACK_TRAIT]
    pending_request(quick.teleport, reason="redis 1")
    home = await home_where(quick, "bob", lambda view: "isn't linked" in words(view))
    assert "redis 1" not in words(home)


async def test_newly_linked_user_sees_requests_a_minute_after_the_last_read(
    quick: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{_RECONCILER}.READ_SECONDS", 1.0)
    pending_request(quick.teleport, reason="redis 1")
    values = quick.teleport.cluster.users["bob"].Spec.Traits.Values
    del values[SLACK_TRAIT]
    await opened_home(quick, "bob", "isn't linked")
    values[SLACK_TRAIT].Values.append(BOB)
    await open_home(quick, "bob")
    await home_where(quick, "bob", lambda view: "redis 1" in words(view))


async def test_rights_are_read_once_a_minute(quick: Stage) -> None:
    await opened_home(quick, "bob", "No requests are waiting")
    reads = len(quick.teleport.journal.of("GetUserLoginState"))
    for _ in range(3):
        count = len(publications(quick.slack))
        await open_home(quick, "bob")
        await home_where(quick, "bob", lambda _, n=count: len(publications(quick.slack)) > n)  # type: ignore[misc]
    assert len(quick.teleport.journal.of("GetUserLoginState")) == reads


async def test_home_waits_for_teleport(quick: Stage) -> None:
    """The old tab may show requests that the user can't see any more."""
    quick.teleport.faults.add("ListUsers", grpc.StatusCode.PERMISSION_DENIED, times=1_000)
    await opened_home(quick, "bob", "at the moment")
    quick.teleport.faults.clear()
    await home_where(quick, "bob", lambda view: "No requests are waiting" in words(view))


async def test_rate_limited_home_is_published_later(quick: Stage) -> None:
    quick.slack.faults.inject(
        {"method": "views.publish", "status": 429, "retry_after": 1, "times": 1}
    )
    await opened_home(quick, "bob", "No requests are waiting")
    assert [call.status for call in publications(quick.slack)] == [429, 200]


async def test_failed_publication_is_repeated(quick: Stage) -> None:
    quick.slack.faults.inject({"method": "views.publish", "status": 500, "times": 1})
    await opened_home(quick, "bob", "No requests are waiting")


async def test_lost_response_does_not_end_the_refreshes(quick: Stage) -> None:
    """Slack has another hash than the bot then."""
    await opened_home(quick, "bob", "No requests are waiting")
    quick.slack.faults.inject({"method": "views.publish", "drop_after_commit": True, "times": 1})
    pending_request(quick.teleport, reason="redis 1")
    await home_where(quick, "bob", lambda view: "redis 1" in words(view))
    pending_request(quick.teleport, reason="redis 2")
    await home_where(quick, "bob", lambda view: "redis 2" in words(view))


async def test_replica_forgets_a_home_that_another_one_published(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    async with logged(slack, teleport, settings_file) as (stage, log):
        await opened_home(stage, "bob", "No requests are waiting")
        other = AsyncWebClient(token=cast.BOT_TOKEN, base_url=slack.api_url)
        text = {"type": "plain_text", "text": "published elsewhere"}
        view = {"type": "home", "blocks": [{"type": "header", "text": text}]}
        await other.views_publish(user_id=BOB, view=view)
        pending_request(teleport, reason="redis 1")
        await log.first("home_taken_over", slack_user=BOB)
        await home_where(stage, "bob", lambda view: "published elsewhere" in words(view))
        assert [call.answer for call in publications(slack)][-1] == {
            "ok": False,
            "error": "hash_conflict",
        }
        await opened_home(stage, "bob", "redis 1")


async def test_home_that_is_turned_off_in_slack_is_given_up(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    async with logged(slack, teleport, settings_file) as (stage, log):
        slack.faults.inject({"method": "views.publish", "error": "not_enabled", "times": 1})
        await open_home(stage, "bob")
        await log.first("home_publish_rejected", slack_user=BOB, error="not_enabled")


async def test_changes_in_a_short_time_share_one_view(quick: Stage) -> None:
    await opened_home(quick, "bob", "No requests are waiting")
    for number in range(20):
        pending_request(quick.teleport, reason=f"redis {number}.")
    await home_where(quick, "bob", lambda view: "redis 19." in words(view))
    assert len(publications(quick.slack)) <= 3


async def test_change_of_others_requests_publishes_nothing(quick: Stage) -> None:
    await opened_home(quick, "alice", "You have no pending requests")
    await opened_home(quick, "bob", "No requests are waiting")
    pending_request(quick.teleport, user="carol", reason="redis 1")
    await home_where(quick, "bob", lambda view: "redis 1" in words(view))
    assert [call.args["user_id"] for call in publications(quick.slack)][2:] == [BOB]
