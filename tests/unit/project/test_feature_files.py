"""The files in `deploy/` and docs/features.md equal the feature table."""

from pathlib import Path

import pytest

from scripts.generate_feature_files import ROOT, generated_files


@pytest.mark.parametrize("name", generated_files())
def test_file_equals_the_feature_table(name: str) -> None:
    """An outdated file would mislead operators. `make features` writes it."""
    assert (ROOT / name).read_text() == generated_files()[name]


def test_every_file_for_teleport_and_slack_is_generated() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in Path(ROOT / "deploy").glob("*.*")}
    assert found == {name for name in generated_files() if name.startswith("deploy/")}
