"""The state of one cluster, in memory, and its changes for tests and the sandbox."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from sandbox.cast import CLUSTER
from sandbox.teleport.audit.audit_log import AuditLog
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.editions import DEFAULT_SERVER_VERSION, Edition, Features
from sandbox.teleport.errors import NotFound
from sandbox.teleport.go_text import quoted
from sandbox.teleport.state import resources
from sandbox.teleport.state.access_requests import AccessRequests
from sandbox.teleport.state.changes import Changes, Deleted, Put, Recorded
from sandbox.teleport.state.request_expiry import set_request_expiry
from sandbox.teleport.state.role_support import check_role
from sandbox.teleport.timestamps import stamp, utc_now
from teleport_client._proto.authservice_pb2 import PaginatedResource
from teleport_client._proto.types_pb2 import (
    AccessRequestV3,
    LockSpecV2,
    LockTarget,
    LockV2,
    Metadata,
    PluginDataV3,
    ProvisionTokenV2,
    RoleV6,
    ServerV2,
    UserV2,
)
from teleport_client._proto.userloginstate_pb2 import UserLoginState

Clock = Callable[[], datetime]
PROXY_PUBLIC_ADDRESS = "teleport.example.com:443"


@dataclass(frozen=True)
class Lease:
    """One holder's lease of a semaphore."""

    expires: datetime
    holder: str


@dataclass
class Semaphore:
    """Leases by ID. The semaphore expires with the last lease."""

    expires: datetime
    leases: dict[str, Lease] = field(default_factory=dict)

    def put(self, lease_id: str, lease: Lease) -> None:
        self.leases[lease_id] = lease
        self.expires = max(self.expires, lease.expires)

    def remove_expired(self, now: datetime) -> None:
        self.leases = {key: it for key, it in self.leases.items() if it.expires > now}


