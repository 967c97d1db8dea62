"""Composition of the work on App Home, which every replica does with or without the lease."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.compose import ActingUsers, Runtime
from bot.features.table import CANCEL_REQUESTS, CREATE_REQUESTS, LOCK_ACCESS
from notifications.controller.work import ObjectWork
from notifications.following.follower import Follower
from notifications.home.home_content import HomeContent, HomeOptions, build_home
from notifications.home.home_reconciler import (
    REFRESH_SECONDS,
    HomeReconciler,
    read_limit,
)
from notifications.home.request_index import RequestIndex
from notifications.locks.request_locks import RequestLocks
from notifications.workqueue.work_queue import WorkQueue
from teleport_client.model.access_request import AccessRequest
from workspace.card_model.build import build_card_model, card_lock
from workspace.card_model.record import CardModel
from workspace.directory.host_names import HostNames
from workspace.requests.request_lists import RequestLists
from workspace.retry import interaction_deadline
from workspace.sending.outbox import SECONDS_BETWEEN_POSTS, Outbox

_MOST_WAITING = 8
"""Tabs in the outbox. The others are built when their turn is near."""


@dataclass(frozen=True)
class HomeParts:
    """The work, and the reconciler that `bot` calls when a user opens App Home."""

    work: ObjectWork
    reconciler: HomeReconciler


def build_home_work(
    runtime: Runtime,
    users: ActingUsers,
    requests: Follower[AccessRequest],
    host_names: HostNames,
    locks: RequestLocks,
    cards: Outbox,
) -> HomeParts:
    """Build the work. Its outbox yields to the one of the cards."""
    factor = runtime.settings.pace.factor
    outbox = Outbox(
        runtime.slack,
        runtime.conditions.component("home_outbox", optional=True),
        may_send=lambda: True,
        seconds_between_posts=SECONDS_BETWEEN_POSTS / factor,
        yield_to=cards,
    )
    queue = WorkQueue(noun="App Home", now=runtime.now)
    runtime.conditions.computed("home", lambda: queue.failures.warning, optional=True)
    reconciler = HomeReconciler(
        requests,
        queue,
        outbox,
        read=partial(_read, users),
        build=partial(_build, runtime, host_names, locks),
        now=runtime.now,
        reads=read_limit(factor),
        refresh_seconds=REFRESH_SECONDS / factor,
    )
    locks.on_change(reconciler.lock_changed)
    work = ObjectWork(
        "home",
        reconciler.reconcile,
        followers=(),
        queue=queue,
        outbox=outbox,
        requires_lease=False,
        has_capacity=lambda _high: outbox.waiting < _MOST_WAITING,
    )
    return HomeParts(work, reconciler)


async def _read(users: ActingUsers, slack_user_id: str) -> RequestLists:
    with interaction_deadline():
        user = await users.authorization.authorize_viewer(slack_user_id)
    return users.permissions.lists(user)


def _build(
    runtime: Runtime,
    host_names: HostNames,
    locks: RequestLocks,
    lists: RequestLists,
    requests: RequestIndex,
    now: datetime,
) -> HomeContent:
    return build_home(
        lists,
        requests,
        now=now,
        model=partial(_model, runtime, host_names, locks),
        lock_end=locks.next_expiry,
        options=HomeOptions(
            can_request=runtime.features.is_offered(CREATE_REQUESTS),
            can_cancel=runtime.features.is_offered(CANCEL_REQUESTS),
            can_lock=runtime.features.is_offered(LOCK_ACCESS),
        ),
    )


def _model(
    runtime: Runtime, host_names: HostNames, locks: RequestLocks, request: AccessRequest
) -> CardModel:
    return build_card_model(
        request,
        request_url_base=runtime.cluster.request_url_base,
        mode=runtime.review_policy.mode_of(request),
        cluster=runtime.cluster.name,
        host_names=host_names.of(request),
        lock=card_lock(locks.of(request.id)),
        confirm_roles=runtime.review_policy.roles_to_confirm(request.roles),
    )
