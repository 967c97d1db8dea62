"""No state of the page violates a rule of axe-core, in both color schemes and on a phone."""

import pytest
from playwright.async_api import expect

from tests.browser.accessibility import check_accessible
from tests.browser.window import APPROVE, Window
from tests.browser.windows import NARROW, WIDE, Scheme, Windows

_TABS = ("Access", "Requests", "Users", "Locks", "Audit log")

schemes = pytest.mark.parametrize("scheme", ["light", "dark"])


@schemes
async def test_story_is_accessible(windows: Windows, scheme: Scheme) -> None:
    window = await windows.open(scheme=scheme)
    page = window.page
    await check_accessible(page, "start")
    await window.composer("alice").fill("/teleport")
    await expect(window.pane("alice").get_by_role("listbox")).to_be_visible()
    await check_accessible(page, "completions")
    await window.request("redis is stuck")
    await window.composer("alice").fill("/nothing")
    await window.composer("alice").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("/nothing")
    await check_accessible(page, "card and toast")
    await window.messages("bob").get_by_role("button", name=APPROVE).click()
    await check_accessible(page, "confirm dialog")
    await window.confirm_dialog.get_by_role("button", name="Approve").click()
    await window.messages("bob").get_by_role("link", name="1 reply").click()
    await window.panel.get_by_role("button", name="Run tsh login --request-id").click()
    await expect(window.reach("staging-web")).to_have_text("★ New")
    await check_accessible(page, "access, thread and output")
    await window.open_conversation("alice", "Teleport")
    await expect(window.messages("alice", "was approved by bob")).to_be_visible()
    await check_accessible(page, "DM")


@schemes
async def test_form_is_accessible(windows: Windows, scheme: Scheme) -> None:
    window = await windows.open(scheme=scheme)
    form = await window.open_form()
    await check_accessible(window.page, "empty form")
    await form.get_by_label("Roles").click()
    await form.get_by_role("option", name="prod").click()
    await expect(form.get_by_role("button", name="Remove prod")).to_be_visible()
    await check_accessible(window.page, "open list")
    await form.locator("[type=submit]").click()
    await expect(form.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    await check_accessible(window.page, "rejected field")


@schemes
async def test_panel_is_accessible(windows: Windows, scheme: Scheme) -> None:
    window = await windows.open(scheme=scheme)
    await window.request("redis is stuck")
    await window.approve()
    for tab in _TABS:
        await _open_tab(window, tab)
        await check_accessible(window.page, tab)
    await window.page.get_by_role("link", name="About").click()
    await expect(window.page.get_by_role("region", name="About")).to_be_visible()
    await check_accessible(window.page, "about")


async def test_narrow_page_is_accessible(windows: Windows) -> None:
    window = await windows.open(size=NARROW)
    await window.request("redis is stuck")
    await check_accessible(window.page, "pane")
    await window.open_form()
    await check_accessible(window.page, "form")
    await window.page.keyboard.press("Escape")
    await expect(window.form).to_have_count(0)
    await window.page.get_by_role("link", name="Teleport", exact=True).click()
    await expect(window.panel).to_be_visible()
    await check_accessible(window.page, "panel")


@schemes
async def test_page_follows_the_color_scheme(windows: Windows, scheme: Scheme) -> None:
    window = await windows.open(scheme=scheme, size=WIDE)
    colors = await window.page.locator(".pane").first.evaluate(
        "pane => [getComputedStyle(pane).backgroundColor, getComputedStyle(pane).color]"
    )
    background, text = (_brightness(color) for color in colors)
    assert (background > text) is (scheme == "light")


def _brightness(color: str) -> int:
    """Return the sum of the three values in a color such as `rgb(22, 25, 31)`."""
    return sum(int(value) for value in color.removeprefix("rgb(").rstrip(")").split(","))


async def _open_tab(window: Window, tab: str) -> None:
    await window.panel.get_by_role("tab", name=tab).click()
    await expect(window.panel.get_by_role("tabpanel", name=tab)).to_be_visible()
