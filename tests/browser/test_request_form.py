"""The form for a new access request: field errors, type-ahead and removable choices."""

import re

from playwright.async_api import expect

from sandbox.teleport.server import TeleportStandIn
from tests.browser.windows import Windows

_NO_REASON = "This request needs a reason."


async def test_rejected_field_is_explained_and_focused(windows: Windows) -> None:
    """The error belongs to its field, and disappears with the next response."""
    form = await (await windows.open()).open_form()
    roles, reason = form.get_by_label("Roles"), form.get_by_label("Reason")
    await roles.fill("prod")
    await form.get_by_role("option", name="prod", exact=True).click()
    await form.locator("[type=submit]").click()

    await expect(reason).to_have_accessible_description(re.compile(_NO_REASON))
    await expect(reason).to_have_attribute("aria-invalid", "true")
    await expect(reason).to_be_focused()

    await form.get_by_role("button", name="Remove prod").click()
    await form.locator("[type=submit]").click()
    await expect(roles).to_have_attribute("aria-invalid", "true")
    await expect(roles).to_be_focused()
    await expect(reason).not_to_have_attribute("aria-invalid", "true")
    await expect(form.get_by_text(_NO_REASON)).to_have_count(0)


async def test_type_ahead_opens_with_all_roles_and_filters(windows: Windows) -> None:
    form = await (await windows.open()).open_form()
    roles, options = form.get_by_label("Roles"), form.get_by_role("option")
    await roles.click()
    await expect(options).to_have_text(["prod", "staging"])
    await roles.press_sequentially("stag")
    await expect(options).to_have_text(["staging"])
    await roles.press("Enter")
    await expect(form.get_by_role("button", name="Remove staging")).to_be_visible()
    await expect(options).to_have_text(["prod", "staging"])
    await roles.press("ArrowDown")
    await roles.press("ArrowUp")
    await roles.press("Enter")
    await expect(form.get_by_role("button", name="Remove")).to_have_count(2)
    await form.get_by_role("button", name="Remove staging").click()
    await expect(form.get_by_role("button", name="Remove")).to_have_count(1)
    await roles.press_sequentially("zzz")
    await expect(options).to_have_text(["No matches"])
    await roles.press("Escape")
    await expect(options).to_have_count(0)
    await expect(form).to_be_visible()


async def test_resource_is_searched_by_label_and_rejected_at_its_field(
    windows: Windows, teleport: TeleportStandIn
) -> None:
    """It disappears while the form is open."""
    await teleport.journal.wait_for_call("ListUnifiedResources", ended=True)
    form = await (await windows.open()).open_form()
    resources = form.get_by_label("Resources")
    await resources.fill("tier=staging orders")
    checks = len(teleport.journal.of("GetAccessCapabilities"))
    await form.get_by_role("option", name="db/staging-orders").click()
    # A check that ended later would update the form, which hides the error below.
    await teleport.journal.wait_for_call("GetAccessCapabilities", count=checks + 1, ended=True)
    del teleport.cluster.resources[:]
    await form.locator("[type=submit]").click()
    rejected = re.compile("You can't request (these resources|db/staging-orders)")
    await expect(resources).to_have_accessible_description(rejected)


async def test_reviewers_are_users_who_can_review(windows: Windows) -> None:
    form = await (await windows.open()).open_form()
    await form.get_by_label("Suggested reviewers").click()
    names = ["Bob Brown (bob)", "Carol Clark (carol)", "Dana Dietz (dana)"]
    await expect(form.get_by_role("option")).to_have_text(names)


async def test_form_creates_the_request(windows: Windows) -> None:
    window = await windows.open()
    form = await window.open_form()
    await form.get_by_label("Roles").click()
    await form.get_by_role("option", name="prod").click()
    await form.get_by_label("Reason").fill("shard 3 is down")
    await form.get_by_label("Duration").click()
    await form.get_by_role("option", name="2 hours", exact=True).click()
    await form.get_by_label("Suggested reviewers").fill("carol")
    await form.get_by_role("option", name="Carol Clark").click()
    await form.get_by_label("Suggested reviewers").press("Escape")  # closes the list
    await form.locator("[type=submit]").click()
    await expect(window.form).to_have_count(0)
    await expect(window.messages("bob", "alice requests prod")).to_contain_text("shard 3 is down")


async def test_update_of_the_page_keeps_the_input(windows: Windows) -> None:
    """Bob's message arrives while alice writes."""
    window = await windows.open()
    form = await window.open_form()
    reason = form.get_by_label("Reason")
    await form.get_by_label("Roles").fill("prod")
    await form.get_by_role("option", name="prod", exact=True).click()
    await reason.fill("shard 3")
    other = await windows.open("/?person=bob")
    await other.send("bob", "hello")
    await expect(window.messages("bob", "hello")).to_have_count(1)
    await expect(reason).to_be_focused()
    await expect(reason).to_have_value("shard 3")
    await expect(form.get_by_role("button", name="Remove prod")).to_be_visible()
