"""Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

MISSING = (
    "There is no Chromium. Install it (on Debian and Ubuntu: apt-get install chromium), or set"
    " CHROMIUM to the path of its program."
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Return the path of the browser's program."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)


@asynccontextmanager
async def running_chromium(path: str) -> AsyncIterator[Browser]:
    """Run a browser without a window during the block."""
    # Chromium's own sandbox doesn't work for the superuser.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        await browser.close()
