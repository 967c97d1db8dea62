"""What every command may use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from commands.actions.authorization import Authorization
from commands.actions.authorized_user import Action, AuthorizedUser
from commands.actions.on_behalf import OnBehalfHealth
from commands.actions.permissions import Permissions
from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import AccessRequest
from workspace.directory.contacts import Contacts, NoContact
from workspace.directory.host_names import HostNames
from workspace.directory.member_names import MemberNames
from workspace.directory.user_directory import Person, UserDirectory
from workspace.keyed_lock import KeyedLock
from workspace.rate_limit import RateLimit
from workspace.requests.review_policy import ReviewPolicy
from workspace.sending.slack_failure import SLACK_ERRORS, describe
from workspace.views.card import CardModel, card_model

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings say about acting from Slack."""

    cluster: str
    request_url_base: str = ""
    """Address that request ids are appended to, where Teleport has pages for them."""
    requests_enabled: bool = True
    approve_with_reason: bool = False


@dataclass(frozen=True, slots=True)
class Services:
    teleport: TeleportClient
    people: UserDirectory
    contacts: Contacts
    member_names: MemberNames
    authorization: Authorization
    permissions: Permissions
    host_names: HostNames
    slack: AsyncWebClient
    http: aiohttp.ClientSession
    changed: Callable[[str], None]
    """Called with the id of a request that was created or decided here."""
    now: Callable[[], datetime]
    certificate_expiry: Callable[[], datetime]
    """When the bot's own certificate ends, as it is now."""
    policy: Policy
    deciding: ReviewPolicy
    on_behalf: OnBehalfHealth
    forms: RateLimit
    """By Slack user."""
    reviewer_lookups: RateLimit
    """By Slack user."""
    request_locks: KeyedLock
    """By Teleport user: whoever asks twice at once is not to get two requests."""

    async def authorize(self, slack_user_id: str, action: Action) -> AuthorizedUser:
        """Return the user who acts. Raises Refusal, TeleportError, SlackApiError."""
        return await self.authorization.authorize(slack_user_id, action)

    async def gets_messages(self, person: Person) -> bool:
        """Return whether the bot will find this Slack account when it has news for the user."""
        try:
            return await self.contacts.user(person.name) == person.slack_user_id
        except (NoContact, TeleportError, *SLACK_ERRORS) as error:
            log.info("contact_lookup_failed", teleport_user=person.name, error=describe(error))
            return False

    def face(self, request: AccessRequest) -> CardModel:
        return card_model(
            request,
            request_url_base=self.policy.request_url_base,
            mode=self.deciding.mode_of(request),
            cluster=self.policy.cluster,
            host_names=self.host_names.of(request),
        )
