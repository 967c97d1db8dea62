"""Arguments of a call, in each encoding that clients use."""

import codecs
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.slack.errors import SlackError
from sandbox.slack.json_text import parse_json
from sandbox.slack.wire import JsonObject

_TOKEN = "token"  # noqa: S105 - the name of an argument
_JSON_FIELDS = {
    "blocks": "invalid_blocks_format",
    "view": "invalid_arguments",
    "metadata": "invalid_metadata_format",
    "attachments": "invalid_attachments",
}
"""Arguments that can be JSON text, with the error for invalid JSON.

The stand-in parses no other argument, even if its text looks like JSON.
"""
_CONTENT_TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
)


class Arguments:
    """The arguments of one call, read by type. Forms and query strings have only strings."""

    def __init__(self, values: JsonObject) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """Return an argument. Raises SlackError if it is missing."""
        if not self.text(name):
            message = f"[ERROR] missing required field: {name}"
            raise SlackError("invalid_arguments", response_metadata={"messages": [message]})
        return self.text(name)

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.text(name, str(default)))
        except ValueError:
            raise SlackError("invalid_arguments") from None

    def words(self, name: str, default: str = "") -> list[str]:
        """Return the items of a list separated by commas."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def structure(self, name: str) -> Any:
        """Return an argument's JSON value, or None. Raises SlackError if it isn't JSON."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return parse_json(value)
        except ValueError:
            raise SlackError(_JSON_FIELDS[name]) from None


async def read_call(request: web.Request) -> tuple[str | None, Arguments]:
    """Return the token and the arguments from header, query string, form or JSON body.

    Raises SlackError if the body doesn't match its content type.
    """
    values: JsonObject = dict(request.query) | await _body(request)
    token_argument = values.pop(_TOKEN, None)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip(), Arguments(values)
    return None if token_argument is None else str(token_argument), Arguments(values)


async def _body(request: web.Request) -> JsonObject:
    """Return the arguments of a body. An empty body has none, whatever its content type."""
    if not await request.read():
        return {}
    if "Content-Type" not in request.headers:
        raise SlackError("missing_post_type")
    if request.content_type not in _CONTENT_TYPES:
        raise SlackError("invalid_post_type")
    _check_charset(request)
    if request.content_type == "application/json":
        return await _json_body(request)
    return await _form_body(request)


def _check_charset(request: web.Request) -> None:
    try:
        codecs.lookup(request.charset or "utf-8")
    except LookupError:
        raise SlackError("invalid_charset") from None


async def _json_body(request: web.Request) -> JsonObject:
    """Return the object. Blank text counts as empty: Go's client opens its socket this way."""
    try:
        text = await request.text()
        body = parse_json(text) if text.strip() else {}
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return body


async def _form_body(request: web.Request) -> JsonObject:
    try:
        if request.content_type == "text/plain":
            return dict(parse_qsl(await request.text(), keep_blank_values=True))
        form = await request.post()
    except ValueError:
        raise SlackError("invalid_form_data") from None
    return {name: str(value) for name, value in form.items()}
