"""The reconciler between its parts, where the lease is lost in the middle of a delivery."""

import asyncio
import gc
from datetime import UTC, datetime
from typing import Any

from bot.slack_connection import SlackClient, http_session
from notifications.alarms import Alarms
from notifications.delivery import Delivery
from notifications.history import History
from notifications.ledger import Ledger
from notifications.mirror import Mirror
from notifications.plan import Outlook
from notifications.recipients import Recipients
from notifications.reconciler import Reconciler
from notifications.routing import United
from sandbox import cast
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.dialer import dial
from teleport_client.identity import load_identity_file
from teleport_client.visibility import Visibility
from tests.integration.made import pending_request
from tests.integration.stage import CHANNEL, PATIENCE
from workspace.outbox import Outbox
from workspace.people import Matching, People


def now() -> datetime:
    return datetime.now(UTC)


def reconciler_for(
    web: SlackClient, teleport: TeleportClient, mirror: Mirror, outbox: Outbox
) -> Reconciler:
    recipients = Recipients(web, {"*": [CHANNEL]})
    people = People(web, teleport, Matching(team=cast.TEAM, trait=cast.SLACK_TRAIT))
    history = History(web, frozenset(), bot_id=cast.SLACK_BOT_ID)
    return Reconciler(
        mirror=mirror,
        ledger=Ledger(teleport, "teleport-chatops/test", now=now),
        delivery=Delivery(outbox, recipients, people, history, now=now),
        routing=United(recipients),
        alarms=Alarms(lambda _: None, now=now),
        outlook=Outlook(),
        now=now,
    )


async def test_a_delivery_that_fails_when_nobody_waits_any_more_is_no_error(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """The lease went, and with it whoever waited; what is owed is on record for the next holder."""
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: unheard.append(what))
    credentials = load_identity_file(teleport.identity("bot"), now())
    async with (
        TeleportClient(dial(teleport.address, lambda: credentials)) as client,
        http_session() as http,
    ):
        web = SlackClient(
            token=cast.BOT_TOKEN, base_url=slack.api_url, session=http, retry_handlers=[]
        )
        outbox = Outbox(web, may_send=lambda: True)
        visibility = Visibility(client, lambda: credentials.roles)
        mirror = Mirror(client, lambda _id, _live: None, visibility=visibility)
        reconciler = reconciler_for(web, client, mirror, outbox)
        sending = asyncio.create_task(outbox.run())
        request_id = pending_request(teleport, reason="redis 1").Metadata.Name
        await mirror.confirm(request_id)
        slack.faults.inject({"method": "chat.postMessage", "retry_after": 3600})
        waiting = asyncio.create_task(reconciler.reconcile(request_id, live=True))
        await slack.call_where(lambda call: call.status == 429)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await deliveries_end()
        del waiting  # Its traceback knows the delivery, of which asyncio tells once it is gone.
        gc.collect()
    assert unheard == []


async def deliveries_end() -> None:
    """Those that go on though their waiter is gone; nothing holds on to them afterwards."""
    running = {task for task in asyncio.all_tasks() if "Reconciler._deliver" in repr(task)}
    assert running
    _, left = await asyncio.wait(running, timeout=PATIENCE)
    assert not left
