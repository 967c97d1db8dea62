"""One trial: bots, users and faults for a while, then a quiet period, then the comparison."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic

from bot.setup.manifest import manifest
from sandbox.bot_process import write_settings
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.profile import TCTL_ADMIN
from sandbox.teleport.rules.locks import in_force
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.transport.dialer import dial
from tests.chaos.comparison import Comparison, compare
from tests.chaos.end_warnings import BEFORE_END
from tests.chaos.faults import FaultInjector
from tests.chaos.homes import keep_opening, open_homes, wrong_homes
from tests.chaos.lease_history import LeaseHistory
from tests.chaos.replicas import Replica
from tests.chaos.schedule import UserAction, schedule
from tests.chaos.teleport_state import TeleportState
from tests.chaos.users import Users, add_users

HISTORY = ("channels:history", "groups:history", "im:history")
_READY_SECONDS = 20.0
_QUIET_SECONDS = 3.0
"""Time without a change in Slack, after which the state can be final."""
_EXPIRY_INTERVAL = timedelta(seconds=4)
"""Time between two rounds in which Teleport removes expired requests.

It is minutes in production.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    requests: int
    replicas: int
    seconds: float
    """Seconds with faults."""
    settle: float
    """Seconds after the last fault within which Slack has to agree with Teleport."""
    faults: int
    factor: float


@dataclass(frozen=True, slots=True)
class Report:
    seed: int
    history: bool
    comparison: Comparison
    armed: Counter[str]
    """Number of injected faults by name."""
    hits: Counter[str]
    """Number of those faults that had an effect, by name."""
    actions: Counter[str]
    seconds: float


async def trial(seed: int, plan: Plan, data: Path, *, history: bool) -> Report:
    """Run a trial. The bots' logs stay in `data`."""
    started = monotonic()
    async with AsyncExitStack() as stack:
        teleport = await TeleportStandIn.start(data, expiry_interval=_EXPIRY_INTERVAL)
        stack.push_async_callback(teleport.stop)
        slack = await SlackStandIn.start(pace=Pace(factor=plan.factor))
        slack.install(manifest())
        stack.push_async_callback(slack.stop)
        add_users(slack, teleport)
        if history:
            slack.workspace.app.scopes.update(HISTORY)
        teleport_state = TeleportState(teleport.cluster.requests)
        lease_history = LeaseHistory(teleport.cluster)
        followers = [asyncio.create_task(each.follow()) for each in (teleport_state, lease_history)]
        for follower in followers:
            stack.callback(follower.cancel)
        await asyncio.sleep(0)
        users = Users(
            slack,
            teleport,
            tsh=await stack.enter_async_context(_client(teleport, "bot")),
            tctl=await stack.enter_async_context(_client(teleport, TCTL_ADMIN)),
        )
        replicas = [
            Replica(_settings(data, slack, teleport, plan.factor), data / f"bot-{number}.log")
            for number in range(plan.replicas)
        ]
        for replica in replicas:
            await replica.start()
            stack.push_async_callback(replica.stop)
        await slack.workspace.changes.until(
            lambda: slack.delivery.sockets >= plan.replicas or None, _READY_SECONDS
        )
        injector = FaultInjector(slack, teleport, replicas, plan.factor)
        opening = asyncio.create_task(keep_opening(slack))
        await _play(seed, plan, users, injector)
        await injector.end()
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        await open_homes(slack)
        ledger = partial(_record, teleport)
        compared = partial(
            compare, slack, teleport_state.lives, lease_history, ledger, partial(_locked, teleport)
        )
        found = await _settled(slack, partial(_with_homes, slack, teleport, compared), plan.settle)
        for follower in followers:
            if follower.done():
                # Only a bug ends a follower, and the comparison needs all of them.
                follower.result()
    problems = tuple(each for replica in replicas for each in replica.problems())
    return Report(
        seed,
        history,
        replace(found, wrong=(*found.wrong, *problems)),
        injector.armed,
        injector.hits,
        users.done,
        monotonic() - started,
    )


async def _play(seed: int, plan: Plan, users: Users, injector: FaultInjector) -> None:
    steps = schedule(seed, requests=plan.requests, seconds=plan.seconds, faults=plan.faults)
    started = monotonic()
    async with asyncio.TaskGroup() as group:
        for step in steps:
            await asyncio.sleep(max(0.0, started + step.at - monotonic()))
            if isinstance(step.what, UserAction):
                group.create_task(users.do(step))
            else:
                group.create_task(injector.inject(step))


def _client(teleport: TeleportStandIn, user: str) -> TeleportClient:
    """Return a client for actions outside the bot.

    The bot's roles can do everything that users can.
    """
    credentials = load_identity_file(teleport.identity(user), datetime.now(UTC))
    return TeleportClient(dial(teleport.address, lambda: credentials))


def _record(teleport: TeleportStandIn, request_id: str) -> str:
    """Return the plugin data that the bots stored for a request."""
    record = teleport.cluster.plugin_data.get(("access_request", request_id))
    return str(record.Spec) if record else ""


def _locked(teleport: TeleportStandIn, request_id: str) -> bool:
    locks = teleport.cluster.locks.values()
    return any(
        each.Spec.Target.AccessRequest == request_id and in_force(teleport.cluster, each)
        for each in locks
    )


def _with_homes(
    slack: SlackStandIn, teleport: TeleportStandIn, compared: Callable[[], Comparison]
) -> Comparison:
    found = compared()
    return replace(found, wrong=(*found.wrong, *wrong_homes(slack, teleport)))


async def _settled(
    slack: SlackStandIn, compared: Callable[[], Comparison], seconds: float
) -> Comparison:
    """Compare until Slack agrees, or until time is up.

    A comparison blocks the stand-ins, which can cost the bots their lease. So it waits until Slack
    doesn't change any more.
    """
    end = monotonic() + seconds
    while True:
        before = slack.workspace.changes.count
        await asyncio.sleep(_QUIET_SECONDS)
        late = monotonic() > end
        if slack.workspace.changes.count == before or late:
            found = compared()
            if late or not (found.lost or found.wrong):
                return found


def _settings(data: Path, slack: SlackStandIn, teleport: TeleportStandIn, factor: float) -> Path:
    path = write_settings(
        data,
        teleport=teleport.address,
        identity=teleport.identity("bot"),
        slack_api=slack.api_url,
    )
    text = path.read_text().replace(
        "[teleport]\n",
        "[teleport]\nrefresh_identity = true\nrefresh_identity_interval = 0.5\n",
    )
    before_end = f"{BEFORE_END.total_seconds():.0f}s"
    path.write_text(
        f'{text}\n[pace]\nfactor = {factor}\n\n[request]\nwarn_before_end = "{before_end}"\n'
    )
    return path


def with_history(seed: int) -> bool:
    """Return whether the bots can read Slack's history, as those of every other seed can."""
    return seed % 2 == 0
