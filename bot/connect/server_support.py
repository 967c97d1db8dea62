"""Teleport methods without which the bot can't work, found by the server's own response.

A server answers UNIMPLEMENTED to a method that it doesn't have. ListAccessRequests is the newest of
them: Teleport 16 has it, 15.1.9 doesn't.
"""

from uuid import uuid4

from teleport_client.client import TeleportClient
from teleport_client.errors import NotSupported, TeleportError
from teleport_client.model.cluster import ClusterInfo

UPGRADE = "Upgrade to Teleport 16 or later."
_NEEDED = frozenset(
    {
        "Ping",
        "WatchEvents",
        "ListAccessRequests",
        "CreateAccessRequestV2",
        "GetAccessCapabilities",
        "GetPluginData",
        "UpdatePluginData",
        "GetRole",
        "GetUser",
        "ListUsers",
    }
)


async def find_missing_method(teleport: TeleportClient, cluster: ClusterInfo) -> str:
    """Try the newest method. Return why this server can't be used; empty if it can.

    Other errors are left to the calls that need the result.
    """
    try:
        await teleport.requests.get(str(uuid4()))
    except NotSupported:
        return missing_method(teleport, cluster.version)
    except TeleportError:
        pass
    return ""


def missing_method(teleport: TeleportClient, version: str = "") -> str:
    """Return which method the server lacked in the calls so far; empty if none."""
    for method in sorted(_NEEDED & teleport.missing_methods):
        server = f"Teleport {version}" if version else "The Teleport server"
        return f"{server} has no {method}, which the bot needs"
    return ""
