"""Constructors for Teleport's resources.

Users, roles and requests are stored as protobuf messages. Like Teleport's server, the stand-in has
no second model of them.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypeVar
from uuid import NAMESPACE_DNS, uuid4, uuid5

from sandbox.teleport.timestamps import stamp
from teleport_client._proto.authservice_pb2 import PaginatedResource
from teleport_client._proto.header_pb2 import Metadata as HeaderMetadata
from teleport_client._proto.header_pb2 import ResourceHeader as Header
from teleport_client._proto.trait_pb2 import Trait
from teleport_client._proto.types_pb2 import (
    AppServerSpecV3,
    AppServerV3,
    AppV3,
    DatabaseServerSpecV3,
    DatabaseServerV3,
    DatabaseV3,
    KubernetesClusterV3,
    KubernetesServerSpecV3,
    KubernetesServerV3,
    LockV2,
    LoginStatus,
    Metadata,
    ProvisionTokenV2,
    RoleConditions,
    RoleOptions,
    RoleSpecV6,
    RoleV6,
    Rule,
    ServerSpecV2,
    ServerV2,
    UserSpecV2,
    UserV2,
    WindowsDesktopV3,
)
from teleport_client._proto.types_pb2 import ResourceHeader as TypesHeader
from teleport_client._proto.userloginstate_pb2 import Spec as LoginStateSpec
from teleport_client._proto.userloginstate_pb2 import UserLoginState
from teleport_client._proto.wrappers_pb2 import LabelValues, StringValues

Resource = TypeVar("Resource", UserV2, RoleV6, LockV2, ProvisionTokenV2)

ACCESS_REQUEST, LOCK, ROLE = "access_request", "lock", "role"
"""Kind of an access request, also in rules."""
MAX_SESSION = timedelta(hours=30)
"""A role's default (MaxCertDuration in api/defaults)."""
BOT_LABEL = "teleport.internal/bot"
"""Label of a Machine ID bot's user. Its value is the bot's name."""


def nanoseconds(duration: timedelta) -> int:
    """Return a duration in the form of roles."""
    return duration // timedelta(microseconds=1) * 1_000


def label_values(values: Mapping[str, Iterable[str]]) -> LabelValues:
    """Return traits, annotations or label selectors as a message."""
    return LabelValues(Values={key: StringValues(Values=it) for key, it in values.items()})


def plain(values: LabelValues) -> dict[str, tuple[str, ...]]:
    """Return the values of `label_values`."""
    return {key: tuple(it.Values) for key, it in values.Values.items()}


def rule(resource: str, *verbs: str) -> Rule:
    return Rule(Resources=[resource], Verbs=verbs)


def role(
    name: str,
    allow: RoleConditions | None = None,
    deny: RoleConditions | None = None,
    *,
    max_session: timedelta = MAX_SESSION,
    version: str = "v7",
) -> RoleV6:
    options = RoleOptions(MaxSessionTTL=nanoseconds(max_session))
    return RoleV6(
        Kind=ROLE,
        Version=version,
        Metadata=Metadata(Name=name, Namespace="default"),
        Spec=RoleSpecV6(
            Options=options, Allow=allow or RoleConditions(), Deny=deny or RoleConditions()
        ),
    )


def user(
    name: str,
    roles: Iterable[str],
    traits: Mapping[str, Iterable[str]] | None = None,
    *,
    locked: bool = False,
    labels: Mapping[str, str] | None = None,
) -> UserV2:
    return UserV2(
        Kind="user",
        Version="v2",
        Metadata=Metadata(Name=name, Namespace="default", Labels=labels),
        Spec=UserSpecV2(
            Roles=roles,
            Traits=label_values(traits or {}),
            Status=LoginStatus(IsLocked=locked, LockedTime=stamp(None), LockExpires=stamp(None)),
            Expires=stamp(None),
        ),
    )


def with_revision(message: Resource) -> Resource:
    """Return a copy with a new revision, as each write creates one."""
    stored = type(message)()
    stored.CopyFrom(message)
    stored.Metadata.Revision = str(uuid4())
    stored.Metadata.Namespace = "default"
    return stored


def is_bot(record: UserV2) -> bool:
    """Return whether the user belongs to a Machine ID bot."""
    return BOT_LABEL in record.Metadata.Labels


def login_state(
    name: str,
    roles: Iterable[str],
    traits: Mapping[str, Iterable[str]] | None = None,
    *,
    original_roles: Iterable[str] = (),
) -> UserLoginState:
    """Return a login state: the roles and traits of a login, including access lists' grants.

    `original_roles` don't include these grants.
    """
    return UserLoginState(
        header=Header(kind="user_login_state", version="v1", metadata=HeaderMetadata(name=name)),
        spec=LoginStateSpec(
            roles=roles,
            traits=[Trait(key=key, values=values) for key, values in (traits or {}).items()],
            original_roles=original_roles,
        ),
    )


def node(hostname: str, address: str, labels: Mapping[str, str]) -> ServerV2:
    return ServerV2(
        Kind="node",
        Version="v2",
        Metadata=Metadata(
            Name=str(uuid5(NAMESPACE_DNS, hostname)), Namespace="default", Labels=labels
        ),
        Spec=ServerSpecV2(Hostname=hostname, Addr=address),
    )


def database(name: str, labels: Mapping[str, str]) -> PaginatedResource:
    served = DatabaseV3(Kind="db", Version="v3", Metadata=_metadata(name, labels))
    server = DatabaseServerV3(
        Kind="db_server",
        Version="v3",
        Metadata=_metadata(name, {}),
        Spec=DatabaseServerSpecV3(Database=served),
    )
    return PaginatedResource(DatabaseServer=server)


def web_app(name: str, labels: Mapping[str, str]) -> PaginatedResource:
    served = AppV3(Kind="app", Version="v3", Metadata=_metadata(name, labels))
    server = AppServerV3(
        Kind="app_server",
        Version="v3",
        Metadata=_metadata(name, {}),
        Spec=AppServerSpecV3(App=served),
    )
    return PaginatedResource(AppServer=server)


def kube_cluster(name: str, labels: Mapping[str, str]) -> PaginatedResource:
    served = KubernetesClusterV3(
        Kind="kube_cluster", Version="v3", Metadata=_metadata(name, labels)
    )
    server = KubernetesServerV3(
        Kind="kube_server",
        Version="v3",
        Metadata=_metadata(name, {}),
        Spec=KubernetesServerSpecV3(Cluster=served),
    )
    return PaginatedResource(KubernetesServer=server)


def desktop(name: str, labels: Mapping[str, str]) -> PaginatedResource:
    header = TypesHeader(Kind="windows_desktop", Version="v3", Metadata=_metadata(name, labels))
    return PaginatedResource(WindowsDesktop=WindowsDesktopV3(Header=header))


def _metadata(name: str, labels: Mapping[str, str]) -> Metadata:
    return Metadata(Name=name, Namespace="default", Labels=labels)
