"""The HTTP proxy that the environment names for a destination: HTTPS_PROXY, unless NO_PROXY."""

from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def proxy_for(address: str) -> str:
    """Give the proxy's URL for `host:port`, or a host; empty where none stands between.

    Nobody reaches this machine itself through a proxy, as in Go's programs.
    """
    host = urlsplit(f"//{address}").hostname or ""
    if _is_loopback(host) or proxy_bypass(address) or proxy_bypass(host):
        return ""
    proxy = getproxies().get("https", "")
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
