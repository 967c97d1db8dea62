"""The audit events of a login and of its certificate."""

from collections.abc import Mapping, Sequence

from sandbox.teleport.audit.audit_log import Event, EventType
from sandbox.teleport.audit.events import Actor
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.json_times import NO_TIME, rfc3339_nano
from sandbox.teleport.timestamps import stamp

_LOGGED_IN = EventType("user.login", "T1000I")
_CERTIFICATE_CREATED = EventType("cert.create", "TC000I")
_NO_HARDWARE_KEY = "none"
_JOIN_LOGIN = "-teleport-internal-join"
"""A login that each certificate contains (SSHSessionJoinPrincipal in constants.go)."""


def logged_in(actor: Actor) -> Event:
    """Return the event of a local user's login, without the second factor of a real one."""
    return _LOGGED_IN, actor.fields() | {
        "required_private_key_policy": _NO_HARDWARE_KEY,
        "success": True,
        "method": "local",
        "user_agent": actor.user_agent,
        "addr.remote": actor.address,
    }


def certificate_created(
    actor: Actor,
    identity: Identity,
    traits: Mapping[str, Sequence[str]],
) -> Event:
    """Return the event of an issued certificate."""
    return _CERTIFICATE_CREATED, {
        "cert_type": "user",
        "identity": {
            "user": identity.user,
            "roles": list(identity.roles),
            "logins": [*traits.get("logins", ()), _JOIN_LOGIN],
            "expires": rfc3339_nano(stamp(identity.expires)),
            "route_to_cluster": identity.cluster,
            "traits": {key: list(values) for key, values in traits.items()},
            "teleport_cluster": identity.cluster,
            "client_ip": actor.address.rpartition(":")[0],
            "access_requests": list(identity.active_requests),
            "prev_identity_expires": NO_TIME,
            "private_key_policy": _NO_HARDWARE_KEY,
        },
        "user_agent": actor.user_agent,
    }
