"""Missing programs and fonts: a reason to skip a test, except where they are required."""

import os
from typing import NoReturn

import pytest


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test. Fail it instead if BROWSER_TESTS is `required`."""
    if os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
