"""Reject requests from pages of other sites.

The sandbox's tokens are in its source code, so they protect nothing. Browsers identify a page of
another site by `Origin` or `Sec-Fetch-Site`. A page whose name resolves to this machine (DNS
rebinding) is recognizable by `Host`. Scripts and the Slack SDK send neither of the first two
headers.

The rule includes the Web API, because its calls work with GET, and a rebound page sends no `Origin`
with GET. Clients that use another name of this machine need a sandbox that listens on that name.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_SOCKET = "/link/"
_SLACK_GO = "https://api.slack.com"
"""Origin that slack-go sends when it opens a socket (github.com/slack-go/slack, socketmode)."""
_EVERYWHERE = ("0.0.0.0", "::")


def only_own_pages(listen: str, public_host: str = "") -> Middleware:
    """Return middleware that rejects requests from pages of other sites.

    `public_host` is the name of a reverse proxy, if clients connect through one.
    """

    @web.middleware
    async def refuse_others(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "localhost")
        if not _is_ours(host, listen, public_host):
            return _refusal(f"this sandbox answers to localhost and to {listen}, not to {host}")
        if _is_foreign(request, host):
            return _refusal("pages of other sites can't use this sandbox")
        return await handler(request)

    return refuse_others


def _is_ours(host: str, listen: str, public_host: str) -> bool:
    """Return whether a `Host` is a loopback name, a loopback address or one of the given hosts."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name in ("localhost", listen.lower(), public_host or "localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or listen in _EVERYWHERE


def _is_foreign(request: web.Request, host: str) -> bool:
    """Return whether a page of another origin sent the request. Links to the page are allowed."""
    origin = request.headers.get("Origin")
    if request.path == _SOCKET and origin == _SLACK_GO:
        return False
    if origin is not None:
        return origin != f"http://{host}"
    site = request.headers.get("Sec-Fetch-Site", "none")
    return site not in ("none", "same-origin") and request.path != "/"


def _refusal(sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=403)
