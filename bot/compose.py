"""The composition root: the one place that knows every concrete class."""

import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.connect.bolt_app import App
from bot.connect.slack_client import web_client
from bot.connect.slack_connection import Installation
from bot.observe.clock import SlackClock
from bot.observe.logs import BOLT_LOGGER
from bot.observe.metrics import Metrics
from bot.settings.settings import Settings
from bot.sockets.sockets import SocketUrl
from commands.actions.on_behalf import OnBehalfHealth
from commands.actions.services import Policy, Services
from commands.actions.suggested_reviewers import lookup_limit
from commands.actions.users.authorization import Authorization
from commands.actions.users.permissions import Permissions
from commands.interactions.listener import Listeners
from commands.interactions.responder import Responders
from commands.interactions.unhandled import Unhandled
from commands.register import TRIGGERS
from notifications.controller.controller import RECENT, Controller
from notifications.controller.expiry_timers import ExpiryTimers
from notifications.controller.lease import Leadership, LeaseTiming
from notifications.controller.mirror import RELIST_SOON_SECONDS, Mirror, WatchBackoff
from notifications.controller.queue import LONGEST_PAUSE, ChangeQueue
from notifications.controller.reconciler import Reconciler
from notifications.plan import PlanContext
from notifications.records.ledger import Ledger
from notifications.routing.recipients import Recipients
from notifications.routing.routes import CombinedRouting
from notifications.routing.suggested_reviewers import SuggestedReviewers
from notifications.sending.delivery import RETRY_LATER_DELAY, Delivery
from notifications.sending.history import History
from notifications.sending.in_flight import RECORD_WITHIN
from teleport_client.client import TeleportClient
from teleport_client.credentials.reloading_credentials import ReloadingCredentials
from teleport_client.model.cluster import ClusterInfo
from teleport_client.services.visibility import Visibility
from workspace.conditions import Conditions
from workspace.directory.contacts import Contacts
from workspace.directory.host_names import HostNames
from workspace.directory.member_names import MemberNames
from workspace.directory.user_directory import UserDirectory, UserMapping
from workspace.keyed_lock import KeyedLock
from workspace.requests.claim import Claims
from workspace.requests.review_policy import ReviewPolicy
from workspace.sending.outbox import SECONDS_BETWEEN_POSTS, Outbox

