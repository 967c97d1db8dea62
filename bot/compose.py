"""The composition root, where the concrete classes of the commands flow are created."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.connect.bolt_app import App
from bot.connect.review_mode import wanted_mode
from bot.connect.slack_client import web_client
from bot.connect.slack_connection import Installation
from bot.features.availability import Availability
from bot.features.choices import choices_from
from bot.features.table import (
    CANCEL_REQUESTS,
    CREATE_REQUESTS,
    EMAIL_REVIEWERS,
    HOST_NAMES,
    LOCK_ACCESS,
    RESOURCES,
)
from bot.observe.clock import SlackClock
from bot.observe.logs import BOLT_LOGGER
from bot.observe.metrics import Metrics
from bot.settings.settings import Settings
from bot.sockets.sockets import SocketUrl
from commands.interactions.listener import Listeners
from commands.interactions.responder import Responders
from commands.interactions.unhandled import Unhandled
from commands.register import HANDLERS
from commands.use_cases.acting_user.authorization import Authorization
from commands.use_cases.acting_user.permissions import Permissions
from commands.use_cases.drafts.resolve_reviewers import lookup_limit
from commands.use_cases.on_behalf import OnBehalfHealth
from commands.use_cases.services import Policy, Services
from notifications.records.recorded_card import read_recorded_card
from notifications.routing.recipient_lookup import RecipientFinder
from teleport_client.client import TeleportClient
from teleport_client.credentials.reloading_credentials import ReloadingCredentials
from teleport_client.model.access_request import AccessRequest
from teleport_client.model.cluster import ClusterInfo
from teleport_client.model.user import Role
from workspace.conditions import Conditions
from workspace.directory.candidates.linked_users import LinkedUsers
from workspace.directory.candidates.resource_index import RELIST_SECONDS, ResourceIndex
from workspace.directory.contacts import Contacts
from workspace.directory.host_names import HostNames
from workspace.directory.member_names import MemberNames
from workspace.directory.user_directory import UserDirectory, UserMapping
from workspace.keyed_lock import KeyedLock
from workspace.requests.review_policy import ReviewPolicy

PLUGIN = "teleport-chatops"

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Runtime:
    """Settings, connections and results of the startup checks."""

    settings: Settings
    identity: ReloadingCredentials
    teleport: TeleportClient
    cluster: ClusterInfo
    features: Availability
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
        """Name of the bot's plugin data in Teleport."""
        return f"{PLUGIN}/{self.installation.team}"


@dataclass(frozen=True)
class ActingUsers:
    """The Teleport users of Slack users, and their permissions."""

    users: UserDirectory
    authorization: Authorization
    permissions: Permissions


@dataclass(frozen=True)
class Crossings:
    """The callables with which the commands flow reaches the notifications flow."""

    changed: Callable[[str], None]
    home_opened: Callable[[str], None]
    followed_requests: Callable[[], Iterable[AccessRequest] | None]
    requests_hidden: Callable[[], bool]


def build_availability(
    settings: Settings,
    cluster: ClusterInfo,
    roles: Sequence[Role] | None,
    scopes: frozenset[str],
) -> Availability:
    """`roles` are the bot's own ones, None if they can't be read."""
    mode, _ = wanted_mode(cluster, settings)
    return Availability(choices_from(settings, mode), roles=roles, scopes=scopes)


def build_user_directory(
    slack: AsyncWebClient,
    teleport: TeleportClient,
    settings: Settings,
    *,
    team: str,
    now: Callable[[], datetime],
) -> UserDirectory:
    return UserDirectory(slack, teleport, _user_mapping(settings, team), now=now)


def build_recipient_finder(
    slack: AsyncWebClient, settings: Settings, *, team: str, scopes: frozenset[str]
) -> RecipientFinder:
    return RecipientFinder(
        slack, team=team, scopes=scopes, allow_shared=settings.slack.allow_shared_channels
    )


def _user_mapping(settings: Settings, team: str) -> UserMapping:
    return UserMapping(
        team=team,
        trait=settings.review.slack_user_id_trait,
        match_email=settings.review.allow_email_username_match,
    )


