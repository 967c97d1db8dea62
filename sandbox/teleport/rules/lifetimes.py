"""Lifetimes of a pending request and of the granted access.

Durations are in nanoseconds, and times in nanoseconds since 1970, as in Go: errors show all digits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.teleport.errors import BadParameter
from sandbox.teleport.go_text import go_duration, rfc3339
from sandbox.teleport.rules import requestable
from sandbox.teleport.rules.accounts import Account
from sandbox.teleport.state.resources import MAX_SESSION, nanoseconds
from sandbox.teleport.timestamps import given_nanoseconds
from teleport_client._proto.types_pb2 import AccessRequestSpecV3, RoleV6

_LONGEST_SESSION = nanoseconds(MAX_SESSION)
_LONGEST_ACCESS = nanoseconds(timedelta(days=14))
_LONGEST_WAIT = nanoseconds(timedelta(days=7))
_LATEST_START = timedelta(days=7)  # MaxAssumeStartDuration in api/constants


@dataclass(frozen=True)
class Lifetimes:
    """Times in nanoseconds since 1970."""

    access_ends: int
    session_ends: int
    waiting_ends: int


def lifetimes(
    spec: AccessRequestSpecV3,
    requester: Account,
    roles: Iterable[RoleV6],
    *,
    expiry: int | None,
    credentials_end: int,
    now: int,
) -> Lifetimes:
    """Return a request's times. Raises BadParameter if they are outside the limits.

    `expiry` is the client's limit for the pending request. The *caller's* credentials limit the
    session, even if the request is for another user.
    """
    session = _session(spec, roles, credentials_end - now, now)
    access = _access(spec, requester, session, now)
    waiting = _waiting(expiry, access, now)
    return Lifetimes(
        access_ends=now + access,
        session_ends=now + min(session, access),
        waiting_ends=now + waiting,
    )


def check_assume_start(start: datetime, access_ends: datetime, created: datetime) -> None:
    """Check the start of the access. Raises BadParameter if it is outside the limits."""
    latest = created + _LATEST_START
    if start < created:
        raise BadParameter(f"assume start time has to be after {rfc3339(created)}")
    if start >= access_ends:
        raise BadParameter(
            f"assume start time must be prior to access expiry time at {rfc3339(access_ends)}"
        )
    if start > latest and latest < access_ends:
        raise BadParameter(
            f"assume start time is too far in the future, latest time allowed is {rfc3339(latest)}"
        )


def _session(spec: AccessRequestSpecV3, roles: Iterable[RoleV6], credentials: int, now: int) -> int:
    limits = (role.Spec.Options.MaxSessionTTL or _LONGEST_SESSION for role in roles)
    longest = min(_LONGEST_SESSION, credentials, *limits)
    expires = given_nanoseconds(spec, "Expires")
    if expires is None or expires <= now:
        return longest
    _at_most("session", expires - now, longest)
    return min(expires - now, longest)


def _access(spec: AccessRequestSpecV3, requester: Account, session: int, now: int) -> int:
    """A `max_duration` of the requester's roles counts only for a client that wants a duration."""
    wanted = _wanted_access(spec, now)
    if wanted is None:
        return session
    allowed = min((requestable.longest_access(requester, role) for role in spec.Roles), default=0)
    return min(wanted, allowed or session)


def _wanted_access(spec: AccessRequestSpecV3, now: int) -> int | None:
    ends = given_nanoseconds(spec, "MaxDuration")
    if ends is None:
        return None
    if spec.DryRun:
        return _LONGEST_ACCESS  # the error shows the ceiling to the caller
    if ends < now:
        raise BadParameter("invalid maxDuration: must be greater than creation time")
    if ends - now > _LONGEST_ACCESS:
        raise BadParameter(
            f"max_duration must be less than or equal to {go_duration(_LONGEST_ACCESS)}"
        )
    return ends - now


def _waiting(ends: int | None, access: int, now: int) -> int:
    if ends is None:
        return min(_LONGEST_WAIT, access)
    if ends < now:
        raise BadParameter("invalid request TTL: Access Request can not be created in the past")
    _at_most("request", ends - now, _LONGEST_WAIT)
    _at_most("request", ends - now, access)
    return ends - now


def _at_most(what: str, wanted: int, longest: int) -> None:
    if wanted > longest:
        raise BadParameter(
            f"invalid {what} TTL: {go_duration(wanted)} greater than maximum allowed "
            f"({go_duration(longest)})"
        )
