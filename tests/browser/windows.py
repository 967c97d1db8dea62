"""Windows of the page, with the errors that their consoles show."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Error, expect

from tests.browser.window import Window

Scheme = Literal["light", "dark"]

WIDE = (1440, 900)
NARROW = (390, 844)
_WAIT_MILLISECONDS = 20_000
"""Longest wait for one change of a page, on a busy machine."""
_CLOSE_SECONDS = 20
_PROBLEMS = ("error", "warning")

expect.set_options(timeout=_WAIT_MILLISECONDS)


class Windows:
    """Opens windows in one browser, and collects their problems."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._contexts: list[BrowserContext] = []
        self.problems: list[str] = []
        """Console errors and warnings, uncaught exceptions, and dialogs that a script opened."""

    @classmethod
    @asynccontextmanager
    async def opener(cls, browser: Browser, url: str) -> AsyncIterator["Windows"]:
        """Close all windows at the end of the block. Fails if one had a problem."""
        windows = cls(browser, url)
        try:
            yield windows
        finally:
            await windows.close()
        assert windows.problems == []

    async def open(
        self,
        path: str = "/",
        *,
        size: tuple[int, int] = WIDE,
        scheme: Scheme = "light",
        scale: float = 1,
    ) -> Window:
        """Open a window with its own session, as a person on another computer does."""
        width, height = size
        context = await self._browser.new_context(
            base_url=self._url,
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            color_scheme=scheme,
            reduced_motion="reduce",
            locale="en-US",
            timezone_id="UTC",
        )
        self._contexts.append(context)
        context.set_default_timeout(_WAIT_MILLISECONDS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._on_error(error.error))
        context.on("dialog", self._on_dialog)
        page = await context.new_page()
        await page.goto(path)
        return Window(page)

    async def close(self) -> None:
        """Raises TimeoutError. Playwright itself waits forever for a frozen browser."""
        async with asyncio.timeout(_CLOSE_SECONDS):
            for context in self._contexts:
                await context.close()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in _PROBLEMS:
            self.problems.append(f"{message.type}: {message.text}")

    def _on_error(self, error: Error) -> None:
        self.problems.append(f"exception: {error}")

    async def _on_dialog(self, dialog: Dialog) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        await dialog.dismiss()
