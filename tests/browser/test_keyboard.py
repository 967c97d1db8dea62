"""The page without a mouse."""

from playwright.async_api import Locator, Page, expect

from tests.browser.window import APPROVE
from tests.browser.windows import Windows

_MOST_TABS = 80


async def test_story_by_keyboard(windows: Windows) -> None:
    """Completion, sending, confirming and running work with Tab, arrow keys and Enter."""
    window = await windows.open()
    page, keyboard = window.page, window.page.keyboard
    await expect(window.composer("alice")).to_be_focused()
    await keyboard.type("/teleport-req")
    await keyboard.press("Enter")
    await expect(window.composer("alice")).to_have_value("/teleport-request ")
    await keyboard.type("staging because redis is stuck")
    await keyboard.press("Enter")
    approve = window.messages("bob", "redis is stuck").get_by_role("button", name=APPROVE)
    await expect(approve).to_be_visible()
    await expect(window.composer("alice")).to_be_focused()

    await _tab_to(page, approve)
    await keyboard.press("Enter")
    await expect(window.confirm_dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await keyboard.press("Escape")
    await expect(window.confirm_dialog).to_have_count(0)
    await expect(approve).to_be_focused()
    await keyboard.press("Enter")
    await _tab_to(page, window.confirm_dialog.get_by_role("button", name="Approve"))
    await keyboard.press("Enter")
    await expect(window.messages("bob", "Approved by bob")).to_have_count(1)

    run = window.panel.get_by_role("button", name="Run tsh login --request-id")
    await expect(run).to_be_visible()
    await _tab_to(page, run)
    await keyboard.press("Enter")
    await expect(window.reach("staging-web")).to_have_text("★ New")


async def test_focus_stays_near_a_button_that_an_update_removed(windows: Windows) -> None:
    """The next Tab continues from the card, and not from the start of the page."""
    window = await windows.open()
    await window.request("redis is stuck")
    await window.approve()
    card = window.messages("bob", "Approved by bob")
    await expect(card).to_be_focused()
    await window.page.keyboard.press("Tab")
    assert await _is_focused(card.get_by_role("button", name="Details"))


async def test_form_by_keyboard(windows: Windows) -> None:
    """The form keeps the focus while it is open, and returns it to the message field."""
    window = await windows.open()
    keyboard = window.page.keyboard
    form = await window.open_form()
    await expect(form.get_by_label("Roles")).to_be_focused()
    await keyboard.press("ArrowDown")
    await expect(form.get_by_role("option")).to_have_count(2)
    await keyboard.press("ArrowDown")
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await expect(form.get_by_role("button", name="Remove prod")).to_be_visible()
    await _tab_to(window.page, form.get_by_label("Reason"))
    await keyboard.type("shard 3 is down")
    for _ in range(15):
        await keyboard.press("Tab")
        assert await _focus_is_not_behind(form)
    await _tab_to(window.page, form.locator("[type=submit]"))
    await keyboard.press("Enter")
    await expect(window.messages("bob", "shard 3 is down")).to_have_count(1)
    await expect(window.composer("alice")).to_be_focused()


async def test_ctrl_enter_submits_the_form_from_a_picker(windows: Windows) -> None:
    window = await windows.open()
    keyboard = window.page.keyboard
    form = await window.open_form()
    await form.get_by_label("Reason").fill("redis is stuck")
    await form.get_by_label("Roles").click()
    await form.get_by_role("option", name="staging").click()
    await expect(form.get_by_role("button", name="Remove staging")).to_be_visible()
    await expect(form.get_by_label("Roles")).to_be_focused()
    await keyboard.press("Control+Enter")
    await expect(window.form).to_have_count(0)
    await expect(window.messages("bob", "redis is stuck")).to_have_count(1)


async def test_escape_closes_the_form(windows: Windows) -> None:
    window = await windows.open()
    await window.open_form()
    await window.page.keyboard.press("Escape")
    await expect(window.form).to_have_count(0)
    await expect(window.composer("alice")).to_be_focused()


async def test_arrow_keys_select_a_tab_of_the_panel(windows: Windows) -> None:
    window = await windows.open()
    await window.panel.get_by_role("tab", name="Access").focus()
    await window.page.keyboard.press("ArrowRight")
    requests = window.panel.get_by_role("tab", name="Requests")
    await expect(requests).to_be_focused()
    await expect(requests).to_have_attribute("aria-selected", "true")
    await expect(window.panel.get_by_role("tabpanel", name="Requests")).to_be_visible()


async def _tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(_MOST_TABS):
        await page.keyboard.press("Tab")
        if await _is_focused(target):
            return
    raise AssertionError(f"Tab doesn't reach {target}")


async def _is_focused(target: Locator) -> bool:
    return bool(await target.evaluate("element => element === document.activeElement"))


async def _focus_is_not_behind(modal: Locator) -> bool:
    """Return whether the focus is in the modal or in the browser's own controls."""
    return bool(
        await modal.evaluate(
            "modal => modal.contains(document.activeElement)"
            " || document.activeElement === document.body"
        )
    )
