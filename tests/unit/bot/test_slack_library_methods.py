"""Methods of slack_sdk and slack_bolt that the bot overrides or calls, although they aren't public.

A changed name or signature fails here. Adapt the bot's method, then raise the versions in
pyproject.toml.
"""

import inspect
import re
import tomllib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode import async_internals
from slack_bolt.async_app import AsyncApp
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from bot.connect.bolt_app import App
from bot.connect.slack_client import SlackClient
from bot.sockets.socket_client import SocketClient

OVERRIDDEN: dict[tuple[type, str], str] = {
    (AsyncWebClient, "_request"): "(self, *, http_verb, api_url, req_args)",
    (SocketModeClient, "issue_new_wss_url"): "(self)",
    (SocketModeClient, "enqueue_message"): "(self, message)",
    (SocketModeClient, "send_message"): "(self, message)",
    (AsyncApp, "async_dispatch"): "(self, req)",
}
"""Parameters by class of the library and method."""
CALLED: dict[Callable[..., Any], str] = {
    async_internals.run_async_bolt_app: "(app, req)",
    async_internals.send_async_response: "(client, req, bolt_resp, start_time)",
    warning_client_prioritized_and_token_skipped: "()",
}
PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


def parameters(function: Callable[..., Any]) -> str:
    """Return the parameters without annotations."""
    signature = inspect.signature(function)
    plain = [each.replace(annotation=each.empty) for each in signature.parameters.values()]
    return str(inspect.Signature(plain))


@pytest.mark.parametrize(("owner", "name"), OVERRIDDEN)
def test_overridden_method_has_the_recorded_signature(owner: type, name: str) -> None:
    method = getattr(owner, name)
    assert parameters(method) == OVERRIDDEN[owner, name]
    assert inspect.iscoroutinefunction(method)


@pytest.mark.parametrize("function", CALLED)
def test_internal_function_has_the_recorded_signature(function: Callable[..., Any]) -> None:
    assert parameters(function) == CALLED[function]


@pytest.mark.parametrize(
    ("ours", "library"),
    [(SlackClient, AsyncWebClient), (SocketClient, SocketModeClient), (App, AsyncApp)],
)
def test_every_override_is_recorded(ours: type, library: type) -> None:
    overridden = {
        name for name in vars(ours) if name in dir(library) and callable(vars(ours)[name])
    }
    own = {name for name in overridden if not name.startswith("__")}
    assert own == {name for owner, name in OVERRIDDEN if owner is library}


@pytest.mark.parametrize("package", ["slack-sdk", "slack-bolt"])
def test_next_minor_version_is_excluded(package: str) -> None:
    dependencies = tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]
    (bounds,) = [each for each in dependencies if each.startswith(package)]
    major, minor = version(package).split(".")[:2]
    assert re.search(rf"<{major}\.{int(minor) + 1}$", bounds)
