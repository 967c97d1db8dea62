"""The modals of a reviewer: details, an approval with options, and several requests at once."""

import re

from playwright.async_api import expect

from tests.browser.accessibility import check_accessible
from tests.browser.windows import Windows


async def test_reviewer_reads_the_details_of_a_request(windows: Windows) -> None:
    window = await windows.open()
    await window.request("shard 3 is down", roles="prod")
    card = window.messages("bob", "shard 3 is down")
    await card.get_by_role("button", name="Details").click()
    await expect(window.form).to_contain_text("Can still decide")
    await expect(window.form).to_contain_text("0 of 2 approvals")
    await expect(window.form).to_contain_text("shard 3 is down")
    await check_accessible(window.page, "details")
    await window.form.get_by_role("button", name="Close").last.click()
    await expect(window.form).to_have_count(0)
    await expect(card).to_contain_text("Waiting for approval")


async def test_approval_with_a_reason_is_made_in_a_form(windows: Windows) -> None:
    window = await windows.open()
    await window.request("redis is stuck")
    await window.messages("bob").get_by_role("button", name="Approve with").click()
    await expect(window.form.get_by_label("Start of access")).to_be_visible()
    await check_accessible(window.page, "form of an approval")
    await window.form.get_by_label("Start of access").fill("2001-01-01T09:00")
    await window.form.locator("[type=submit]").click()
    await expect(window.form.get_by_label("Start of access")).to_have_accessible_description(
        re.compile("This start has passed")
    )
    await window.form.get_by_label("Start of access").fill("")
    await window.form.get_by_label("Reason").fill("after the release")
    await window.form.locator("[type=submit]").click()
    await expect(window.form).to_have_count(0)
    await expect(window.messages("bob", "after the release").first).to_be_visible()
    await expect(window.messages("alice", "Approved by bob").first).to_be_visible()


async def test_several_requests_are_denied_with_checkboxes(windows: Windows) -> None:
    window = await windows.open()
    for reason in ("first ticket", "second ticket"):
        await window.request(reason, roles="prod" if "first" in reason else "staging")
    await window.send("bob", "/teleport-deny")
    boxes = window.form.get_by_role("checkbox")
    await expect(boxes).to_have_count(2)
    await check_accessible(window.page, "checkboxes")
    await window.form.get_by_label("Reason").fill("not during the freeze")
    await window.form.locator("[type=submit]").click()
    await expect(window.form.get_by_text("Please complete this required field.")).to_be_visible()
    for number in range(2):
        await boxes.nth(number).check()
    await window.form.locator("[type=submit]").click()
    await expect(window.messages("bob", "You denied 2 requests.")).to_be_visible()
    await expect(window.messages("alice", "Denied by bob")).to_have_count(2)
