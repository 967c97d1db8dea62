"""The story that the pictures show."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.browser.pictures.picture import Picture, take
from tests.browser.pictures.still_clock import StillClock
from tests.browser.sandbox_world import SandboxWorld, running_sandbox
from tests.browser.window import APPROVE, Window
from tests.browser.windows import Scheme, Windows

_SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_PAGE = (1360, 800)
_CARDS = (740, 1900)
_HOME = (740, 1300)
_SHARP = 2
_REST = "() => new Promise((rest) => requestIdleCallback(rest, { timeout: 2000 }))"
"""Wait until the page has drawn itself. Without the limit a busy browser may never call back."""


@dataclass(frozen=True)
class Studio:
    sandbox: SandboxWorld
    windows: Windows
    clock: StillClock
    pictures: dict[str, Picture]

    async def fill_form(self) -> None:
        """Take the filled form, and close it."""
        for scheme in _SCHEMES:
            window = await self.windows.open(
                "/?person=alice&panel=none", scheme=scheme, scale=_SHARP
            )
            form = await window.open_form()
            await form.get_by_label("Roles").fill("prod")
            await form.get_by_role("option", name="prod").click()
            await form.get_by_label("Reason").fill("Shard 3 doesn't accept writes, INC-2107")
            await form.get_by_label("Duration").fill("2 hours")
            await form.get_by_role("option", name="2 hours", exact=True).click()
            await form.get_by_label("Suggested reviewers").fill("bob")
            await form.get_by_role("option", name="Bob Brown").click()
            await window.page.keyboard.press("Escape")
            await form.get_by_label("Reason").focus()
            await self._take(f"form-{scheme}", window, "dialog.modal[open]")
            await window.page.keyboard.press("Escape")
            await expect(window.form).to_have_count(0)
            await window.close()

    async def get_access(self) -> None:
        """Take the page after alice's login with an approved request."""
        window = await self.windows.open()
        await window.request("redis is stuck", roles="staging for 2h")
        self.clock.advance(3)
        await window.approve()
        await expect(window.messages("bob").get_by_role("link", name="1 reply")).to_be_visible()
        await window.panel.get_by_role("button", name="Run tsh login --request-id").click()
        await expect(window.reach("staging-web")).to_have_text("★ New")
        await expect(window.page.get_by_text("Next: prod")).to_be_visible()
        for scheme in _SCHEMES:
            shown = await self.windows.open(scheme=scheme, size=_PAGE)
            await self._take(f"page-{scheme}", shown, "body")
            await shown.close()
        await window.close()

    async def show_cards(self) -> None:
        """Take a card in each of its states."""
        window = await self.windows.open()
        self.clock.advance(12)
        await window.request("shard 3 doesn't accept writes", roles="prod for 2h")
        self.clock.advance(4)
        await window.messages("bob").get_by_role("button", name=APPROVE).last.click()
        await window.confirm_dialog.get_by_role("button", name="Approve").click()
        await expect(window.messages("bob", "1 of 2 approvals")).to_have_count(1)
        self.clock.advance(21)
        await window.request("I want to try the new index", roles="staging")
        self.clock.advance(2)
        await window.messages("bob").get_by_role("button", name="Deny").last.click()
        await window.form.get_by_role("textbox").fill("Please use dev-2, it has the same data")
        await window.form.locator("[type=submit]").click()
        await expect(window.messages("bob", "Denied by bob")).to_have_count(1)
        self.clock.advance(9)
        await window.request("redis is stuck again", roles="staging for 1h")
        for scheme in _SCHEMES:
            shown = await self.windows.open(
                "/?person=bob&panel=none", scheme=scheme, size=_CARDS, scale=_SHARP
            )
            await expect(shown.messages("bob").get_by_text("1 reply")).to_have_count(3)
            await self._take(f"cards-{scheme}", shown, ".day")
            await shown.close()
        await window.close()

    async def review(self) -> None:
        """Take the details of a request, and the form for several reviews."""
        window = await self.windows.open("/?person=bob&panel=none", scale=_SHARP)
        card = window.messages("bob", "shard 3 doesn't accept writes")
        await card.get_by_role("button", name="Details").click()
        await expect(window.form).to_contain_text("Can still decide")
        await self._take("details-light", window, "dialog.modal[open]")
        await window.close()
        window = await self.windows.open("/?person=carol&panel=none", scale=_SHARP)
        await window.send("carol", "/teleport-approve")
        await expect(window.form.get_by_role("checkbox")).to_have_count(2)
        await self._take("reviews-light", window, "dialog.modal[open]")
        await window.close()

    async def open_home(self) -> None:
        """Take alice's App Home."""
        window = await self.windows.open("/?person=alice&panel=none", size=_HOME, scale=_SHARP)
        await window.open_conversation("alice", "App Home")
        home = window.pane("alice").get_by_role("group", name="App Home")
        await expect(home).to_contain_text("Your active access (1)")
        await self._take("home-light", window, "main")

    async def _take(self, name: str, window: Window, selector: str) -> None:
        await self._wait_until_current(window)
        self.pictures[name] = await take(window.page.locator(selector))

    async def _wait_until_current(self, window: Window) -> None:
        """Wait until the window shows the last change. Windows also report messages as read."""
        changes = self.sandbox.slack.workspace.changes
        count = -1
        while count != changes.count:
            count = changes.count
            await window.page.wait_for_function(
                "count => Number(document.body.dataset.mark) >= count", arg=count
            )
            await window.page.evaluate(_REST)


async def take_pictures(browser: Browser, data: Path) -> dict[str, Picture]:
    """Play the story, and return the pictures by name."""
    async with _studio(browser, data) as studio:
        await studio.fill_form()
        await studio.get_access()
        await studio.show_cards()
        await studio.review()
        await studio.open_home()
        return studio.pictures


@asynccontextmanager
async def _studio(browser: Browser, data: Path) -> AsyncIterator[Studio]:
    """Run a sandbox in which the clock stands still and IDs are the same in each run."""
    clock = StillClock()
    bits = random.Random(14).getrandbits  # noqa: S311 - the names need to be the same, not secret
    async with (
        running_sandbox(data, now=clock.now, random_bits=bits, leases=False) as sandbox,
        Windows.opener(browser, sandbox.slack.url) as windows,
    ):
        yield Studio(sandbox, windows, clock, {})
