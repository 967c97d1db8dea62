"""`make screenshots`: writes the pictures to docs/images, with the texts and boxes in them."""

import asyncio
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from tests.browser.chromium import MISSING, find_chromium, running_chromium
from tests.browser.pictures import fonts
from tests.browser.pictures.album import FOLDER, save
from tests.browser.pictures.story import take_pictures


async def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    chromium = find_chromium()
    if chromium is None:
        sys.exit(MISSING)
    if not fonts.are_installed():
        sys.exit(fonts.MISSING)
    with TemporaryDirectory() as data:
        folder = Path(data)
        fontconfig = fonts.write_fontconfig(folder)
        async with running_chromium(chromium, fontconfig) as browser:
            save(await take_pictures(browser, folder / "sandbox"))
    sys.stdout.write(f"The pictures are in {FOLDER}.\n")


if __name__ == "__main__":
    asyncio.run(main())
