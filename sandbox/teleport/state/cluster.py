"""The state of one cluster, in memory, and the hands that tests and the sandbox lay on it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from sandbox.cast import CLUSTER
from sandbox.teleport.editions import DEFAULT_SERVER_VERSION, Edition, Features
from sandbox.teleport.errors import NotFound
from sandbox.teleport.go_text import quoted
from sandbox.teleport.state import resources
from sandbox.teleport.state.access_requests import AccessRequests
from sandbox.teleport.state.changes import Changes, Deleted, Put
from sandbox.teleport.state.request_expiry import set_request_expiry
from sandbox.teleport.state.role_support import check_role
from sandbox.teleport.timestamps import stamp, utc_now
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
    """One holder's share of a semaphore."""

    expires: datetime
    holder: str


@dataclass
class Semaphore:
    """Leases by id; the semaphore is gone once the last of them would have expired."""

    expires: datetime
    leases: dict[str, Lease] = field(default_factory=dict)

    def put(self, lease_id: str, lease: Lease) -> None:
        self.leases[lease_id] = lease
        self.expires = max(self.expires, lease.expires)

    def remove_expired(self, now: datetime) -> None:
        self.leases = {key: it for key, it in self.leases.items() if it.expires > now}


@dataclass
class Cluster:
    """Everything the Auth Service knows. All changes happen on its event loop."""

    edition: Edition = Edition.ENTERPRISE
    server_version: str = DEFAULT_SERVER_VERSION
    now: Clock = utc_now
    name: str = CLUSTER
    proxy_public_address: str = PROXY_PUBLIC_ADDRESS
    admin_actions_need_mfa: bool = False
    """Whether `cluster_auth_preference` asks for a second factor at admin actions; nobody
    but a Machine ID bot gets past that here."""

    users: dict[str, UserV2] = field(default_factory=dict)
    login_states: dict[str, UserLoginState] = field(default_factory=dict)
    roles: dict[str, RoleV6] = field(default_factory=dict)
    nodes: list[ServerV2] = field(default_factory=list)
    requests: AccessRequests = field(default_factory=AccessRequests)
    plugin_data: dict[tuple[str, str], PluginDataV3] = field(default_factory=dict)
    """By kind and name of the resource it belongs to."""
    locks: dict[str, LockV2] = field(default_factory=dict)
    tokens: dict[str, ProvisionTokenV2] = field(default_factory=dict)
    semaphores: dict[tuple[str, str], Semaphore] = field(default_factory=dict)
    """By kind and name."""

    @property
    def features(self) -> Features:
        return Features.of(self.edition, self.server_version)

    @property
    def changes(self) -> Changes:
        """Changes of all kinds that can be watched."""
        return self.requests.changes

    @property
    def stale_lists(self) -> bool:
        """Whether lists of access requests answer from an older snapshot."""
        return self.requests.stale_lists

    @stale_lists.setter
    def stale_lists(self, stale: bool) -> None:
        self.requests.stale_lists = stale

    def add_user(
        self,
        name: str,
        roles: Iterable[str],
        traits: Mapping[str, Iterable[str]] | None = None,
        *,
        locked: bool = False,
        labels: Mapping[str, str] | None = None,
    ) -> UserV2:
        """A local user; replaces one of that name."""
        return self.put_user(resources.user(name, roles, traits, locked=locked, labels=labels))

    def put_user(self, user: UserV2) -> UserV2:
        """Store it, replacing one of that name; returns what is stored."""
        stored = resources.with_revision(user)
        self.users[stored.Metadata.Name] = stored
        return stored

    def lock(
        self, target: LockTarget, *, message: str = "", expires: datetime | None = None
    ) -> LockV2:
        """As `tctl lock` does; without an end it holds for ever."""
        spec = LockSpecV2(Target=target, Message=message)
        if expires is not None:
            spec.Expires.CopyFrom(stamp(expires))
        return self.put_lock(LockV2(Metadata=Metadata(Name=str(uuid4())), Spec=spec))

    def put_lock(self, lock: LockV2) -> LockV2:
        """Store it, replacing one of that name; returns what is stored."""
        stored = resources.with_revision(lock)
        stored.Kind, stored.Version = "lock", "v2"
        self.locks[stored.Metadata.Name] = stored
        return stored

    def put_role(self, role: RoleV6) -> RoleV6:
        """Store it, replacing one of that name; returns what is stored.

        Raises BadParameter for a version that this server does not know, AccessDenied for what
        this edition lacks, and Unsupported for a condition that the stand-in cannot evaluate.
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
        """Raises KeyError if there is none."""
        del self.roles[name]
        self.changes.publish(Deleted("role", name))

    def roles_named(self, names: Iterable[str]) -> tuple[RoleV6, ...]:
        """Raises NotFound if one is missing."""
        return tuple(self._role(name) for name in names)

    def user_named(self, name: str) -> UserV2:
        """Raises NotFound."""
        if name not in self.users:
            raise NotFound(f"user {quoted(name)} not found")
        return self.users[name]

    def record_login(self, name: str) -> None:
        """Keep the roles and traits that a user has at this login. Raises NotFound."""
        user = self.user_named(name)
        traits = resources.plain(user.Spec.Traits)
        roles = user.Spec.Roles
        self.login_states[name] = resources.login_state(name, roles, traits, original_roles=roles)

    async def request_where(self, matches: Callable[[AccessRequestV3], bool]) -> AccessRequestV3:
        """The first access request, stored or still to come, that matches."""
        return await self.requests.first_where(matches)

    def expire(self, request_id: str) -> None:
        """As if the request's time were over and the expiry service had come by."""
        request = AccessRequestV3()
        request.CopyFrom(self.requests[request_id])
        set_request_expiry(request, stamp(self.now()), self.features)
        self.requests.put(request)
        self.requests.delete(request_id)

    def delete_request(self, request_id: str) -> None:
        """As `tctl requests rm`, without asking for permission."""
        self.requests.delete(request_id)

    def _role(self, name: str) -> RoleV6:
        if name not in self.roles:
            raise NotFound(f"role {name} is not found")
        return self.roles[name]
