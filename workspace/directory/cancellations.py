"""Reads cancellations from Teleport: they outlive the requests that users cancelled."""

from teleport_client.client import TeleportClient
from workspace.requests.cancellation import KEY, PLUGIN, Cancellation, cancellation_from


class Cancellations:
    def __init__(self, teleport: TeleportClient) -> None:
        self._teleport = teleport

    async def of(self, request_id: str) -> Cancellation | None:
        """Return the cancellation of a deleted request. Raises TeleportError."""
        stored = await self._teleport.plugin_data.list(PLUGIN, request_id=request_id)
        return cancellation_from(stored.get(request_id, {}).get(KEY, ""))
