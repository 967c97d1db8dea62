"""Text that attacks the page or its readers."""

from playwright.async_api import Locator, expect

from tests.browser.windows import Windows

HOSTILE = (
    "<img src=x onerror=alert(1)><script>alert(2)</script> <!channel> <@U0BOB00001> *bold*"
    " _slanted_ <https://evil.example|x> javascript:alert(3) &lt;b&gt; \u202egnirts"
)
_LITERAL = ("<img src=x onerror=alert(1)>", "<script>alert(2)</script>", "<!channel>", "*bold*")


async def test_hostile_reason_is_harmless(windows: Windows) -> None:
    """The windows also fail the test if a script opens a dialog."""
    window = await windows.open()
    form = await window.open_form()
    await form.get_by_label("Roles").fill("staging")
    await form.get_by_role("option", name="staging").click()
    await form.get_by_label("Reason").fill(HOSTILE)
    await form.locator("[type=submit]").click()
    for person in ("alice", "bob"):
        card = window.messages(person, "Waiting for approval")
        await expect(card).to_have_count(1)
        await _check_harmless(card)
    await window.messages("bob").get_by_role("button", name="Deny").click()
    await _check_harmless(window.form)
    await window.page.keyboard.press("Escape")
    await expect(window.form).to_have_count(0)
    for tab in ("Requests", "Audit log"):
        await window.panel.get_by_role("tab", name=tab).click()
        await expect(window.panel.get_by_role("tabpanel", name=tab)).to_be_visible()
        await _check_no_elements(window.panel)


async def test_hostile_message_is_harmless(windows: Windows) -> None:
    """A user may format text and mention users, but this text contains no markup of Slack's."""
    window = await windows.open()
    await window.send("bob", "<img src=x onerror=alert(1)> <!channel> <!here|x>")
    message = window.messages("alice", "onerror")
    await expect(message).to_contain_text("<!channel> <!here|x>")
    await _check_no_elements(message)


async def _check_harmless(part: Locator) -> None:
    for text in _LITERAL:
        await expect(part).to_contain_text(text)
    await _check_no_elements(part)


async def _check_no_elements(part: Locator) -> None:
    """Check that the text has become no element, link, formatting or mention."""
    await expect(part.locator("img, script, b, .mention, [onerror]")).to_have_count(0)
    await expect(part.locator("em", has_text="slanted")).to_have_count(0)
    await expect(part.locator("strong").get_by_text("bold", exact=True)).to_have_count(0)
    await expect(part.locator("a[href*=evil], a[href^=javascript]")).to_have_count(0)
