"""TLS server names of an Auth Service."""

API_DOMAIN = "teleport.cluster.local"
"""A name in every Auth Service's certificate (api/constants/constants.go)."""


def server_name(cluster: str) -> str:
    """Return the server name for one cluster. The hex form hides the dots in its name."""
    return f"{cluster.encode().hex()}.{API_DOMAIN}"
