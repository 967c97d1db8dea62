"""The copy of all requests, beside a Teleport whose lists lag."""

import asyncio
from datetime import UTC, datetime

from notifications.mirror import Mirror
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.dialer import dial
from teleport_client.identity import load_identity_file
from teleport_client.visibility import Visibility
from tests.integration.made import pending_request
from tests.integration.stage import PATIENCE


async def test_what_the_first_list_lacked_is_found_by_another_one_soon(
    teleport: TeleportStandIn,
) -> None:
    """Made before the watch was opened, and not yet in the cache that the list comes from."""
    reported: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    teleport.cluster.stale_lists = True
    request_id = pending_request(teleport).Metadata.Name
    async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
        mirror = Mirror(
            client,
            lambda changed, live: reported.put_nowait((changed, live)),
            visibility=Visibility(client, lambda: credentials.roles),
            relist_soon_seconds=0.1,
        )
        following = asyncio.create_task(mirror.run())
        async with asyncio.timeout(PATIENCE):
            await mirror.synced.wait()
            assert mirror.get(request_id) is None
            teleport.cluster.stale_lists = False
            assert await reported.get() == (request_id, True), "news, and no backlog"
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
