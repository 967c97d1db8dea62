"""The page's routes: the whole page as one person or two people see it, and its static files."""

from pathlib import Path

from aiohttp import web

from sandbox.page.environment import render
from sandbox.page.side_panel import SidePanel
from sandbox.slack.control.control_api import ControlApi
from sandbox.slack.workspace.state import Workspace

_STATIC = Path(__file__).parent / "static"
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

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/page/preview", self._get_page),
            web.get("/page/static/{name}", self._get_file),
            *(self._panel.routes if self._panel else ()),
        ]

    async def _get_page(self, _request: web.Request) -> web.Response:
        text = render("page.html")
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    async def _get_file(self, request: web.Request) -> web.FileResponse:
        path = _STATIC / request.match_info["name"]
        if path not in _STATIC.iterdir():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_HEADERS)
