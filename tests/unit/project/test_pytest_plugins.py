"""The tests also run without xdist, which only distributes them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
_WITHOUT_XDIST = ("-p", "no:xdist", "-p", "no:cacheprovider", "--collect-only", "-q")


def test_tests_are_collected_without_xdist() -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pytest", *_WITHOUT_XDIST, "tests/unit/bot/test_clock.py"],
        cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_clock.py::" in done.stdout
