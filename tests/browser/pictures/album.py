"""The folder of the pictures, and the file with the texts and boxes in them."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.browser.pictures.picture import Picture

FOLDER = Path(__file__).parents[3] / "docs/images"
_LAYOUTS = FOLDER / "layouts.json"


def save(pictures: Mapping[str, Picture]) -> None:
    """Replace all pictures and layouts."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.png"):
        path.unlink()
    for name, picture in pictures.items():
        (FOLDER / f"{name}.png").write_bytes(picture.png)
    layouts = {name: picture.layout for name, picture in pictures.items()}
    _LAYOUTS.write_text(json.dumps(layouts, indent=1, ensure_ascii=False) + "\n")


def recorded_layouts() -> dict[str, list[str]]:
    """Return the texts and boxes by picture."""
    layouts: dict[str, list[str]] = json.loads(_LAYOUTS.read_text())
    return layouts
