"""How long a request waits and how long the access it gives lasts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.teleport.errors import BadParameter
from sandbox.teleport.go_text import go_duration
from sandbox.teleport.resources import MAX_SESSION, from_nanoseconds
from sandbox.teleport.rules import requestable
from sandbox.teleport.rules.accounts import Account
from sandbox.teleport.timestamps import given
from teleport_client._proto.types_pb2 import AccessRequestSpecV3, AccessRequestV3, RoleV6

LONGEST_ACCESS = timedelta(days=14)
LONGEST_WAIT = timedelta(days=7)
_LATEST_START = timedelta(days=7)  # MaxAssumeStartDuration in api/constants


@dataclass(frozen=True)
class Lifetimes:
    """Absolute times."""

    access_ends: datetime
    session_ends: datetime
    waiting_ends: datetime


def lifetimes(
    request: AccessRequestV3,
    requester: Account,
    roles: Iterable[RoleV6],
    *,
    credentials_end: datetime,
    now: datetime,
) -> Lifetimes:
    """Raises BadParameter for times outside what is allowed.

    The session is cut to what is left of the *caller's* credentials, also when the request
    is for somebody else.
    """
    spec = request.Spec
    session = _session(spec, roles, credentials_end - now, now)
    access = _access(spec, requester, session, now)
    waiting = _waiting(request, access, now)
    return Lifetimes(
        access_ends=now + access,
        session_ends=now + min(session, access),
        waiting_ends=now + waiting,
    )


def check_assume_start(start: datetime, access_ends: datetime, created: datetime) -> None:
    """Raises BadParameter unless the access may begin then."""
    latest = created + _LATEST_START
    if start < created:
        raise BadParameter(f"assume start time has to be after {_rfc3339(created)}")
    if start >= access_ends:
        raise BadParameter(
            f"assume start time must be prior to access expiry time at {_rfc3339(access_ends)}"
        )
    if start > latest and latest < access_ends:
        raise BadParameter(
            f"assume start time is too far in the future, latest time allowed is {_rfc3339(latest)}"
        )


def _session(
    spec: AccessRequestSpecV3, roles: Iterable[RoleV6], credentials: timedelta, now: datetime
) -> timedelta:
    longest = min(MAX_SESSION, credentials, *map(_max_session, roles))
    expires = given(spec, "Expires")
    if expires is None or expires <= now:
        return longest
    _at_most("session", expires - now, longest)
    return min(expires - now, longest)


def _access(
    spec: AccessRequestSpecV3, requester: Account, session: timedelta, now: datetime
) -> timedelta:
    wanted = _wanted_access(spec, now)
    allowed = min(
        (requestable.longest_access(requester, role) for role in spec.Roles), default=timedelta()
    )
    longest = allowed or session
    return longest if wanted is None else min(wanted, longest)


def _wanted_access(spec: AccessRequestSpecV3, now: datetime) -> timedelta | None:
    if spec.DryRun:
        return LONGEST_ACCESS  # so that whoever asks learns the ceiling
    ends = given(spec, "MaxDuration")
    if ends is None:
        return None
    if ends < now:
        raise BadParameter("invalid maxDuration: must be greater than creation time")
    if ends - now > LONGEST_ACCESS:
        raise BadParameter(
            f"max_duration must be less than or equal to {go_duration(LONGEST_ACCESS)}"
        )
    return ends - now


def _waiting(request: AccessRequestV3, access: timedelta, now: datetime) -> timedelta:
    ends = given(request.Spec, "ResourceExpiry") or given(request.Metadata, "Expires")
    if ends is None:
        return min(LONGEST_WAIT, access)
    if ends < now:
        raise BadParameter("invalid request TTL: Access Request can not be created in the past")
    _at_most("request", ends - now, LONGEST_WAIT)
    _at_most("request", ends - now, access)
    return ends - now


def _at_most(what: str, wanted: timedelta, longest: timedelta) -> None:
    if wanted > longest:
        raise BadParameter(
            f"invalid {what} TTL: {go_duration(wanted)} greater than maximum allowed "
            f"({go_duration(longest)})"
        )


def _max_session(role: RoleV6) -> timedelta:
    nanoseconds = role.Spec.Options.MaxSessionTTL
    return from_nanoseconds(nanoseconds) if nanoseconds else MAX_SESSION


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
