"""Reading a call's arguments, in each of the ways that clients send them."""

import json
from typing import Any

from aiohttp import web

from sandbox.slack.errors import SlackError
from sandbox.slack.wire import JsonObject

_TOKEN = "token"  # noqa: S105 - the name of an argument
_JSON_FIELDS = {
    "blocks": "invalid_blocks_format",
    "view": "invalid_arguments",
    "metadata": "invalid_metadata_format",
}
"""Arguments that may come as a string of JSON, with the error for one that is not.

No other argument is ever parsed: text that looks like JSON is text.
"""


class Arguments:
    """The arguments of one call, read by type. Forms and query strings carry only strings."""

    def __init__(self, values: JsonObject) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """Raises SlackError if it is missing."""
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
        """A list separated by commas."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def structure(self, name: str) -> Any:
        """An argument that is JSON, or None; raises SlackError if it cannot be parsed."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(_JSON_FIELDS[name]) from None


async def read_call(request: web.Request) -> tuple[str | None, Arguments]:
    """The token and the arguments of a call, from header, query string, form or JSON body.

    Raises SlackError if the body is not what its content type says.
    """
    values: JsonObject = dict(request.query)
    if request.content_type == "application/json":
        values |= await _json_body(request)
    elif request.can_read_body:
        values |= {name: str(value) for name, value in (await request.post()).items()}
    token_argument = values.pop(_TOKEN, None)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip(), Arguments(values)
    return token_argument, Arguments(values)


async def _json_body(request: web.Request) -> JsonObject:
    try:
        body = await request.json()
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return body
