"""Support of the Teleport server for the methods that the bot needs.

A server returns UNIMPLEMENTED for an unknown method. ListAccessRequests is the newest method that
the bot needs: Teleport 16 has it, 15.1.9 doesn't.
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
    """Call the newest method, and return the reason if the server is too old; empty otherwise.

    Other errors are ignored here, because a later call that needs the result reports them.
    """
    try:
        await teleport.requests.get(str(uuid4()))
    except NotSupported:
        return missing_method(teleport, cluster.version)
    except TeleportError:
        pass
    return ""


def missing_method(teleport: TeleportClient, version: str = "") -> str:
    """Return a text with a method that the server lacked in a call so far; empty if none."""
    for method in sorted(_NEEDED & teleport.missing_methods):
        server = f"Teleport {version}" if version else "The Teleport server"
        return f"{server} has no {method}, which the bot needs"
    return ""
