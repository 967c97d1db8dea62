"""Protection against HTTP redirects.

Slack and Teleport don't redirect the calls that this program makes. Following a redirect would send
a message or a token to another host.
"""

from urllib.parse import urlsplit

import aiohttp


class RedirectRefused(aiohttp.ClientError):
    """The server responded with a redirect. Nothing was sent to its target."""


def no_redirects() -> aiohttp.TraceConfig:
    """Return the trace configuration that makes a session raise RedirectRefused."""
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_refuse)
    return trace


async def _refuse(
    _session: aiohttp.ClientSession,
    _context: object,
    redirect: aiohttp.TraceRequestRedirectParams,
) -> None:
    response = redirect.response
    response.close()
    host = _host(response.headers.get("Location", "")) or redirect.url.host
    raise RedirectRefused(f"HTTP status {response.status}, a redirect to {host}")


def _host(location: str) -> str | None:
    try:
        return urlsplit(location).hostname
    except ValueError:
        return None
