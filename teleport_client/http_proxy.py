"""The HTTP proxy that the environment names for a destination: HTTPS_PROXY, unless NO_PROXY."""

from urllib.request import getproxies, proxy_bypass


def proxy_for(address: str) -> str:
    """Give the proxy's URL for `host:port`, or a host; empty where none stands between."""
    host = address.rpartition(":")[0] or address
    if proxy_bypass(address) or proxy_bypass(host.strip("[]")):
        return ""
    return getproxies().get("https", "")
