"""The card model of one request, for code that works without the ledger."""

from datetime import datetime

from notifications.records.ledger_codec import decode_record
from teleport_client.client import TeleportClient
from workspace.card_model.record import CardModel


async def read_recorded_card(
    teleport: TeleportClient, plugin: str, request_id: str, now: datetime
) -> CardModel | None:
    """Return the last recorded model of a request, also of a deleted one. Raises TeleportError."""
    stored = await teleport.plugin_data.list(plugin, request_id=request_id)
    entry = decode_record(request_id, stored.get(request_id, {}), now).entry
    return None if entry is None else entry.card_model
