"""The web page of the sandbox: three static files that use the control API."""

from pathlib import Path

from aiohttp import web

_FOLDER = Path(__file__).parent
_FILES = {"/": "page.html", "/page.js": "page.js", "/page.css": "page.css"}
_HEADERS = {
    "Cache-Control": "no-cache",
    # A message can contain any text, but the page connects only to the stand-in.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'",
}


def routes() -> list[web.RouteDef]:
    return [web.get(path, _show) for path in _FILES]


async def _show(request: web.Request) -> web.FileResponse:
    return web.FileResponse(_FOLDER / _FILES[request.path], headers=_HEADERS)
