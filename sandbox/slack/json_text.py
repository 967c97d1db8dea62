"""Parsing JSON from the app."""

import json
from typing import Any


def parse_json(text: str | bytes) -> Any:
    """Return the value. Raises ValueError, also for a text nested too deeply to parse."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
