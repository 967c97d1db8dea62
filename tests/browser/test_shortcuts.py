"""The app's shortcuts: in the message field, and on a message."""

from playwright.async_api import expect

from tests.browser.sandbox_world import SandboxWorld
from tests.browser.windows import Windows


async def test_shortcuts_are_reached_by_mouse_and_keyboard(
    windows: Windows, sandbox: SandboxWorld
) -> None:
    window = await windows.open()
    pane = window.pane("alice")
    menu = pane.get_by_role("button", name="Shortcuts", exact=True)
    await menu.focus()
    await menu.press("Enter")
    await expect(pane.get_by_role("menuitem")).to_be_focused()
    await pane.get_by_role("menuitem").press("Enter")
    await expect(window.form.get_by_label("Reason")).to_have_value("")
    await window.form.get_by_role("button", name="Cancel").click()

    await window.send("alice", "redis is down")
    message = window.messages("alice", "redis is down")
    await message.hover()
    await message.get_by_role("button", name="Message shortcuts").click()
    await message.get_by_role("menuitem", name="Request access").click()
    ts = str(await message.get_attribute("data-ts")).replace(".", "")
    link = f"{sandbox.slack.url}/archives/C0ACCESS01/p{ts}"
    await expect(window.form.get_by_label("Reason")).to_have_value(link)
