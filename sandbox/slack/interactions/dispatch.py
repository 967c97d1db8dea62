"""Handlers of all user actions, by the `do` field of the control API."""

from collections.abc import Awaitable, Callable

from sandbox.slack.backend import Backend
from sandbox.slack.errors import BadRequestError
from sandbox.slack.interactions.clicks import click
from sandbox.slack.interactions.commands import run_command
from sandbox.slack.interactions.forms import close, submit
from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.suggestions import suggest
from sandbox.slack.interactions.surfaces import open_home, use_shortcut
from sandbox.slack.interactions.typed_messages import post_message
from sandbox.slack.interactions.user_action import UserAction
from sandbox.slack.wire import JsonObject

_HANDLERS: dict[str, Callable[[UserAction], Awaitable[Outcome]]] = {
    "command": run_command,
    "message": post_message,
    "click": click,
    "submit": submit,
    "close": close,
    "suggest": suggest,
    "home": open_home,
    "shortcut": use_shortcut,
}


async def perform(backend: Backend, body: JsonObject) -> Outcome:
    """Run the action in `body`. Raises BadRequestError for an unknown action."""
    handler = _HANDLERS.get(str(body.get("do")))
    if handler is None:
        raise BadRequestError(f"`do` must be one of {', '.join(_HANDLERS)}")
    try:
        return await handler(UserAction.read(backend, body))
    except CannotActError as reason:
        return Outcome.unsent(str(reason))
