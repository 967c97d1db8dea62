"""The fonts of the pictures: the same ones on every machine that has them."""

from pathlib import Path

FOLDER = Path("/usr/share/fonts/truetype/noto")
_FILES = ("NotoSans-Regular.ttf", "NotoSansMono-Regular.ttf", "NotoColorEmoji.ttf")
MISSING = (
    "The fonts of the pictures are missing. Install them (on Debian and Ubuntu: apt-get install"
    " fonts-noto-core fonts-noto-mono fonts-noto-color-emoji)."
)
_SETTINGS = """\
<?xml version="1.0"?>
<fontconfig>
<dir>{folder}</dir>
<cachedir>{cache}</cachedir>
<match target="pattern">
<test name="family" qual="all" compare="not_eq"><string>monospace</string></test>
<edit name="family" mode="append_last"><string>Noto Sans</string></edit>
</match>
<match target="pattern">
<test name="family"><string>monospace</string></test>
<edit name="family" mode="prepend"><string>Noto Sans Mono</string></edit>
</match>
<match target="font">
<edit name="antialias" mode="assign"><bool>true</bool></edit>
<edit name="hinting" mode="assign"><bool>false</bool></edit>
<edit name="rgba" mode="assign"><const>none</const></edit>
</match>
</fontconfig>
"""


def are_installed() -> bool:
    return all((FOLDER / name).exists() for name in _FILES)


def write_fontconfig(folder: Path) -> Path:
    """Write a configuration with these fonts only, and return its file."""
    path = folder / "fonts.conf"
    path.write_text(_SETTINGS.format(folder=FOLDER, cache=folder / "cache"))
    return path
