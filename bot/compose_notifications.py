"""Composition of the notifications flow. A new kind of work is added in `build_notifications`."""

import os
import socket
from dataclasses import dataclass, replace
from functools import partial
from secrets import token_hex

from bot.compose import ActingUsers, Runtime, build_recipient_finder
from bot.compose_home import HomeParts, build_home_work
from bot.features.table import CANCEL_REQUESTS, CREATE_REQUESTS, LOCK_ACCESS
from notifications.controller.controller import Controller
from notifications.controller.lease import Leadership, LeaseTiming
from notifications.delivery.history_lookup import History
from notifications.delivery.message_delivery import LATEST_EFFECT, RETRY_LATER_DELAY, Delivery
from notifications.delivery.messages_in_flight import RECORD_WITHIN, InFlightMessages
from notifications.following.follower import Follower, FollowTiming
from notifications.locks.followed_locks import Locks
from notifications.locks.request_locks import RequestLocks
from notifications.notification_rules import PlanContext
from notifications.records.ledger import Ledger
from notifications.requests.confirmed_plan import RequestPlanner
from notifications.requests.expiry import RequestExpiry
from notifications.requests.followed_requests import AccessRequests
from notifications.requests.plan_execution import RequestActions
from notifications.requests.reconciler import RequestReconciler
from notifications.requests.request_queue import RequestQueue
from notifications.requests.request_work import RequestWork
from notifications.requests.takeover import RECENT, Takeover
from notifications.routing.recipient_lookup import RecipientFinder
from notifications.routing.recipients_by_role import Recipients
from notifications.routing.requester_dm import RequesterDm
from notifications.routing.reviewer_dms import SuggestedReviewers
from notifications.routing.routes import CombinedRouting
from notifications.routing.unreachable_recipients import UnreachableRecipients
from notifications.workqueue.work_queue import RETRY_BACKOFF, WorkQueue
from teleport_client.model.access_request import AccessRequest
from teleport_client.visibility import Visibility
from workspace.directory.cancellations import Cancellations
from workspace.directory.claims import Claims
from workspace.directory.contacts import Contacts
from workspace.directory.host_names import HostNames
from workspace.sending.outbox import SECONDS_BETWEEN_POSTS, Outbox
from workspace.views.notices import NoticeOptions

_STANDALONE_WARNING = (
    "Teleport denies leases to the bot, so run only this replica; grant the role from"
    " teleport-role to run more"
)


@dataclass(frozen=True)
class Notifications:
    """The notifications flow, and the parts of it that `bot` starts, reports and stops."""

    controller: Controller
    requests: Follower[AccessRequest]
    request_work: RequestWork
    home: HomeParts


def build_notifications(
    runtime: Runtime, acting: ActingUsers, contacts: Contacts, host_names: HostNames
) -> Notifications:
    kind = AccessRequests(
        runtime.teleport, Visibility(runtime.teleport.roles, lambda: runtime.identity.current.roles)
    )
    requests = Follower(
        kind,
        reconnected=runtime.teleport.reconnected,
        condition=runtime.conditions.component("watch", part="teleport"),
        timing=FollowTiming().scaled(runtime.settings.pace.factor),
        now=runtime.now,
    )
    locks = Follower(
        Locks(runtime.teleport),
        reconnected=runtime.teleport.reconnected,
        condition=runtime.conditions.component("locks", optional=True),
        timing=FollowTiming().scaled(runtime.settings.pace.factor),
        now=runtime.now,
    )
    request_locks = RequestLocks(locks, runtime.now)
    leadership = _build_leadership(runtime)
    request_work = _RequestParts(
        runtime,
        kind,
        requests,
        contacts,
        host_names,
        request_locks,
        _build_outbox(runtime, leadership),
    ).work()
    home = build_home_work(
        runtime, acting, requests, host_names, request_locks, request_work.outbox
    )
    controller = Controller(
        followers=(requests, locks),
        works=(request_work, home.work),
        leadership=leadership,
        synced=requests.synced,
    )
    return Notifications(controller, requests, request_work, home)


