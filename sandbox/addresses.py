"""Addresses to connect to, for servers that listen on all interfaces."""

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


def reachable_host(listen: str) -> str:
    """Return the host to connect to for the address that a server listens on."""
    return _EVERYWHERE.get(listen, listen)
