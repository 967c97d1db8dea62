"""Buttons of a user's own requests: cancel, extend, and end the access early."""

from playwright.async_api import expect

from sandbox.teleport.server import TeleportStandIn
from tests.browser.accessibility import check_accessible
from tests.browser.windows import Windows


async def test_requester_cancels_after_a_confirmation(
    windows: Windows, teleport: TeleportStandIn
) -> None:
    """The card that bob sees ends, and the response replaces the button."""
    window = await windows.open()
    await window.request("redis is stuck")
    response = window.messages("alice", "You requested staging")
    await response.get_by_role("button", name="Cancel request").click()
    await window.confirm_dialog.get_by_role("button", name="Keep it").click()
    await expect(window.confirm_dialog).to_have_count(0)
    assert len(teleport.cluster.requests) == 1

    await response.get_by_role("button", name="Cancel request").click()
    await expect(window.confirm_dialog).to_contain_text("This deletes your request for staging")
    await window.confirm_dialog.get_by_role("button", name="Cancel request").click()
    card = window.messages("bob", "redis is stuck")
    await expect(card).to_contain_text("Cancelled by alice")
    await expect(card.locator(".message-body").get_by_role("button")).to_have_count(0)
    await expect(window.messages("alice", "You cancelled your request")).to_have_count(1)
    await expect(response).to_have_count(0)
    await window.open_conversation("alice", "Teleport")
    await expect(window.messages("alice", "Cancelled")).to_have_count(1)
    assert not teleport.cluster.requests


async def test_extension_needs_its_own_approval(windows: Windows) -> None:
    window = await windows.open()
    await window.request("redis is stuck")
    await window.approve()
    await window.open_conversation("alice", "Teleport")
    outcome = window.messages("alice", "was approved by bob")
    await outcome.get_by_role("button", name="Extend").click()
    await expect(window.confirm_dialog).to_contain_text("It needs a new approval")
    await window.confirm_dialog.get_by_role("button", name="Request", exact=True).click()
    response = window.messages("alice", "You requested staging")
    await expect(response).to_contain_text("You already have staging until")
    cards = window.messages("bob", "redis is stuck")
    await expect(cards).to_have_count(2)
    await expect(cards.last).to_contain_text("Waiting for approval")
    await window.approve()
    await expect(window.messages("alice", "was approved by bob")).to_have_count(2)


async def test_requester_locks_access_that_is_no_longer_needed(windows: Windows) -> None:
    """The card shows the lock, and the DM how to go on."""
    window = await windows.open()
    await window.request("redis is stuck")
    await window.approve()
    await window.open_conversation("alice", "Teleport")
    outcome = window.messages("alice", "was approved by bob")
    await outcome.get_by_role("button", name="I'm done").click()
    await expect(window.confirm_dialog).to_contain_text("until tsh logout and tsh login")
    await window.confirm_dialog.get_by_role("button", name="Lock access").click()
    await expect(window.messages("bob", "redis is stuck")).to_contain_text("Locked by alice")
    await expect(outcome).to_contain_text("tsh logout")
    await expect(outcome.get_by_role("button", name="I'm done")).to_have_count(0)
    await check_accessible(window.page, "locked access")
