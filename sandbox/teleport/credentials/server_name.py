"""The name of an Auth Service in TLS."""

API_DOMAIN = "teleport.cluster.local"
"""What every Auth Service has a certificate for (api/constants/constants.go)."""


def server_name(cluster: str) -> str:
    """The name of one cluster's Auth Service; hex hides the dots that its own name may have."""
    return f"{cluster.encode().hex()}.{API_DOMAIN}"