def build_contacts(runtime: Runtime) -> Contacts:
    return Contacts(
        runtime.slack,
        runtime.teleport,
        _user_mapping(runtime.settings, runtime.installation.team),
        by_email=runtime.features.is_available(EMAIL_REVIEWERS),
    )


def build_host_names(runtime: Runtime, resource_index: ResourceIndex) -> HostNames:
    return HostNames(
        runtime.teleport,
        runtime.cluster.name,
        enabled=runtime.features.check(HOST_NAMES),
        listed=resource_index.find,
    )


def build_resource_index(runtime: Runtime) -> ResourceIndex:
    return ResourceIndex(
        runtime.teleport,
        runtime.cluster.name,
        enabled=runtime.features.check(RESOURCES),
        relist_seconds=RELIST_SECONDS / runtime.settings.pace.factor,
    )


def build_acting_users(runtime: Runtime) -> ActingUsers:
    users = build_user_directory(
        runtime.slack,
        runtime.teleport,
        runtime.settings,
        team=runtime.installation.team,
        now=runtime.now,
    )
    return ActingUsers(
        users,
        Authorization(runtime.teleport, users),
        Permissions(runtime.teleport, runtime.review_policy),
    )


def build_listeners(
    runtime: Runtime,
    acting: ActingUsers,
    contacts: Contacts,
    host_names: HostNames,
    resource_index: ResourceIndex,
    crossings: Crossings,
) -> Listeners:
    """Connect the parts of the commands flow."""
    member_names = MemberNames(runtime.slack, runtime.installation.team)
    services = Services(
        teleport=runtime.teleport,
        users=acting.users,
        contacts=contacts,
        member_names=member_names,
        authorization=acting.authorization,
        permissions=acting.permissions,
        host_names=host_names,
        resource_index=resource_index,
        linked_users=LinkedUsers(
            runtime.teleport,
            member_names,
            _user_mapping(runtime.settings, runtime.installation.team),
        ),
        changed=crossings.changed,
        home_opened=crossings.home_opened,
        followed_requests=crossings.followed_requests,
        requests_hidden=crossings.requests_hidden,
        now=runtime.now,
        certificate_expiry=lambda: runtime.identity.current.expires,
        policy=Policy(
            cluster=runtime.cluster.name,
            request_url_base=runtime.cluster.request_url_base,
            workspace_url=str(runtime.installation.auth_test["url"]),
            requests_enabled=runtime.settings.request.enabled,
            resource_requests=runtime.cluster.advanced_workflows,
            expiry_in_spec=runtime.cluster.expiry_in_spec,
        ),
        review_policy=runtime.review_policy,
        on_behalf=runtime.on_behalf,
        reviewer_lookups=lookup_limit(),
        request_locks=KeyedLock(),
        can_create=runtime.features.check(CREATE_REQUESTS),
        can_delete=runtime.features.check(CANCEL_REQUESTS),
        can_lock=lambda: runtime.features.is_offered(LOCK_ACCESS),
        recorded_card=lambda request_id: read_recorded_card(
            runtime.teleport, runtime.plugin, request_id, runtime.now()
        ),
    )
    responders = Responders(runtime.slack, runtime.http)
    return Listeners(services, responders, runtime.metrics.observe_interaction)


def build_app(runtime: Runtime, listeners: Listeners) -> AsyncApp:
    """Build the Bolt app for the listeners.

    Bolt gets the response of auth.test from startup, so it doesn't call Slack for each envelope.
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
        # Otherwise Bolt polls every 10 ms for the ack of a listener.
        process_before_response=True,
        # Only for apps that receive HTTP requests from Slack, or offer workflow steps.
        ssl_check_enabled=False,
        request_verification_enabled=False,
        url_verification_enabled=False,
        attaching_function_token_enabled=False,
    )

    app.unhandled = Unhandled(listeners)
    app.error(app.on_error)
    HANDLERS.register(app, listeners)
    return app
