"""The pictures in docs/images. `make screenshots` renews them."""

import asyncio
import sys
import traceback
from pathlib import Path

import pytest

from tests.browser.chromium import running_chromium
from tests.browser.pictures import fonts
from tests.browser.pictures.album import FOLDER, recorded_layouts
from tests.browser.pictures.picture import Picture, differences
from tests.browser.pictures.story import take_pictures
from tests.browser.required import skip_or_fail

_LARGEST_ALBUM = 2_000_000
_RUN_SECONDS = 150
_TWO_RUNS_SECONDS = 700
"""Each of the two runs can be repeated."""


@pytest.fixture(scope="session")
def fontconfig(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a configuration with the fonts of the pictures, and return its file."""
    if not fonts.are_installed():
        skip_or_fail(fonts.MISSING)
    return fonts.write_fontconfig(tmp_path_factory.mktemp("fonts"))


@pytest.mark.timeout(_TWO_RUNS_SECONDS)
async def test_pictures_are_current_and_reproducible(
    chromium: str, fontconfig: Path, tmp_path: Path
) -> None:
    """Texts and boxes are the recorded ones, and a second run takes the same pictures."""
    first = await _take(chromium, fontconfig, tmp_path / "first")
    recorded = recorded_layouts()
    assert first.keys() == recorded.keys()
    for name, picture in first.items():
        assert differences(recorded[name], picture.layout) == [], f"run make screenshots for {name}"
    second = await _take(chromium, fontconfig, tmp_path / "second")
    assert [name for name in first if first[name] != second[name]] == []


def test_pictures_are_small() -> None:
    """A clone and the README stay fast."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < _LARGEST_ALBUM


def test_difference_names_the_changed_element() -> None:
    button = '- button "Approve" [box=10,20,80,30]'
    assert differences([button], ['- button "Approve" [box=14,20,80,30]']) == []
    assert len(differences([button], ['- button "Approve" [box=30,20,80,30]'])) == 1
    assert '+- button "Deny"' in differences([button], ['- button "Deny" [box=10,20,80,30]'])


async def _take(chromium: str, fontconfig: Path, data: Path) -> dict[str, Picture]:
    """Return the pictures of a run. Repeat it if the browser freezes."""
    try:
        return await _run(chromium, fontconfig, data)
    except TimeoutError:
        traceback.print_exc(file=sys.stderr)
        return await _run(chromium, fontconfig, data.with_suffix(".again"))


async def _run(chromium: str, fontconfig: Path, data: Path) -> dict[str, Picture]:
    async with asyncio.timeout(_RUN_SECONDS), running_chromium(chromium, fontconfig) as browser:
        return await take_pictures(browser, data)
