"""The people, channels, roles and nodes of the sandbox, in Slack and in Teleport."""

from dataclasses import dataclass
from enum import StrEnum

CLUSTER = "main"
BOT_USER = "bot-teleport-chatops"
"""Teleport names the user of a Machine ID bot `bot-<name>`."""
BOT_ROLE = "teleport-chatops"
SLACK_TRAIT = "slack_uid"
"""The user trait that holds a Slack user ID."""

TEAM = "T0SANDBOX1"
OTHER_TEAM = "T0PARTNER1"
APP = "A0CHATOPS1"
APP_NAME = "Teleport"
SLACK_BOT = "U0CHATOPS1"
SLACK_BOT_ID = "B0CHATOPS1"
BOT_TOKEN = "xoxb-sandbox-bot"  # noqa: S105 - opens nothing outside the sandbox
APP_TOKEN = "xapp-sandbox-app"  # noqa: S105 - opens nothing outside the sandbox


class AccountType(StrEnum):
    """The type of a Slack account."""

    MEMBER = "member"
    GUEST = "guest"
    DEACTIVATED = "deactivated"
    BOT = "bot"
    STRANGER = "stranger"
    """Member of another company, visible through a shared channel."""


@dataclass(frozen=True)
class Person:
    """One person. `roles` is None if the person has no Teleport user."""

    name: str
    slack_user_id: str
    real_name: str
    roles: tuple[str, ...] | None = None
    account_type: AccountType = AccountType.MEMBER
    timezone: str = "Europe/Berlin"
    locked: bool = False
    """Whether a Teleport lock prevents the login."""
    mapped: bool = True
    """Whether the Teleport user has the Slack ID in its trait."""
    email_confirmed: bool = True
    """Whether Slack reports the email address as confirmed."""

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"


PEOPLE = (
    Person("alice", "U0ALICE001", "Alice Adams", ("dev", "prod-requester")),
    Person("bob", "U0BOB00001", "Bob Brown", ("dev", "reviewer"), timezone="America/New_York"),
    Person("carol", "U0CAROL001", "Carol Clark", ("dev", "reviewer"), timezone="Asia/Tokyo"),
    Person("dana", "U0DANA0001", "Dana Dietz", ("admin",)),
    Person("erin", "U0ERIN0001", "Erin Ellis", ("dev",), mapped=False),
    Person("frank", "U0FRANK001", "Frank Fuchs", ("dev", "reviewer"), locked=True),
    Person("grace", "U0GRACE001", "Grace Gale", ("dev",), account_type=AccountType.GUEST),
    Person("henry", "U0HENRY001", "Henry Hahn", ("dev",), account_type=AccountType.DEACTIVATED),
    Person("ivan", "U0IVAN0001", "Ivan Ives", account_type=AccountType.STRANGER),
    Person("jenkins", "U0JENKINS1", "Jenkins", account_type=AccountType.BOT),
    Person("nora", "U0NORA0001", "Nora Novak"),
)


@dataclass(frozen=True)
class Channel:
    name: str
    id: str
    members: tuple[str, ...]
    bot_is_member: bool = True
    shared: bool = False
    """Shared with another company (Slack Connect)."""
    private: bool = False
    direct: bool = False
    """A DM of the members."""


APPROVERS_CHANNEL = "access-requests"
APPROVERS = ("bob", "carol")
"""Users who can approve in a cluster without reviews."""
_STAFF = ("alice", "bob", "carol", "dana", "erin", "frank", "grace", "nora")
CHANNELS = (
    Channel(APPROVERS_CHANNEL, "C0ACCESS01", _STAFF),
    Channel("general", "C0GENERAL1", _STAFF, bot_is_member=False),
    Channel("security", "G0SECURE01", ("bob", "dana"), private=True),
    Channel("partners", "C0PARTNER1", (*_STAFF, "ivan"), shared=True),
)


@dataclass(frozen=True)
class Node:
    hostname: str
    tier: str


NODES = (
    Node("dev-1", "dev"),
    Node("dev-2", "dev"),
    Node("staging-db", "staging"),
    Node("staging-web", "staging"),
    Node("prod-db", "prod"),
    Node("prod-redis", "prod"),
    Node("prod-web", "prod"),
)


@dataclass(frozen=True)
class OtherResource:
    """A database, app, Kubernetes cluster or desktop."""

    kind: str
    name: str
    tier: str


OTHER_RESOURCES = (
    OtherResource("db", "staging-orders", "staging"),
    OtherResource("db", "prod-orders", "prod"),
    OtherResource("app", "staging-grafana", "staging"),
    OtherResource("kube_cluster", "staging-cluster", "staging"),
    OtherResource("windows_desktop", "staging-desktop", "staging"),
)
