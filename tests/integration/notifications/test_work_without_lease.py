"""Two replicas with a kind of work that needs no lease, and one that needs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from bot.connect.slack_client import SlackClient, http_session
from notifications.controller.controller import Controller
from notifications.controller.lease import Leadership
from notifications.controller.work import ObjectWork
from notifications.following.follower import Follower, FollowTiming
from notifications.workqueue.key import Key
from notifications.workqueue.reconcile_result import Done, Result
from notifications.workqueue.work_queue import WorkQueue
from sandbox import cast
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.model.user import Role
from teleport_client.transport.dialer import dial
from tests.integration.notifications.test_second_kind import role
from tests.integration.role_follower import follow_roles
from tests.integration.slack_driver import CHANNEL, Stage, words
from tests.patience import PATIENCE_SECONDS
from workspace.conditions import Conditions
from workspace.sending.outbox import Outbox
from workspace.sending.send_queue import Priority
from workspace.views.parts.message import text_message

_WATCHED = "watched-role"


@dataclass(frozen=True)
class Replica:
    """Posts a message for each change of one role: with the lease, and without."""

    name: str
    web: AsyncWebClient
    client: TeleportClient

    def build(self) -> Controller:
        conditions = Conditions()
        leadership = Leadership(
            self.client,
            "team",
            holder=self.name,
            now=lambda: datetime.now(UTC),
            condition=conditions.component("lease"),
        )
        roles = follow_roles(self.client, conditions.component("roles"), FollowTiming())
        cards = Outbox(self.web, conditions.component("cards"), may_send=lambda: leadership.held)
        unfenced = Outbox(
            self.web, conditions.component("unfenced"), may_send=lambda: True, yield_to=cards
        )
        return Controller(
            followers=(roles,),
            works=(
                self._work("leader", roles, cards, requires_lease=True),
                self._work("everywhere", roles, unfenced, requires_lease=False),
            ),
            leadership=leadership,
            synced=roles.synced,
        )

    def _work(
        self, name: str, roles: Follower[Role], outbox: Outbox, *, requires_lease: bool
    ) -> ObjectWork:
        return ObjectWork(
            name,
            partial(self._post, name, roles, outbox),
            followers=(roles,),
            queue=WorkQueue(),
            outbox=outbox,
            requires_lease=requires_lease,
        )

    async def _post(
        self, work: str, roles: Follower[Role], outbox: Outbox, key: Key, _high: bool
    ) -> Result:
        cached = roles.get(key.name)
        if key.name != _WATCHED or cached is None:
            return Done()
        verbs = [verb for rule in cached.object.allow.rules for verb in rule.verbs]
        text = f"{work} on {self.name} saw {' '.join(verbs)}."
        await outbox.post(
            f"#{CHANNEL}",
            lambda: text_message(text),
            priority=Priority.SERVICE_MESSAGE,
            request_id="",
            key=work,
        )
        return Done()


@asynccontextmanager
async def replica(
    name: str, slack: SlackStandIn, teleport: TeleportStandIn
) -> AsyncIterator[Controller]:
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    async with (
        TeleportClient(dial(teleport.address, lambda: credentials)) as client,
        http_session() as http,
    ):
        web = SlackClient(
            token=cast.BOT_TOKEN, base_url=slack.api_url, session=http, retry_handlers=[]
        )
        controller = Replica(name, web, client).build()
        running = asyncio.create_task(controller.run())
        yield controller
        await controller.finish(PATIENCE_SECONDS)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_replica_without_the_lease_does_work_that_needs_none(
    slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    stage = Stage(slack, teleport)
    teleport.cluster.put_role(role(_WATCHED, "list"))
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        replica("first", slack, teleport) as first,
        replica("second", slack, teleport) as second,
    ):
        for name in ("first", "second"):
            await stage.card(f"everywhere on {name} saw list.")
        leaders = [each for each in (first, second) if each.leadership.held]
        while not leaders:
            await stage.card("leader on")
            leaders = [each for each in (first, second) if each.leadership.held]
        (leader,) = leaders
        leader_name = "first" if leader is first else "second"
        teleport.cluster.put_role(role(_WATCHED, "list", "read"))
        for name in ("first", "second"):
            await stage.card(f"everywhere on {name} saw list read.")
        await stage.card(f"leader on {leader_name} saw list read.")
        assert first.leadership.held is not second.leadership.held
        posted = [words(message) for message in stage.messages()]
        assert {text for text in posted if text.startswith("leader")} == {
            text for text in posted if text.startswith(f"leader on {leader_name}")
        }