PLUGIN = "teleport-chatops"
_STANDALONE_WARNING = (
    "Teleport denies leases to the bot, so run only this replica; grant the role from"
    " teleport-role to run more"
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Runtime:
    """Settings, connections and results of the startup checks."""

    settings: Settings
    identity: ReloadingCredentials
    teleport: TeleportClient
    cluster: ClusterInfo
    review_policy: ReviewPolicy
    slack: AsyncWebClient
    http: aiohttp.ClientSession
    installation: Installation
    app_token: str
    """Empty if the bot only notifies."""
    socket_url: SocketUrl
    now: Callable[[], datetime]
    conditions: Conditions
    metrics: Metrics
    clock: SlackClock
    on_behalf: OnBehalfHealth

    @property
    def plugin(self) -> str:
        """Name under which Teleport keeps our data."""
        return f"{PLUGIN}/{self.installation.team}"


def _build_people(runtime: Runtime) -> UserDirectory:
    return UserDirectory(runtime.slack, runtime.teleport, _matching(runtime), now=runtime.now)


def build_contacts(runtime: Runtime) -> Contacts:
    return Contacts(runtime.slack, runtime.teleport, _matching(runtime))


def _matching(runtime: Runtime) -> UserMapping:
    review = runtime.settings.review
    return UserMapping(
        team=runtime.installation.team,
        trait=review.slack_user_id_trait,
        match_email=review.allow_email_username_match,
    )


def build_host_names(runtime: Runtime) -> HostNames:
    return HostNames(runtime.teleport, runtime.cluster.name)


def build_controller(runtime: Runtime, contacts: Contacts, host_names: HostNames) -> Controller:
    """Connect the parts of the notifications flow."""
    settings = runtime.settings
    factor = settings.pace.factor
    queue = ChangeQueue(max_backoff=LONGEST_PAUSE / factor)
    mirror = _build_mirror(runtime, queue)
    expiry_timers = ExpiryTimers(queue.add, now=runtime.now)
    leadership = _build_leadership(runtime)
    _register_notifications(runtime.conditions, mirror, leadership, queue)
    outbox = _build_outbox(runtime, leadership)
    ledger = Ledger(runtime.teleport, runtime.plugin, now=runtime.now)
    recipients = _build_recipients(runtime)
    reconciler = Reconciler(
        mirror=mirror,
        queue=queue,
        ledger=ledger,
        delivery=_build_delivery(runtime, outbox, recipients, contacts),
        routing=CombinedRouting(
            recipients,
            SuggestedReviewers(contacts, recipients, most=settings.review.max_reviewer_messages),
        ),
        expiry_timers=expiry_timers,
        context=_plan_context(runtime),
        claims=Claims(runtime.teleport),
        host_names=host_names,
        now=runtime.now,
        record_within=RECORD_WITHIN / factor,
    )
    return Controller(
        mirror=mirror,
        queue=queue,
        ledger=ledger,
        reconciler=reconciler,
        recipients=recipients,
        expiry_timers=expiry_timers,
        outbox=outbox,
        leadership=leadership,
        host_names=host_names,
        now=runtime.now,
        recent=RECENT / factor,
    )


def _register_notifications(
    conditions: Conditions, mirror: Mirror, leadership: Leadership, queue: ChangeQueue
) -> None:
    conditions.computed("watch", lambda: mirror.problem, part="teleport")
    conditions.computed("lease", lambda: leadership.problem, part="notifications")
    conditions.computed("queue", lambda: queue.problem, part="notifications")
    conditions.computed("requests", lambda: queue.warning, optional=True)
    conditions.computed(
        "replicas", lambda: _STANDALONE_WARNING if leadership.standalone else "", optional=True
    )


def _build_outbox(runtime: Runtime, leadership: Leadership) -> Outbox:
    outbox = Outbox(
        runtime.slack,
        runtime.conditions.component("outbox", part="slack"),
        may_send=lambda: leadership.held,
        seconds_between_posts=SECONDS_BETWEEN_POSTS / runtime.settings.pace.factor,
    )
    runtime.conditions.computed("rate_limit", outbox.long_rate_limit, part="slack")
    return outbox


def _build_leadership(runtime: Runtime) -> Leadership:
    return Leadership(
        runtime.teleport,
        runtime.installation.team,
        holder=_holder(),
        now=runtime.now,
        times=LeaseTiming().scaled(runtime.settings.pace.factor),
    )


def _build_recipients(runtime: Runtime) -> Recipients:
    settings = runtime.settings
    return Recipients(
        runtime.slack,
        settings.role_to_recipients,
        team=runtime.installation.team,
        scopes=runtime.installation.scopes,
        allow_shared=settings.slack.allow_shared_channels,
        fallback=settings.slack.fallback_channel,
    )


def _plan_context(runtime: Runtime) -> PlanContext:
    settings = runtime.settings
    return PlanContext(
        request_url_base=runtime.cluster.request_page,
        cluster=runtime.cluster.name,
        deciding=runtime.review_policy,
        announce_max_age=settings.announce_max_age,
        reviewer_messages=settings.review.max_reviewer_messages,
    )


def _build_mirror(runtime: Runtime, queue: ChangeQueue) -> Mirror:
    factor = runtime.settings.pace.factor
    return Mirror(
        runtime.teleport,
        lambda request_id, live: queue.add(request_id, high_priority=live),
        visibility=Visibility(runtime.teleport, lambda: runtime.identity.current.roles),
        relist_soon_seconds=RELIST_SOON_SECONDS / factor,
        backoff=WatchBackoff().scaled(factor),
    )


def _build_delivery(
    runtime: Runtime, outbox: Outbox, recipients: Recipients, contacts: Contacts
) -> Delivery:
    installation = runtime.installation
    return Delivery(
        outbox,
        recipients,
        contacts,
        History(runtime.slack, installation.scopes, bot_id=installation.bot_id),
        now=runtime.now,
        rest=RETRY_LATER_DELAY / runtime.settings.pace.factor,
    )


def build_listeners(
    runtime: Runtime,
    contacts: Contacts,
    host_names: HostNames,
    changed: Callable[[str], None],
) -> Listeners:
    """Connect the parts of the commands flow."""
    people = _build_people(runtime)
    services = Services(
        teleport=runtime.teleport,
        people=people,
        contacts=contacts,
        member_names=MemberNames(runtime.slack, runtime.installation.team),
        authorization=Authorization(runtime.teleport, people),
        permissions=Permissions(runtime.teleport, runtime.review_policy),
        host_names=host_names,
        changed=changed,
        now=runtime.now,
        certificate_expiry=lambda: runtime.identity.current.expires,
        policy=Policy(
            cluster=runtime.cluster.name,
            request_url_base=runtime.cluster.request_page,
            requests_enabled=runtime.settings.request.enabled,
            approve_with_reason=runtime.settings.review.approve_with_reason,
        ),
        review_policy=runtime.review_policy,
        on_behalf=runtime.on_behalf,
        reviewer_lookups=lookup_limit(),
        request_locks=KeyedLock(),
    )
    responders = Responders(runtime.slack, runtime.http)
    return Listeners(services, responders, runtime.metrics.observe_interaction)


def build_app(runtime: Runtime, listeners: Listeners) -> AsyncApp:
    """Put a Bolt app before the listeners.

    Bolt asks Slack nothing about the token: it is told what is known since the start.
    """
    result = AuthorizeResult.from_auth_test_response(
        bot_token=runtime.slack.token, auth_test_response=runtime.installation.auth_test
    )

    async def authorize() -> AuthorizeResult:
        return result

    app = App(
        name=PLUGIN,
        client=web_client(runtime.settings, runtime.http, token=""),
        authorize=authorize,
        logger=logging.getLogger(BOLT_LOGGER),
        raise_error_for_unhandled_request=True,
        # Otherwise Bolt looks every 10 ms whether a listener has acked.
        process_before_response=True,
        # Of use to apps that Slack reaches by HTTP, or that offer workflow steps.
        ssl_check_enabled=False,
        request_verification_enabled=False,
        url_verification_enabled=False,
        attaching_function_token_enabled=False,
    )

    app.unhandled = Unhandled(listeners)
    app.error(app.on_error)
    TRIGGERS.register(app, listeners)
    return app


def _holder() -> str:
    """Tell replicas apart in Teleport's list of semaphores."""
    return f"{socket.gethostname()}/{os.getpid()}/{token_hex(4)}"
