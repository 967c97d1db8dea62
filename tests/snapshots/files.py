"""The snapshots: a file for each kind of view, with all of its samples.

The samples are those of the tests with a real Slack (`tests/real_slack`). A name such as `card,
approved` consists of the kind of view and its state.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.real_slack.messages import sample_messages
from tests.real_slack.views import sample_views
from tests.snapshots.drawing import draw_message, draw_view

FOLDER = Path(__file__).parent / "data"


def snapshots() -> dict[str, str]:
    """Return the expected files: their content by name."""
    files: dict[str, list[str]] = {}
    for name, drawn in _drawings():
        kind, _, state = name.partition(", ")
        files.setdefault(f"{kind.lower().replace(' ', '_')}.txt", []).append(
            f"==== {state or kind}\n{drawn}\n"
        )
    return {name: "\n".join(parts) for name, parts in files.items()}


def recorded() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.txt")}


def save(files: dict[str, str]) -> None:
    for path in FOLDER.glob("*.txt"):
        path.unlink()
    for name, content in files.items():
        (FOLDER / name).write_text(content, encoding="utf-8")


def _drawings() -> Iterator[tuple[str, str]]:
    for sample in sample_messages():
        yield sample.name, draw_message(sample.message)
    for name, view in sample_views():
        yield name, draw_view(view)
