"""The services of the use cases, connected to the stand-ins without a bot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from slack_sdk.web.async_client import AsyncWebClient

from commands.use_cases.acting_user.authorization import Authorization
from commands.use_cases.acting_user.authorized_user import CREATE, AuthorizedUser
from commands.use_cases.acting_user.permissions import Permissions
from commands.use_cases.drafts.resolve_reviewers import lookup_limit
from commands.use_cases.on_behalf import OnBehalfHealth
from commands.use_cases.services import Policy, Services
from sandbox.cast import BOT_TOKEN, CLUSTER, SLACK_TRAIT, TEAM
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.transport.dialer import dial
from workspace.directory.candidates.linked_users import LinkedUsers
from workspace.directory.candidates.resource_index import ResourceIndex
from workspace.directory.contacts import Contacts
from workspace.directory.host_names import HostNames
from workspace.directory.member_names import MemberNames
from workspace.directory.user_directory import UserDirectory, UserMapping
from workspace.keyed_lock import KeyedLock
from workspace.requests.review_policy import ReviewPolicy

ALICE, BOB, CAROL, DANA = "U0ALICE001", "U0BOB00001", "U0CAROL001", "U0DANA0001"


@dataclass
class UseCases:
    services: Services
    changed: list[str] = field(default_factory=list)
    """IDs of the requests that the use cases reported as changed."""
    rejections: list[None] = field(default_factory=list)
    """One element for each counted rejection of a review on behalf of a user."""

    async def user(self, slack_user_id: str = ALICE) -> AuthorizedUser:
        return await self.services.authorize(slack_user_id, CREATE)


@asynccontextmanager
async def use_cases(
    slack: SlackStandIn,
    teleport: TeleportStandIn,
    *,
    policy: Policy | None = None,
    review_policy: ReviewPolicy | None = None,
) -> AsyncIterator[UseCases]:
    credentials = load_identity_file(teleport.identity("bot"), _now())
    web = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    mapping = UserMapping(TEAM, SLACK_TRAIT)
    reviews = review_policy or ReviewPolicy()
    changed, rejections = list[str](), list[None]()

    async def can_submit_on_behalf() -> bool:
        return False

    async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
        users = UserDirectory(web, client, mapping, now=_now)
        member_names = MemberNames(web, TEAM)
        services = Services(
            teleport=client,
            users=users,
            contacts=Contacts(web, client, mapping),
            member_names=member_names,
            authorization=Authorization(client, users),
            permissions=Permissions(client, reviews),
            host_names=HostNames(client, CLUSTER),
            resource_index=ResourceIndex(client, CLUSTER, enabled=lambda: True),
            linked_users=LinkedUsers(client, member_names, mapping),
            changed=changed.append,
            now=_now,
            certificate_expiry=lambda: credentials.expires,
            policy=policy or Policy(CLUSTER),
            review_policy=reviews,
            on_behalf=OnBehalfHealth(can_submit_on_behalf, lambda: rejections.append(None)),
            reviewer_lookups=lookup_limit(),
            request_locks=KeyedLock(),
        )
        yield UseCases(services, changed, rejections)


def _now() -> datetime:
    return datetime.now(UTC)
