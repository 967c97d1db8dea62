"""All HTTP routes of the stand-in."""

import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.page.routes import PageRoutes
from sandbox.page.side_panel import SidePanel
from sandbox.slack.backend import Backend
from sandbox.slack.control.control_api import ControlApi
from sandbox.slack.control.origins import only_own_pages
from sandbox.slack.errors import BadRequestError
from sandbox.slack.json_text import parse_json
from sandbox.slack.response_urls.endpoint import ResponseEndpoint
from sandbox.slack.socket_mode.sockets import Sockets
from sandbox.slack.web_api.endpoint import WebApi
from sandbox.slack.wire import JsonObject

_LARGEST_BODY = 4 * 1024 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(
    backend: Backend,
    sockets: Sockets,
    control_api: ControlApi,
    listen: str,
    panel: SidePanel | None = None,
) -> web.Application:
    """Return the application for a server that listens on the given address.

    `panel` is the content beside the panes of the page.
    """
    public_host = urlsplit(backend.url).hostname or ""
    api, responses, control = (
        WebApi(backend),
        ResponseEndpoint(backend),
        _ControlRoutes(control_api),
    )
    middlewares = [only_own_pages(listen, public_host), _explain, _report]
    app = web.Application(middlewares=middlewares, client_max_size=_LARGEST_BODY)
    app.add_routes(
        [
            *PageRoutes(backend.workspace, control_api, panel).routes(),
            web.route("*", "/api/{method}", api.serve),
            web.get("/link/", sockets.serve),
            web.post("/{kind:actions|commands}/{rest:.+}", responses.serve),
            *control.routes(),
        ]
    )
    return app


class _ControlRoutes:
    """The control API's routes under `/sandbox/`."""

    def __init__(self, control_api: ControlApi) -> None:
        self._control_api = control_api

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sandbox/status", self._get_status),
            web.get("/sandbox/people", self._get_people),
            web.get("/sandbox/people/{name}/views", self._get_views),
            web.get("/sandbox/channels", self._get_channels),
            web.get("/sandbox/channels/{name}", self._get_messages),
            web.get("/sandbox/app", self._get_app),
            web.get("/sandbox/changes", self._get_changes),
            web.get("/sandbox/journal", self._get_journal),
            web.post("/sandbox/act", self._post_act),
            web.post("/sandbox/faults", self._post_faults),
        ]

    async def _get_status(self, _request: web.Request) -> web.Response:
        return web.json_response(self._control_api.status())

    async def _get_people(self, _request: web.Request) -> web.Response:
        return web.json_response({"people": self._control_api.people()})

    async def _get_views(self, request: web.Request) -> web.Response:
        return web.json_response(self._control_api.views(request.match_info["name"]))

    async def _get_channels(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"channels": self._control_api.channels(request.query.get("as", ""))}
        )

    async def _get_messages(self, request: web.Request) -> web.Response:
        name, viewer = request.match_info["name"], request.query.get("as")
        return web.json_response({"messages": self._control_api.messages(name, viewer)})

    async def _get_app(self, _request: web.Request) -> web.Response:
        return web.json_response(self._control_api.app())

    async def _get_changes(self, request: web.Request) -> web.Response:
        since = request.query.get("since", "")
        return web.json_response(await self._control_api.changed_since(since))

    async def _get_journal(self, _request: web.Request) -> web.Response:
        return web.json_response(self._control_api.journal())

    async def _post_act(self, request: web.Request) -> web.Response:
        return web.json_response(await self._control_api.act(await _body(request)))

    async def _post_faults(self, request: web.Request) -> web.Response:
        self._control_api.inject(await _body(request))
        return web.json_response({"ok": True})


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Return a bad request's reason to the script."""
    try:
        return await handler(request)
    except BadRequestError as error:
        return web.json_response({"error": str(error)}, status=400)


@web.middleware
async def _report(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Respond to a bug in the stand-in as Slack does, and report it in one line on stderr."""
    try:
        return await handler(request)
    except (web.HTTPException, BadRequestError):
        raise
    except Exception as error:  # noqa: BLE001 - reports all bugs
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        print(f"The sandbox failed at {request.path}: {error!r} ({where})", file=sys.stderr)
        return web.json_response({"ok": False, "error": "internal_error"}, status=500)


async def _body(request: web.Request) -> JsonObject:
    try:
        body: Any = parse_json(await request.read())
    except ValueError as error:
        raise BadRequestError(f"the body isn't JSON: {error}") from None
    if not isinstance(body, dict):
        raise BadRequestError("the body isn't an object")
    return body