class _RequestParts:
    """Parts of the work on access requests, each built once."""

    def __init__(
        self,
        runtime: Runtime,
        kind: AccessRequests,
        requests: Follower[AccessRequest],
        contacts: Contacts,
        host_names: HostNames,
        locks: RequestLocks,
        outbox: Outbox,
    ) -> None:
        factor = runtime.settings.pace.factor
        self._runtime = runtime
        self._requests = requests
        self._contacts = contacts
        self._host_names = host_names
        self._locks = locks
        self._outbox = outbox
        self._queue = _build_queue(runtime)
        self._ledger = Ledger(runtime.teleport, runtime.plugin, now=runtime.now)
        self._finder = _build_finder(runtime)
        self._unreachable = UnreachableRecipients()
        self._recipients = Recipients(
            self._finder,
            self._unreachable,
            runtime.settings.role_to_recipients,
            fallback=runtime.settings.slack.fallback_channel,
        )
        self._expiry = RequestExpiry(requests, kind)
        self._in_flight = InFlightMessages(
            RequestQueue(self._queue),
            self._ledger,
            refresh=requests.refresh,
            record_within=RECORD_WITHIN / factor,
        )

    def work(self) -> RequestWork:
        reconciler = self._reconciler()
        return RequestWork(
            requests=self._requests,
            queue=self._queue,
            reconciler=reconciler,
            takeover=Takeover(
                requests=self._requests,
                queue=RequestQueue(self._queue),
                ledger=self._ledger,
                reconciler=reconciler,
                now=self._runtime.now,
                recent=RECENT / self._runtime.settings.pace.factor,
            ),
            recipients=self._recipients,
            unreachable=self._unreachable,
            outbox=self._outbox,
            locks=self._locks,
        )

    def _reconciler(self) -> RequestReconciler:
        delivery = _build_delivery(
            self._runtime, self._outbox, self._recipients, RequesterDm(self._contacts, self._finder)
        )
        return RequestReconciler(
            requests=self._requests,
            ledger=self._ledger,
            planner=self._planner(),
            actions=RequestActions(self._ledger, delivery, self._in_flight),
            expiry=self._expiry,
            in_flight=self._in_flight,
            locks=self._locks,
            now=self._runtime.now,
        )

    def _planner(self) -> RequestPlanner:
        most = self._runtime.settings.review.max_reviewer_messages
        reviewers = SuggestedReviewers(self._contacts, self._finder, most=most)
        return RequestPlanner(
            requests=self._requests,
            ledger=self._ledger,
            routing=CombinedRouting(self._recipients, reviewers),
            expiry=self._expiry,
            in_flight=self._in_flight,
            context=_plan_context(self._runtime),
            claims=Claims(self._runtime.teleport),
            cancellations=Cancellations(self._runtime.teleport),
            host_names=self._host_names,
            locks=self._locks,
            now=self._runtime.now,
        )


def _build_queue(runtime: Runtime) -> WorkQueue:
    """Build the queue. The pace shortens the longest delay of its backoff, not the first one."""
    longest = RETRY_BACKOFF.longest / runtime.settings.pace.factor
    queue = WorkQueue(
        noun="access request", now=runtime.now, backoff=replace(RETRY_BACKOFF, longest=longest)
    )
    failures, computed = queue.failures, runtime.conditions.computed
    computed("queue", lambda: failures.problem, part="notifications")
    computed("requests", lambda: failures.warning, optional=True)
    return queue


def _build_leadership(runtime: Runtime) -> Leadership:
    leadership = Leadership(
        runtime.teleport,
        runtime.installation.team,
        holder=_holder(),
        now=runtime.now,
        condition=runtime.conditions.component("lease", part="notifications"),
        times=LeaseTiming().scaled(runtime.settings.pace.factor),
    )
    runtime.conditions.computed(
        "replicas", lambda: _STANDALONE_WARNING if leadership.standalone else "", optional=True
    )
    return leadership


def _build_outbox(runtime: Runtime, leadership: Leadership) -> Outbox:
    outbox = Outbox(
        runtime.slack,
        runtime.conditions.component("outbox", part="slack"),
        may_send=lambda: leadership.held,
        seconds_between_posts=SECONDS_BETWEEN_POSTS / runtime.settings.pace.factor,
    )
    runtime.conditions.computed("rate_limit", outbox.long_rate_limit, part="slack")
    return outbox


def _build_finder(runtime: Runtime) -> RecipientFinder:
    return build_recipient_finder(
        runtime.slack,
        runtime.settings,
        team=runtime.installation.team,
        scopes=runtime.features.scopes,
    )


def _plan_context(runtime: Runtime) -> PlanContext:
    settings = runtime.settings
    return PlanContext(
        request_url_base=runtime.cluster.request_url_base,
        cluster=runtime.cluster.name,
        review_policy=runtime.review_policy,
        announce_max_age=settings.announce_max_age,
        reviewer_messages=settings.review.max_reviewer_messages,
        can_lock=lambda: runtime.features.is_offered(LOCK_ACCESS),
        receives_clicks=settings.app_token is not None,
        warn_before_end=settings.request.warn_before_end,
    )


def _build_delivery(
    runtime: Runtime, outbox: Outbox, recipients: Recipients, requester_dm: RequesterDm
) -> Delivery:
    installation = runtime.installation
    return Delivery(
        outbox,
        recipients,
        requester_dm,
        History(runtime.slack, runtime.features.scopes, bot_id=installation.bot_id),
        now=runtime.now,
        retry_later=RETRY_LATER_DELAY / runtime.settings.pace.factor,
        latest_effect=LATEST_EFFECT / runtime.settings.pace.factor,
        notice_options=partial(_notice_options, runtime),
    )


def _notice_options(runtime: Runtime) -> NoticeOptions:
    return NoticeOptions(
        can_cancel=runtime.features.is_offered(CANCEL_REQUESTS),
        can_request=runtime.features.is_offered(CREATE_REQUESTS),
        can_lock=runtime.features.is_offered(LOCK_ACCESS),
        proxy=runtime.cluster.proxy,
    )


def _holder() -> str:
    """Return a name that identifies this replica in Teleport's list of semaphores."""
    return f"{socket.gethostname()}/{os.getpid()}/{token_hex(4)}"
