"""Keep pages of other sites away from the sandbox.

Its tokens stand in the code, so they protect nothing. A page elsewhere shows itself in a browser's
`Origin` or `Sec-Fetch-Site`; one whose name was pointed at this machine (DNS rebinding) shows
itself in `Host`. Scripts and the Slack SDK send neither of the first two. The Web API has the same
rule, since its calls can be made with GET, where a rebound page sends no `Origin`. Clients that
know this machine by a name of its own need a sandbox that listens on that name.
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
    """Refuse what a page of another site asks for, on a server that listens on that address.

    `public_host` is the name of a server before this one, through which clients come.
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
    """Whether a `Host` is a loopback name or address, or one of ours."""
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
    """Whether a browser says that a page of another origin asks. A link may lead to the page."""
    origin = request.headers.get("Origin")
    if request.path == _SOCKET and origin == _SLACK_GO:
        return False
    if origin is not None:
        return origin != f"http://{host}"
    site = request.headers.get("Sec-Fetch-Site", "none")
    return site not in ("none", "same-origin") and request.path != "/"


def _refusal(sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=403)
