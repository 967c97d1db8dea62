"""Details of a request on the page, as Slack shows them in a modal."""

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
