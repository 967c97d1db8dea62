"""App Home on the page, as Slack shows it in the app's Home tab."""

from playwright.async_api import expect

from tests.browser.accessibility import check_accessible
from tests.browser.window import APPROVE
from tests.browser.windows import Windows


async def test_reviewer_approves_in_home_and_the_request_disappears(windows: Windows) -> None:
    window = await windows.open()
    await window.open_conversation("bob", "App Home")
    home = window.pane("bob").get_by_role("group", name="App Home")
    await expect(home).to_contain_text("No requests are waiting for your review.")
    await window.request("redis is stuck")
    await expect(home).to_contain_text("redis is stuck", timeout=15_000)
    await check_accessible(window.page, "App Home")
    await home.get_by_role("button", name=APPROVE).click()
    await window.confirm_dialog.get_by_role("button", name="Approve").click()
    await expect(window.form).to_contain_text("You approved")
    await window.form.get_by_role("button", name="Close").last.click()
    await expect(home).to_contain_text("No requests are waiting", timeout=15_000)
    await window.open_conversation("alice", "App Home")
    mine = window.pane("alice").get_by_role("group", name="App Home")
    await expect(mine).to_contain_text("Your active access (1)", timeout=15_000)
    await mine.get_by_role("button", name="Request access").click()
    await expect(window.form).to_be_visible()
