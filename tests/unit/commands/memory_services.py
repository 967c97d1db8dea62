"""The services of the use cases in memory. A test replaces the parts that it needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import cast

from commands.use_cases.acting_user.authorized_user import Action, AuthorizedUser
from commands.use_cases.drafts.resolve_reviewers import lookup_limit
from commands.use_cases.services import Policy, Services
from teleport_client.errors import NotFound
from teleport_client.model.access_request import AccessCapabilities, AccessRequest, NewAccessRequest
from teleport_client.model.user import User
from workspace.directory.contacts import NoContact
from workspace.directory.user_directory import LinkedUser
from workspace.requests.user_error import UserError

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SLACK_IDS: Mapping[str, str] = MappingProxyType(
    {"alice": "U0ALICE001", "bob": "U0BOB00001", "carol": "U0CAROL001"}
)


def user_named(name: str) -> AuthorizedUser:
    return AuthorizedUser(
        LinkedUser(SLACK_IDS.get(name, "U0OTHER001"), User(name)),
        held=frozenset(),
        roles=(),
        denying_roles=(),
        locks=(),
        denials=MappingProxyType({}),
        unreadable=frozenset(),
        static_access=None,
    )


@dataclass
class MemoryServices:
    """Alice, Bob and Carol are linked to Slack. Bob can review."""

    requestable: tuple[str, ...] = ("staging", "prod")
    contacts_by_name: dict[str, str | Exception] = field(default_factory=lambda: dict(SLACK_IDS))
    linked: dict[str, str] = field(
        default_factory=lambda: {slack_id: name for name, slack_id in SLACK_IDS.items()}
    )
    """Teleport users by Slack ID."""
    names: dict[str, list[str]] = field(default_factory=dict)
    """Slack IDs by the name after `@`."""
    errors: dict[str, UserError] = field(default_factory=dict)
    """Why a user, by Slack ID, can't be authorized or isn't linked."""
    unsuitable: set[str] = field(default_factory=set)
    """Users whose roles allow no review of the request."""
    slack_error: Exception | None = None
    teleport_users: set[str] = field(default_factory=lambda: set(SLACK_IDS))
    dry_run_result: AccessRequest | Exception | None = None
    requests_enabled: bool = True
    can_create: Callable[[], bool] = lambda: True
    reviewer_lookups: object = field(default_factory=lookup_limit)

    @property
    def services(self) -> Services:
        return cast("Services", self)

    @property
    def policy(self) -> Policy:
        return Policy("main", requests_enabled=self.requests_enabled)

    @property
    def users(self) -> "MemoryServices":
        return self

    contacts = member_names = permissions = teleport = requests = roles = users

    def now(self) -> datetime:
        return NOW

    async def linked_user(self, slack_user_id: str) -> LinkedUser:
        if self.slack_error is not None:
            raise self.slack_error
        if slack_user_id not in self.linked:
            raise UserError("no link", reason="unmapped")
        return LinkedUser(slack_user_id, User(self.linked[slack_user_id]))

    async def account_name(self, slack_user_id: str) -> str:
        return f"Name of {slack_user_id}"

    async def reviewer(self, name: str) -> str:
        found = self.contacts_by_name.get(name, NoContact("no such user", user_gone=True))
        if isinstance(found, Exception):
            raise found
        return found

    async def find(self, name: str) -> Sequence[str]:
        return self.names.get(name, [])

    async def get(self, name: str, *, deadline: float) -> User:
        assert deadline > 0
        if name not in self.teleport_users:
            raise NotFound("no such user")
        return User(name)

    async def dry_run(self, new: NewAccessRequest, *, deadline: float) -> AccessRequest:
        assert new.roles
        assert deadline > 0
        assert self.dry_run_result is not None
        if isinstance(self.dry_run_result, Exception):
            raise self.dry_run_result
        return self.dry_run_result

    async def authorize(self, slack_user_id: str, _action: Action) -> AuthorizedUser:
        if error := self.errors.get(slack_user_id):
            raise error
        return user_named(self.linked[slack_user_id])

    def in_review_scope(
        self, user: AuthorizedUser, requests: Sequence[AccessRequest]
    ) -> Sequence[AccessRequest]:
        return [] if user.name in self.unsuitable else requests

    async def capabilities(self, _user: str) -> AccessCapabilities:
        return AccessCapabilities(self.requestable)
