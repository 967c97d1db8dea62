"""The public endpoint of Teleport proxies, `/webapi/find`, used to explain failed connections.

It needs no credentials and returns the cluster's name and whether TLS routing is on
(api/client/webclient/webclient.go).
"""

import ssl
from typing import Any

import aiohttp

from teleport_client.transport.http_proxy import proxy_for
from teleport_client.transport.no_redirects import RedirectRefused, no_redirects

_FIND = "/webapi/find"
_SECONDS = 5.0


async def diagnose(address: str, cluster: str) -> str:
    """Return why the proxy at `host:port` can't connect to this cluster; empty if unknown."""
    try:
        found = await _find(address)
    except RedirectRefused as error:
        return f"the web server there responds with {error}: use the proxy's own address"
    if not found:
        return ""
    named = str(found.get("cluster_name") or "")
    if named and named != cluster:
        return f"the proxy belongs to cluster {named}, but the identity is for {cluster}"
    proxy = found.get("proxy")
    if isinstance(proxy, dict) and not proxy.get("tls_routing_enabled"):
        return "TLS routing is off on the proxy; use the Auth Service's address"
    return ""


async def _find(address: str) -> dict[str, Any]:
    """Return the response; empty if the server isn't a Teleport proxy.

    Teleport's own client follows redirects here, but another host's response isn't evidence about
    `address`. Raises RedirectRefused.
    """
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trace_configs=[no_redirects()]) as session,
            session.get(
                f"https://{address}{_FIND}",
                proxy=proxy_for(address) or None,
                ssl=ssl.create_default_context(),
            ) as response,
        ):
            found = await response.json(content_type=None)
    except RedirectRefused:
        raise
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
