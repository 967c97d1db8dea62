"""Rendered bodies of messages, so that an update renders only the messages that have changed."""

import json
import sys
from dataclasses import dataclass, field, replace
from functools import lru_cache

from markupsafe import Markup

from sandbox.page.render.message import render_message
from sandbox.page.render.reader import Reader
from sandbox.slack.wire import JsonObject

_PLACEHOLDER = Markup('<p class="placeholder">The sandbox can\'t show this message.</p>')
_KEPT = 1_000
_SECONDS = 60
"""Dates in a message are relative, so that a body is valid for a minute."""


@dataclass(frozen=True)
class _Wanted:
    """A body to render. Two are equal in the same minute, and the first one is rendered."""

    minute: Reader
    message: str
    reader: Reader = field(compare=False)


class RenderedBodies:
    """The bodies that the page showed last."""

    def __init__(self) -> None:
        self._render = lru_cache(_KEPT)(_render)

    def body(self, reader: Reader, message: JsonObject) -> Markup:
        """Return the body of a message, at most a minute old."""
        minute = replace(reader, now=reader.now // _SECONDS * _SECONDS)
        return self._render(_Wanted(minute, json.dumps(message), reader))


def _render(wanted: _Wanted) -> Markup:
    """Render a body, or a placeholder if that fails, so that the other messages still appear."""
    message = json.loads(wanted.message)
    try:
        return render_message(wanted.reader, message)
    except Exception as error:  # noqa: BLE001 - an app can send any blocks
        print(f"The page can't show message {message['ts']}: {error!r}", file=sys.stderr)
        return _PLACEHOLDER
