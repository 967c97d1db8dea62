"""The roles and traits of a user without access requests."""

from dataclasses import dataclass

from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.resources import plain
from teleport_client._proto.types_pb2 import RoleV6

Traits = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Account:
    """A user's name, static roles and traits."""

    name: str
    roles: tuple[RoleV6, ...]
    traits: Traits

    @property
    def role_names(self) -> tuple[str, ...]:
        return tuple(role.Metadata.Name for role in self.roles)


def account(cluster: Cluster, name: str) -> Account:
    """Return the account in the last login state, or else in the user record.

    Raises NotFound for an unknown user, and for a user with a deleted role.
    """
    if state := cluster.login_states.get(name):
        traits = {trait.key: tuple(trait.values) for trait in state.spec.traits}
        return Account(name, cluster.roles_named(state.spec.roles), traits)
    user = cluster.user_named(name)
    return Account(name, cluster.roles_named(user.Spec.Roles), plain(user.Spec.Traits))
