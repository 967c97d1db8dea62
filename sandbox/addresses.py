"""Addresses to connect to, for servers that listen on all interfaces."""

LOOPBACK = "127.0.0.1"
_EVERYWHERE = {"0.0.0.0": LOOPBACK, "::": "[::1]"}
_FOR_BOT = (LOOPBACK, "localhost", "[::1]")
"""Hosts to which the bot sends its tokens over HTTP."""


def reachable_host(listen: str) -> str:
    """Return the host to connect to for the address that a server listens on."""
    return _EVERYWHERE.get(listen, listen)


def needs_loopback(listen: str) -> bool:
    """Return whether the bot can't use the address that a server listens on."""
    return reachable_host(listen) not in _FOR_BOT
