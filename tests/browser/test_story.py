"""The story by mouse: request, review, and access."""

import asyncio
import re
from pathlib import Path

from playwright.async_api import Browser, expect

from sandbox.ports import Ports
from sandbox.world import running
from tests.browser.window import APPROVE
from tests.browser.windows import Windows

_MINUTE = 60


async def test_newcomer_reaches_staging_within_a_minute(browser: Browser, tmp_path: Path) -> None:
    """The newcomer only follows the texts of the page of `teleport-chatops sandbox`."""
    async with running(tmp_path, Ports()) as world:
        await world.wait_until_ready()
        async with Windows.opener(browser, world.slack.url) as windows, asyncio.timeout(_MINUTE):
            window = await windows.open()
            page, alice, bob = window.page, window.pane("alice"), window.pane("bob")
            await expect(window.reach("staging-web")).to_have_text("– No")
            await page.get_by_role("link", name="/teleport-request staging").click()
            await alice.get_by_role("button", name="Send").click()
            await bob.get_by_role("button", name=APPROVE).click()
            await window.confirm_dialog.get_by_role("button", name="Approve").click()
            await expect(window.reach("staging-web")).to_have_text("After login")
            await window.panel.get_by_role("button", name="Run tsh login --request-id").click()
            await expect(window.reach("staging-web")).to_have_text("★ New")
            await expect(window.reach("staging-db")).to_have_text("★ New")
            await expect(window.reach("prod-web")).to_have_text("– No")
            await expect(page.get_by_role("region", name="First steps")).to_contain_text(
                "Next: prod"
            )


async def test_card_and_dm_follow_the_review(windows: Windows) -> None:
    window = await windows.open()
    await window.request("redis is stuck")
    await expect(window.messages("alice", "Only visible to you")).to_contain_text("You requested")
    card = window.messages("bob", "redis is stuck")
    await expect(card).to_have_count(1)

    await card.get_by_role("button", name=APPROVE).click()
    await expect(window.confirm_dialog).to_contain_text("as Bob Brown")
    await window.confirm_dialog.get_by_role("button", name="Cancel").click()
    await expect(window.confirm_dialog).to_have_count(0)
    await expect(card).to_contain_text("Waiting for approval")
    await window.approve()

    await expect(card.get_by_role("button", name=re.compile("^(Approve|Deny)"))).to_have_count(0)
    await expect(window.messages("alice", "Approved by bob")).to_have_count(1)
    await expect(card.get_by_role("link", name="1 reply")).to_be_visible()
    messages_link = window.conversation_link("alice", "Teleport")
    await expect(messages_link).to_contain_text("2 unread")
    await window.open_conversation("alice", "Teleport")
    await expect(window.messages("alice", "was approved by bob")).to_contain_text("tsh login")
    await expect(messages_link).not_to_contain_text("unread")


async def test_denial_is_explained_to_the_requester(windows: Windows) -> None:
    window = await windows.open()
    await window.request("shard 3 is down", roles="prod")
    await window.messages("bob").get_by_role("button", name="Deny").click()
    await expect(window.form).to_contain_text("shard 3 is down")
    await window.form.get_by_role("textbox").fill("not during the freeze")
    await window.form.locator("[type=submit]").click()
    await expect(window.form).to_have_count(0)
    await expect(window.messages("alice", "Denied by bob")).to_contain_text("freeze")
    await window.open_conversation("alice", "Teleport")
    await expect(window.messages("alice", "was denied by bob")).to_contain_text("freeze")


async def test_open_in_teleport_shows_the_request_in_the_panel(windows: Windows) -> None:
    window = await windows.open("/?person=alice&person2=bob&panel=none")
    await window.request("redis is stuck")
    await window.messages("bob").get_by_role("link", name="Open in Teleport").click()
    await expect(window.panel.get_by_role("tab", name="Requests")).to_have_attribute(
        "aria-selected", "true"
    )
    await expect(window.panel.get_by_role("article")).to_contain_text("Pending")
    await window.approve()
    await expect(window.panel.get_by_role("article")).to_contain_text("bob approved")
