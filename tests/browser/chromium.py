"""Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

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


_SAME_PIXELS = (
    "--disable-gpu",
    "--disable-lcd-text",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--disable-partial-raster",
    "--num-raster-threads=1",
)
"""Options without which runs differ: in fonts, in colors, and at edges drawn in two steps."""


@asynccontextmanager
async def running_chromium(path: str, fontconfig: Path | None = None) -> AsyncIterator[Browser]:
    """Run a browser without a window during the block.

    `fontconfig` is a file with the fonts to use instead of the machine's. After an error in the
    block, the end of Playwright's driver ends the browser, even a frozen one.
    """
    options = list(_SAME_PIXELS)
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium's own sandbox doesn't work for the superuser
    environment: dict[str, str | float | bool] = dict(os.environ)
    if fontconfig is not None:
        environment["FONTCONFIG_FILE"] = str(fontconfig)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=options, env=environment
        )
        yield browser
        await browser.close()
