"""The page's routes: the page at a location, its static files, and its own state."""

from pathlib import Path

from aiohttp import web

from sandbox.page.location import Location
from sandbox.page.page import Page
from sandbox.page.session import Session
from sandbox.page.side_panel import SidePanel
from sandbox.slack.control.control_api import ControlApi
from sandbox.slack.errors import BadRequestError
from sandbox.slack.workspace.state import Workspace

STATIC = Path(__file__).parent / "static"
_HEADERS = {
    "Cache-Control": "no-cache",
    # A message can contain any text, but the page loads and connects only to the stand-in.
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PageRoutes:
    """Serves the page of one workspace."""

    def __init__(
        self, workspace: Workspace, control_api: ControlApi, panel: SidePanel | None
    ) -> None:
        self._workspace = workspace
        self._control_api = control_api
        self._panel = panel
        self._session = Session()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._get_page),
            web.get("/page/static/{name}", self._get_file),
            web.post("/page/read/{person}/{channel}", self._post_read),
            web.post("/page/first-steps/{state:shown|dismissed}", self._post_first_steps),
            *(self._panel.routes if self._panel else ()),
        ]

    async def _get_page(self, request: web.Request) -> web.Response:
        location = Location.read(request.query)
        page = Page.at(location, self._workspace, self._control_api, self._session, self._panel)
        return web.Response(text=page.render(), content_type="text/html", headers=_HEADERS)

    async def _get_file(self, request: web.Request) -> web.FileResponse:
        path = STATIC / request.match_info["name"]
        if path not in STATIC.iterdir():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_HEADERS)

    async def _post_read(self, request: web.Request) -> web.Response:
        """Mark a conversation as seen by a person."""
        person = self._workspace.find_person(request.match_info["person"])
        conversation = self._workspace.conversation(request.match_info["channel"])
        if person is None or conversation is None:
            raise BadRequestError("there's no such person or channel")
        if self._session.marks.mark(person.slack_user_id, conversation):
            self._workspace.changes.announce()
        return web.json_response({"ok": True})

    async def _post_first_steps(self, request: web.Request) -> web.Response:
        self._session.hint_dismissed = request.match_info["state"] == "dismissed"
        self._workspace.changes.announce()
        return web.json_response({"ok": True})
