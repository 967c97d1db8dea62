"""Rendered bodies of messages, so that an update renders only the messages that have changed."""

import json
from dataclasses import replace
from functools import lru_cache

from markupsafe import Markup

from sandbox.page.render.message import render_message
from sandbox.page.render.reader import Reader
from sandbox.slack.wire import JsonObject

_KEPT = 1_000
_SECONDS = 60
"""Dates in a message are relative, so that a body is valid for a minute."""


class RenderedBodies:
    """The bodies that the page showed last."""

    def __init__(self) -> None:
        self._render = lru_cache(_KEPT)(_render)

    def body(self, reader: Reader, message: JsonObject) -> Markup:
        """Return the body of a message, at the precision of a minute."""
        minute = replace(reader, now=reader.now // _SECONDS * _SECONDS)
        return self._render(minute, json.dumps(message))


def _render(reader: Reader, message: str) -> Markup:
    return render_message(reader, json.loads(message))