@dataclass
class Cluster:
    """All state of the Auth Service. Changes happen on its event loop."""

    edition: Edition = Edition.ENTERPRISE
    server_version: str = DEFAULT_SERVER_VERSION
    now: Clock = utc_now
    name: str = CLUSTER
    proxy_public_address: str = PROXY_PUBLIC_ADDRESS
    admin_actions_need_mfa: bool = False
    """Whether `cluster_auth_preference` requires a second factor for admin actions. The stand-in
    has no second factor, so only Machine ID bots can run them.
    """
    random_bits: Callable[[int], int] = secrets.randbits
    """Returns the given number of random bits, for the names of access requests."""

    users: dict[str, UserV2] = field(default_factory=dict)
    login_states: dict[str, UserLoginState] = field(default_factory=dict)
    roles: dict[str, RoleV6] = field(default_factory=dict)
    nodes: list[ServerV2] = field(default_factory=list)
    resources: list[PaginatedResource] = field(default_factory=list)
    """Databases, apps, Kubernetes clusters and desktops."""
    requests: AccessRequests = field(default_factory=AccessRequests)
    plugin_data: dict[tuple[str, str], PluginDataV3] = field(default_factory=dict)
    """Plugin data by kind and name of its resource."""
    locks: dict[str, LockV2] = field(default_factory=dict)
    tokens: dict[str, ProvisionTokenV2] = field(default_factory=dict)
    semaphores: dict[tuple[str, str], Semaphore] = field(default_factory=dict)
    """Semaphores by kind and name."""
    certificates: dict[str, Identity] = field(default_factory=dict)
    """The identity in the newest certificate of each user who has logged in."""
    audit: AuditLog = field(init=False)

    def __post_init__(self) -> None:
        self.audit = AuditLog(self.name, self.now, lambda: self.changes.publish(Recorded()))

    @property
    def features(self) -> Features:
        return Features.of(self.edition, self.server_version)

    @property
    def changes(self) -> Changes:
        """The changes of all kinds that support watches."""
        return self.requests.changes

    @property
    def stale_lists(self) -> bool:
        """Whether lists of access requests return an old snapshot."""
        return self.requests.stale_lists

    @stale_lists.setter
    def stale_lists(self, stale: bool) -> None:
        self.requests.stale_lists = stale

    def listed_resources(self) -> Iterator[PaginatedResource]:
        """Yield the nodes and the other resources in the form of lists."""
        yield from (PaginatedResource(Node=it) for it in self.nodes)
        yield from self.resources

    def add_user(
        self,
        name: str,
        roles: Iterable[str],
        traits: Mapping[str, Iterable[str]] | None = None,
        *,
        locked: bool = False,
        labels: Mapping[str, str] | None = None,
    ) -> UserV2:
        """Add a local user, or replace the user of the same name."""
        return self.put_user(resources.user(name, roles, traits, locked=locked, labels=labels))

    def put_user(self, user: UserV2) -> UserV2:
        """Store a user, replace one of the same name, and return the stored one."""
        stored = resources.with_revision(user)
        self.users[stored.Metadata.Name] = stored
        return stored

    def lock(
        self, target: LockTarget, *, message: str = "", expires: datetime | None = None
    ) -> LockV2:
        """Create a lock like `tctl lock`. Without an expiry it doesn't expire."""
        spec = LockSpecV2(Target=target, Message=message)
        if expires is not None:
            spec.Expires.CopyFrom(stamp(expires))
        return self.put_lock(LockV2(Metadata=Metadata(Name=str(uuid4())), Spec=spec))

    def put_lock(self, lock: LockV2) -> LockV2:
        """Store a lock, replace one of the same name, and return the stored one."""
        stored = resources.with_revision(lock)
        stored.Kind, stored.Version = resources.LOCK, "v2"
        self.locks[stored.Metadata.Name] = stored
        self.changes.publish(Put(stored))
        return stored

    def delete_lock(self, name: str) -> None:
        """Delete a lock. Raises KeyError for an unknown name."""
        del self.locks[name]
        self.changes.publish(Deleted(resources.LOCK, name))

    def put_role(self, role: RoleV6) -> RoleV6:
        """Store a role, replace one of the same name, and return the stored one.

        Raises BadParameter for an unknown version, AccessDenied for a feature of another edition,
        and Unsupported for a condition that the stand-in can't evaluate.
        """
        check_role(role, self.features)
        stored = resources.with_revision(role)
        stored.Spec.Options.MaxSessionTTL = (
            role.Spec.Options.MaxSessionTTL or resources.nanoseconds(resources.MAX_SESSION)
        )
        self.roles[stored.Metadata.Name] = stored
        self.changes.publish(Put(stored))
        return stored

    def delete_role(self, name: str) -> None:
        """Delete a role. Raises KeyError for an unknown name."""
        del self.roles[name]
        self.changes.publish(Deleted(resources.ROLE, name))

    def roles_named(self, names: Iterable[str]) -> tuple[RoleV6, ...]:
        """Return the roles. Raises NotFound if one is missing."""
        return tuple(self._role(name) for name in names)

    def user_named(self, name: str) -> UserV2:
        """Return a user. Raises NotFound."""
        if name not in self.users:
            raise NotFound(f"user {quoted(name)} not found")
        return self.users[name]

    def record_login(self, name: str) -> None:
        """Record the user's current roles and traits as a login state. Raises NotFound."""
        user = self.user_named(name)
        traits = resources.plain(user.Spec.Traits)
        roles = user.Spec.Roles
        self.login_states[name] = resources.login_state(name, roles, traits, original_roles=roles)

    async def request_where(self, matches: Callable[[AccessRequestV3], bool]) -> AccessRequestV3:
        """Wait for the first matching access request, including stored ones."""
        return await self.requests.first_where(matches)

    def expire(self, request_id: str) -> None:
        """Delete a request as if it had expired and the expiry service had run."""
        request = AccessRequestV3()
        request.CopyFrom(self.requests[request_id])
        set_request_expiry(request, stamp(self.now()), self.features)
        self.requests.put(request)
        self.requests.delete(request_id)

    def delete_request(self, request_id: str) -> None:
        """Delete a request like `tctl requests rm`, without a permission check."""
        self.requests.delete(request_id)

    def _role(self, name: str) -> RoleV6:
        if name not in self.roles:
            raise NotFound(f"role {name} is not found")
        return self.roles[name]
