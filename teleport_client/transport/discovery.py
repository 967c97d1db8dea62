"""What a Teleport proxy says of itself to anybody (api/client/webclient/webclient.go)."""

import ssl
from typing import Any

import aiohttp

from teleport_client.transport.http_proxy import proxy_for
from teleport_client.transport.no_redirects import RedirectRefused, no_redirects

_FIND = "/webapi/find"
_SECONDS = 5.0


async def diagnose(address: str, cluster: str) -> str:
    """Say why a proxy at `host:port` leads to no Auth of this cluster; empty if unknown."""
    try:
        found = await _find(address)
    except RedirectRefused as error:
        return f"the web server there responds with {error}: give the proxy's own address"
    if not found:
        return ""
    named = str(found.get("cluster_name") or "")
    if named and named != cluster:
        return f"the proxy there is of the cluster {named}, and the identity of {cluster}"
    proxy = found.get("proxy")
    if isinstance(proxy, dict) and not proxy.get("tls_routing_enabled"):
        return "the proxy there has no TLS routing: give the Auth Service's own address"
    return ""


async def _find(address: str) -> dict[str, Any]:
    """Ask as a web page would; whatever is not a Teleport proxy says nothing.

    Teleport's own client follows redirects here (api/client/webclient/webclient.go), but what
    another host says about itself tells nothing about `address`. Raises RedirectRefused.
    """
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trace_configs=[no_redirects()]) as session,
            session.get(
                f"https://{address}{_FIND}",
                proxy=proxy_for(address) or None,
                ssl=ssl.create_default_context(),
            ) as answer,
        ):
            found = await answer.json(content_type=None)
    except RedirectRefused:
        raise
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
