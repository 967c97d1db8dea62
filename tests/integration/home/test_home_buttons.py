"""The buttons of App Home: their responses open in a modal, or arrive as a DM."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.cast import SLACK_TRAIT
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import LockTarget, RequestState
from tests.integration.conftest import run_bot_on
from tests.integration.home.home_driver import (
    click_in,
    home_where,
    modal_with,
    open_home,
    opened_home,
)
from tests.integration.request_factory import pending_request, with_state
from tests.integration.reviews.inputs import set_review
from tests.integration.slack_driver import Stage, buttons, words


async def test_approval_in_home_opens_a_confirmation_and_updates_the_tab(quick: Stage) -> None:
    pending_request(quick.teleport, reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    await click_in(quick, "bob", home, "approve")
    await modal_with(quick, "bob", "You approved")
    card = await quick.card("redis 1")
    await quick.card_where(card["ts"], lambda message: "Approved" in words(message))


async def test_denial_in_home_opens_the_form(quick: Stage) -> None:
    pending_request(quick.teleport, reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    await click_in(quick, "bob", home, "deny")
    form = await quick.form("bob", "review_form")
    await quick.submit("bob", form, reason={"type": "plain_text_input", "value": "not today"})
    await quick.dm("bob", "You denied")
    card = await quick.card("redis 1")
    await quick.card_where(card["ts"], lambda message: "Denied" in words(message))


async def test_role_with_a_second_confirmation_has_no_dialog_that_approves(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """As on the card, the click only opens the form."""
    request = pending_request(teleport, reason="redis 1")
    change = set_review('confirm_roles = ["staging"]')
    async with run_bot_on(Stage(slack, teleport), settings_file, change) as stage:
        home = await opened_home(stage, "bob", "redis 1")
        assert "confirm" not in buttons(home)["approve"]
        await click_in(stage, "bob", home, "approve")
        assert "Type staging" in words(await stage.form("bob", "review_form"))
        assert not stage.request(request.Metadata.Name).Spec.Reviews


async def test_request_button_opens_the_form(quick: Stage) -> None:
    home = await opened_home(quick, "alice", "Request access")
    await click_in(quick, "alice", home, "fill_in_request")
    assert await quick.form("alice", "request_form")


async def test_remaining_requests_open_in_a_modal_with_pages(quick: Stage) -> None:
    for number in range(30):
        pending_request(quick.teleport, reason=f"redis {number}.")
    home = await opened_home(quick, "bob", "And 7 more")
    await click_in(quick, "bob", home, "home_more")
    first = await modal_with(quick, "bob", "Older (20)")
    await click_in(quick, "bob", first, "pending_older")
    await modal_with(quick, "bob", "Newer")


async def test_response_arrives_as_a_dm_if_no_modal_opens(quick: Stage) -> None:
    pending_request(quick.teleport, reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    quick.slack.faults.inject({"method": "views.open", "error": "expired_trigger_id", "times": 1})
    await click_in(quick, "bob", home, "approve")
    await quick.dm("bob", "You approved")


async def test_click_on_a_request_that_is_gone_explains_it(quick: Stage) -> None:
    """A tab can be older than the request, for example after the bot was stopped."""
    request = pending_request(quick.teleport, reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    quick.teleport.cluster.requests.delete(request.Metadata.Name)
    await click_in(quick, "bob", home, "approve")
    await modal_with(quick, "bob", "There's no request")


async def test_own_request_shows_its_details(quick: Stage) -> None:
    pending_request(quick.teleport, user="bob", reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    assert "details" in buttons(home)
    await click_in(quick, "bob", home, "details")
    await modal_with(quick, "bob", "redis 1")
    await open_home(quick, "bob")
    await home_where(quick, "bob", lambda view: "redis 1" in words(view))


async def test_own_request_is_cancelled_and_disappears(quick: Stage) -> None:
    request, _ = await quick.create_request("alice", "staging", "redis 1")
    home = await opened_home(quick, "alice", "redis 1")
    await click_in(quick, "alice", home, "cancel_request")
    await modal_with(quick, "alice", "You cancelled your request for staging")
    await home_where(quick, "alice", lambda view: "redis 1" not in words(view))
    assert request.Metadata.Name not in quick.teleport.cluster.requests


async def test_active_access_is_extended_by_a_request_that_needs_an_approval(quick: Stage) -> None:
    request, _ = await quick.create_request("alice", "staging", "redis 1")
    approved = with_state(request, RequestState.APPROVED)
    quick.teleport.cluster.requests.put(approved)
    home = await opened_home(quick, "alice", "Your active access (1)")
    await click_in(quick, "alice", home, "extend_access")
    await modal_with(quick, "alice", "You requested staging")
    await home_where(quick, "alice", lambda view: "Your pending requests (1)" in words(view))
    states = sorted(each.Spec.State for each in quick.requests)
    assert states == [RequestState.PENDING, RequestState.APPROVED]


async def test_role_with_a_second_confirmation_is_not_approved_by_one_click(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    change = set_review('confirm_roles = ["staging"]')
    async with run_bot_on(Stage(slack, teleport), settings_file, change) as stage:
        pending_request(teleport, reason="redis 1")
        home = await opened_home(stage, "bob", "redis 1")
        assert "confirm" not in buttons(home)["approve"]
        await click_in(stage, "bob", home, "approve")
        assert await stage.form("bob", "review_form")


def unlink(teleport: TeleportStandIn) -> None:
    del teleport.cluster.users["bob"].Spec.Traits.Values[SLACK_TRAIT]


def lock(teleport: TeleportStandIn) -> None:
    teleport.cluster.lock(LockTarget(User="bob"))


@pytest.mark.parametrize(("remove", "why"), [(unlink, "isn't linked"), (lock, "is locked")])
async def test_user_without_rights_decides_nothing_in_an_old_tab(
    quick: Stage,
    monkeypatch: pytest.MonkeyPatch,
    remove: Callable[[TeleportStandIn], None],
    why: str,
) -> None:
    """The click reads the rights again, and so does the next refresh."""
    request = pending_request(quick.teleport, reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    remove(quick.teleport)
    await click_in(quick, "bob", home, "approve")
    await modal_with(quick, "bob", why)
    assert quick.request(request.Metadata.Name).Spec.State == RequestState.PENDING
    assert not quick.request(request.Metadata.Name).Spec.Reviews
    monkeypatch.setattr("notifications.home.home_reconciler.READ_SECONDS", 0.0)
    pending_request(quick.teleport, reason="redis 2")
    home = await home_where(quick, "bob", lambda view: why in words(view))
    assert "redis" not in words(home)
    assert not buttons(home)
