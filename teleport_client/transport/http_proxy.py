"""The HTTP proxy that the environment names for a destination: HTTPS_PROXY, unless NO_PROXY."""

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def proxy_for(address: str) -> str:
    """Return the proxy's URL for `host:port`, or a host; empty if it is contacted directly.

    As in Go programs, loopback addresses never use a proxy, and NO_PROXY can contain
    networks such as 10.0.0.0/8 (golang.org/x/net/http/httpproxy).
    """
    host = urlsplit(f"//{address}").hostname or ""
    if _is_loopback(host) or proxy_bypass(address) or proxy_bypass(host) or _in_no_proxy(host):
        return ""
    proxy = getproxies().get("https", "")
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def proxy_for_url(url: str) -> str | None:
    """Return the proxy's URL for the host of a URL, as aiohttp expects it.

    None for a malformed URL, too: aiohttp raises the error for it.
    """
    with suppress(ValueError):
        return proxy_for(urlsplit(url).netloc) or None
    return None


def _in_no_proxy(host: str) -> bool:
    """Return whether `host` is an address in one of the networks of NO_PROXY."""
    with suppress(ValueError):
        address = ip_address(host)
        return any(address in network for network in _no_proxy_networks())
    return False


def _no_proxy_networks() -> Iterator[IPv4Network | IPv6Network]:
    for entry in getproxies().get("no", "").split(","):
        with suppress(ValueError):
            yield ip_network(entry.strip(), strict=False)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
