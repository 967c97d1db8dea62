"""Parsing JSON from the app."""

import json
from typing import Any


def parse_json(text: str | bytes) -> Any:
    """Return the value. Raises ValueError, also for a text nested too deeply to parse.

    Half of a surrogate pair isn't text: no page or message can contain it.
    """
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    except UnicodeEncodeError:
        raise ValueError("the JSON contains half of a surrogate pair") from None
    return value
