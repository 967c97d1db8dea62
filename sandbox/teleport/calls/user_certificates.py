"""GenerateUserCerts: a user's login, with approved access requests if requested."""

from collections.abc import Callable, Iterable
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key, load_ssh_public_key

from sandbox.teleport.audit import login_events
from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.credentials.authority import Authority
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.errors import (
    AccessDenied,
    BadParameter,
    NotFound,
)
from sandbox.teleport.go_text import quoted
from sandbox.teleport.rules import locks
from sandbox.teleport.rules.accounts import account
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.resources import MAX_SESSION
from sandbox.teleport.timestamps import given, moment
from teleport_client._proto.authservice_pb2 import Certs, UserCertsRequest
from teleport_client._proto.types_pb2 import APPROVED, DENIED, PROMOTED, AccessRequestV3


def refuse_locked_login(cluster: Cluster, identity: Identity, request: UserCertsRequest) -> None:
    """Raise AccessDenied if a lock applies to the user's current roles."""
    if not request.AccessRequests and identity.user in cluster.users:
        roles = cluster.user_named(identity.user).Spec.Roles
        locks.refuse_locked_login(cluster, identity.user, roles)


def generate_user_certs(
    cluster: Cluster, authority: Authority, caller: Caller, request: UserCertsRequest
) -> Certs:
    """Return certificates with the user's roles and the requests' roles.

    They expire with the access at the latest. Without requests the call is a login, which stores a
    login state (lib/auth/userloginstate).
    """
    if request.Username != caller.name:
        raise AccessDenied("access denied: impersonation is not allowed")
    if not request.AccessRequests:
        cluster.record_login(caller.name)
    now = cluster.now()
    approved = [_require_approved(cluster, caller, it, now) for it in request.AccessRequests]
    added = [role for it in approved for role in it.Spec.Roles]
    held = account(cluster, caller.name)
    locks.refuse_locked_login(
        cluster, caller.name, (*held.role_names, *added), request.AccessRequests
    )
    identity = Identity(
        user=caller.name,
        roles=tuple(dict.fromkeys((*held.role_names, *added))),
        cluster=cluster.name,
        expires=_expiry(caller, request, approved, now),
        active_requests=tuple(it.Metadata.Name for it in approved),
    )
    if not request.AccessRequests:
        cluster.audit.emit(login_events.logged_in(caller.actor))
    cluster.audit.emit(login_events.certificate_created(caller.actor, identity, held.traits))
    cluster.certificates[caller.name] = identity
    logins = held.traits.get("logins", ())
    tls_key = _public_key(load_pem_public_key, request.TLSPublicKey)
    ssh_key = _public_key(load_ssh_public_key, request.SSHPublicKey)
    return Certs(
        SSH=authority.ssh_certificate(identity, ssh_key, now, logins=logins),
        TLS=authority.tls_certificate(identity, tls_key, now),
        TLSCACerts=[authority.host.pem],
        SSHCACerts=[authority.host.ssh_public_key],
    )


def _require_approved(
    cluster: Cluster, caller: Caller, request_id: str, now: datetime
) -> AccessRequestV3:
    """Return the request. Raises unless the caller can assume its roles now."""
    request = cluster.requests.get(request_id)
    name = f"access request {quoted(request_id)}"
    if request is None or request.Spec.User != caller.name:
        raise NotFound(f"{name} not found")
    if request.Spec.State != APPROVED:
        raise AccessDenied(f"{name} {_undecided(request)}")
    if moment(request.Spec.Expires) <= now:
        raise BadParameter(f"{name} has expired")
    start = given(request.Spec, "AssumeStartTime")
    if start is not None and now < start:
        raise BadParameter(f"{name} can not be assumed until {start}")
    return request


def _undecided(request: AccessRequestV3) -> str:
    texts = {DENIED: "has been denied", PROMOTED: "has been promoted to an access list"}
    return texts.get(request.Spec.State, "is awaiting approval")


def _expiry(
    caller: Caller,
    request: UserCertsRequest,
    approved: Iterable[AccessRequestV3],
    now: datetime,
) -> datetime:
    longest = min(now + MAX_SESSION, caller.identity.expires)
    wanted = given(request, "Expires") or longest
    return min(longest, wanted, *(moment(it.Spec.Expires) for it in approved))


def _public_key(load: Callable[[bytes], object], encoded: bytes) -> EllipticCurvePublicKey:
    try:
        key = load(encoded)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadParameter("invalid public key") from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise BadParameter("only ECDSA public keys are supported here")
    return key
