"""The page on a phone."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.window import APPROVE
from tests.browser.windows import NARROW, Windows


async def test_story_on_a_narrow_screen(windows: Windows) -> None:
    """One part is in front at a time, and each fits the width."""
    window = await windows.open(size=NARROW)
    page, alice, bob = window.page, window.pane("alice"), window.pane("bob")
    await expect(alice).to_be_visible()
    await expect(bob).to_be_hidden()
    await _check_width(page)
    await page.get_by_role("link", name="/teleport-request staging").click()
    await alice.get_by_role("button", name="Send").click()
    await expect(window.messages("alice", "Waiting for approval")).to_be_visible()
    await _check_width(page)

    await page.get_by_role("navigation", name="Parts").get_by_role("link", name="Bob").click()
    await expect(bob).to_be_visible()
    await expect(alice).to_be_hidden()
    await bob.get_by_role("button", name=APPROVE).click()
    await _check_width(page)
    await window.confirm_dialog.get_by_role("button", name="Approve").click()
    await bob.get_by_role("link", name="1 reply").click()
    await expect(bob.get_by_role("region", name="Thread")).to_be_visible()
    await _check_width(page)

    await page.get_by_role("navigation", name="Layout").get_by_role("link", name="Teleport").click()
    await expect(bob).to_be_hidden()
    await window.panel.get_by_role("button", name="Run tsh login --request-id").click()
    await expect(window.reach("staging-web")).to_have_text("★ New")
    await _check_width(page)
    for tab in ("Requests", "Users", "Locks", "Audit log"):
        await window.panel.get_by_role("tab", name=tab).click()
        await expect(window.panel.get_by_role("tabpanel", name=tab)).to_be_visible()
        await _check_width(page)


async def test_form_fits_a_narrow_screen(windows: Windows) -> None:
    window = await windows.open(size=NARROW)
    form = await window.open_form()
    await _check_width(window.page)
    await form.get_by_label("Roles").click()
    await form.get_by_role("option", name="prod").click()
    await form.get_by_label("Reason").fill("shard 3 is down")
    await form.locator("[type=submit]").click()
    await expect(window.form).to_have_count(0)


@pytest.mark.parametrize("width", [NARROW[0], 800])
async def test_message_field_stays_below_a_long_list(windows: Windows, width: int) -> None:
    """The list alone scrolls. It shows the newest message at first, and the sent one."""
    writer = await windows.open()
    for number in range(15):
        await writer.send("alice", f"message {number}")
    window = await windows.open("/?person=alice&panel=none", size=(width, NARROW[1]))
    page, composer = window.page, window.composer("alice")
    await expect(composer).to_be_in_viewport(ratio=1)
    await expect(window.messages("alice").last).to_be_in_viewport(ratio=1)
    await expect(window.messages("alice", "message 0")).not_to_be_in_viewport()
    await window.messages("alice", "message 0").scroll_into_view_if_needed()
    await expect(composer).to_be_in_viewport(ratio=1)
    await window.send("alice", "the newest")
    await expect(window.messages("alice", "the newest")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")


async def test_panes_and_panel_share_the_height(windows: Windows) -> None:
    writer = await windows.open()
    for number in range(15):
        await writer.send("alice", f"message {number}")
    window = await windows.open(size=(800, NARROW[1]))
    for person in ("alice", "bob"):
        await expect(window.composer(person)).to_be_in_viewport(ratio=1)
    await expect(window.panel.get_by_role("tab", name="Locks")).to_be_in_viewport(ratio=1)
    assert await window.page.evaluate("document.documentElement.scrollHeight <= innerHeight")


async def _check_width(page: Page) -> None:
    """Check that no part of the page is wider than the screen or scrolls to the side."""
    wide = await page.evaluate(
        """() => [document.documentElement, ...document.body.querySelectorAll("*")]
          .filter((each) => each.checkVisibility() && !each.closest("pre, .for-readers, select")
            && (each.getBoundingClientRect().right > innerWidth + 1
              || (each.scrollWidth > each.clientWidth + 1
                && ["auto", "scroll"].includes(getComputedStyle(each).overflowX))))
          .map((each) => `${each.nodeName}.${each.className}`)"""
    )
    assert wide == []
