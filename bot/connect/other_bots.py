"""Detection of Teleport's own Slack plugin, which would post each request a second time."""

import structlog

from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import RequestState

_PLUGIN, _MESSAGES = "slack", "messages"
"""Name of its plugin data, and the key of the messages that it posted for a request."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def count_plugin_announcements(teleport: TeleportClient) -> int:
    """Count the pending requests with messages of the plugin. Raises TeleportError."""
    data_by_request = await teleport.plugin_data.list(_PLUGIN)
    if not data_by_request:
        return 0
    waiting = {request.id for request in await teleport.requests.list(state=RequestState.PENDING)}
    return sum(
        bool(data.get(_MESSAGES)) and each in waiting for each, data in data_by_request.items()
    )


async def warn_of_other_bots(teleport: TeleportClient) -> None:
    try:
        count = await count_plugin_announcements(teleport)
    except TeleportError as error:
        log.info("teleport_plugin_check_failed", error=str(error))
        return
    if count:
        log.warning(
            "teleport_plugin_detected", request_count=count, hint="stop Teleport's own Slack plugin"
        )
