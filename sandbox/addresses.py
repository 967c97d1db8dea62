"""Where a server that listens everywhere can be reached from the same machine."""

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


def reachable(listen: str) -> str:
    """Give a host to connect to for an address that a server listens on."""
    return _EVERYWHERE.get(listen, listen)
