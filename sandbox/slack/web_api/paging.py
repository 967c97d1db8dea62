"""Cursors of paged lists."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.arguments import Arguments
from sandbox.slack.wire import JsonObject

_MOST = 1000

Item = TypeVar("Item")


def page(
    items: Sequence[Item], args: Arguments, default: int = 100, *, most: int = _MOST
) -> tuple[list[Item], str]:
    """Return one page of a list, and the next page's cursor or an empty text."""
    start = _start(args.text("cursor"))
    limit = min(max(args.number("limit", default), 1), most)
    end = start + limit
    return list(items[start:end]), _cursor(end) if end < len(items) else ""


def next_cursor(cursor: str) -> JsonObject:
    return {"response_metadata": {"next_cursor": cursor}}


def _cursor(start: int) -> str:
    return base64.b64encode(f"next:{start}".encode()).decode()


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).removeprefix(b"next:"))
    except (binascii.Error, ValueError):
        raise SlackError("invalid_cursor") from None
