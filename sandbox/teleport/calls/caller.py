"""The caller's identity, from the one client certificate of the connection."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import grpc
from cryptography import x509

from sandbox.teleport.audit.events import Actor
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.errors import AccessDenied, ConnectionProblem, NotFound
from sandbox.teleport.rules import rbac
from sandbox.teleport.rules.accounts import Account, account
from sandbox.teleport.rules.locks import refuse_locked
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.resources import BOT_LABEL
from teleport_client._proto.types_pb2 import RoleV6, UserV2

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"  # not generic at run time
AuthContext = Mapping[str, Iterable[bytes]]

# grpcio keeps the rest of the chain apart from the leaf, and only if there is a rest.
_LEAF = "x509_pem_cert"
_INTERMEDIARIES = "x509_pem_cert_chain"


@dataclass(frozen=True)
class Caller:
    identity: Identity
    roles: tuple[RoleV6, ...]
    """Roles on the certificate, including roles of access requests."""
    account: Account
    """The user's roles and traits without access requests."""
    actor: Actor
    """The caller as audit events describe it."""

    @property
    def name(self) -> str:
        return self.identity.user

    @property
    def is_bot(self) -> bool:
        return bool(self.actor.bot_name)

    def require(self, resource: str, *verbs: str) -> None:
        """Raise AccessDenied unless the caller's roles allow all verbs."""
        rbac.require(self.roles, resource, *verbs)

    def allows(self, resource: str, verb: str) -> bool:
        return rbac.allows(self.roles, resource, verb)

    def as_reviewer(self) -> Account:
        """Return the account for reviews. A bot's has the certificate's roles."""
        if self.is_bot:
            return Account(self.name, self.roles, self.account.traits)
        return self.account


def read_identity(context: AuthContext) -> Identity:
    """Return the identity in the connection's client certificate.

    Raises ConnectionProblem for more than one certificate. Teleport rejects intermediates by
    closing the connection, which a client sees as UNAVAILABLE.
    """
    if _INTERMEDIARIES in context:
        raise ConnectionProblem("access denied: intermediaries are not supported")
    (certificate,) = context[_LEAF]
    return _identity_in(certificate)


@lru_cache(maxsize=1000)
def _identity_in(certificate: bytes) -> Identity:
    return Identity.from_certificate(x509.load_pem_x509_certificate(certificate))


def caller(cluster: Cluster, context: Context) -> Caller:
    """Return the caller. Raises AccessDenied if a lock applies.

    Raises NotFound for a deleted user or role, with the text of a denial (convertAuthorizerError in
    lib/authz/permissions.go).
    """
    identity = read_identity(context.auth_context())
    refuse_locked(cluster, identity)
    try:
        user = cluster.user_named(identity.user)
        roles = cluster.roles_named(identity.roles)
        held = account(cluster, identity.user)
    except NotFound as error:
        raise NotFound(f"access denied\n\t{error}") from error
    return Caller(identity, roles, held, _actor(identity, user, context))


def _actor(identity: Identity, user: UserV2, context: Context) -> Actor:
    metadata = {str(key): value for key, value in context.invocation_metadata() or ()}
    return Actor(
        user=identity.user,
        active_requests=identity.active_requests,
        bot_name=user.Metadata.Labels.get(BOT_LABEL, ""),
        address=context.peer().partition(":")[2],
        user_agent=str(metadata.get("user-agent", "")),
    )


def require_admin_action(cluster: Cluster, caller: Caller) -> None:
    """Raise AccessDenied if admin actions need a second factor. Bots are exempt."""
    if cluster.admin_actions_need_mfa and not caller.is_bot:
        raise AccessDenied("admin-level API request requires MFA verification")
