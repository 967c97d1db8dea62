"""The dependencies of the use cases."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from commands.use_cases.acting_user.authorization import Authorization
from commands.use_cases.acting_user.authorized_user import Action, AuthorizedUser
from commands.use_cases.acting_user.permissions import Permissions
from commands.use_cases.on_behalf import OnBehalfHealth
from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import AccessRequest
from workspace.card_model.record import CardModel
from workspace.directory.candidates.linked_users import LinkedUsers
from workspace.directory.candidates.resource_index import ResourceIndex
from workspace.directory.contacts import Contacts, NoContact
from workspace.directory.host_names import HostNames
from workspace.directory.member_names import MemberNames
from workspace.directory.user_directory import LinkedUser, UserDirectory
from workspace.keyed_lock import KeyedLock
from workspace.rate_limit import RateLimit
from workspace.requests.review_policy import ReviewPolicy
from workspace.sending.slack_failure import SLACK_ERRORS, describe

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings for requests and reviews from Slack."""

    cluster: str
    request_url_base: str = ""
    """URL to which a request ID is appended; empty if Teleport has no page for requests."""
    workspace_url: str = ""
    """Slack's address of the workspace, for links to messages."""
    requests_enabled: bool = True
    resource_requests: bool = True
    """Whether Teleport's license includes requests for resources."""
    expiry_in_spec: bool = True
    """Where Teleport's version keeps the expiry of a request."""


def _no_home(_slack_user_id: str) -> None:
    """Ignore an opened Home tab."""


def _not_followed() -> Iterable[AccessRequest] | None:
    return None


async def _no_record(_request_id: str) -> CardModel | None:
    return None


@dataclass(frozen=True, slots=True)
class Services:
    teleport: TeleportClient
    users: UserDirectory
    contacts: Contacts
    member_names: MemberNames
    authorization: Authorization
    permissions: Permissions
    host_names: HostNames
    resource_index: ResourceIndex
    linked_users: LinkedUsers
    changed: Callable[[str], None]
    """Called with the ID of each request that is created, reviewed or cancelled here."""
    now: Callable[[], datetime]
    certificate_expiry: Callable[[], datetime]
    """Returns the expiry of the bot's current certificate."""
    policy: Policy
    review_policy: ReviewPolicy
    on_behalf: OnBehalfHealth
    reviewer_lookups: RateLimit
    """By Slack user: lookups of reviewers, and of users in a search."""
    request_locks: KeyedLock
    """By Teleport user, so that a double click doesn't create two requests."""
    can_create: Callable[[], bool] = lambda: True
    """Whether the bot's role allows it to create requests for users."""
    can_delete: Callable[[], bool] = lambda: True
    """Whether the bot's role allows it to delete requests."""
    can_lock: Callable[[], bool] = lambda: False
    """Whether the settings and the bot's role let users lock approved access."""
    followed_requests: Callable[[], Iterable[AccessRequest] | None] = _not_followed
    """Returns all requests as the bot follows them, None while its watch isn't open."""
    requests_hidden: Callable[[], bool] = lambda: False
    """Whether the bot's role lost a permission without which Teleport shows empty lists."""
    recorded_card: Callable[[str], Awaitable[CardModel | None]] = _no_record
    """Reads the card model of a request that Teleport may have deleted. Raises TeleportError."""

    home_opened: Callable[[str], None] = _no_home
    """Called with the Slack ID of each user who opened App Home."""

    async def authorize(self, slack_user_id: str, action: Action) -> AuthorizedUser:
        """Return the acting user. Raises UserError, TeleportError, SlackApiError."""
        return await self.authorization.authorize(slack_user_id, action)

    async def gets_messages(self, linked_user: LinkedUser) -> bool:
        """Return whether notices to this Teleport user reach this Slack account."""
        try:
            return await self.contacts.user(linked_user.name) == linked_user.slack_user_id
        except (NoContact, TeleportError, *SLACK_ERRORS) as error:
            log.info("contact_lookup_failed", teleport_user=linked_user.name, error=describe(error))
            return False
