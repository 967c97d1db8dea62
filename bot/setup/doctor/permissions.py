"""Permissions of the bot's role: tried with the bot's own calls, on resources that don't exist.

The feature table names the permissions, and the effect if one is missing. Teleport checks a
permission before it looks for the resource, so any other error shows that the call is allowed. It
hides some objects instead of denying a call; those permissions are read from the bot's roles. It
always shows a user's own record and roles (GetUser in lib/auth/users/usersv1/service.go, GetRole in
lib/auth/auth_with_roles.go), so the probes name neither.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from bot.connect.server_support import UPGRADE
from bot.features.availability import missing_permissions
from bot.features.feature import Choices, Feature
from bot.features.table import FEATURES, REVIEWS_ON_BEHALF
from bot.setup.doctor.check import Check, Level, failure, off, ok, unavailable, warning
from teleport_client.client import TeleportClient
from teleport_client.errors import (
    AdminMfaRequired,
    NotSupported,
    PermissionDenied,
    TeleportError,
    Unexpected,
    Unreachable,
)
from teleport_client.model.access_request import NewAccessRequest, RequestState
from teleport_client.model.lock import Lock
from teleport_client.model.user import Role
from teleport_client.services.access_requests import ACCESS_REQUESTS

_PROBE = "doctor"
"""Name of a user, a role and a plugin that don't exist."""
_MACHINE_ID_HINT = (
    "Use an identity that tbot writes, since this cluster exempts only Machine ID bots from MFA."
    " `teleport-chatops teleport-role --tbot` prints a configuration for tbot."
)
"""Teleport asks for MFA after the check of the role (lib/auth/auth_with_roles.go)."""


@dataclass(frozen=True, slots=True)
class Target:
    teleport: TeleportClient
    trait: str
    now: datetime
    request_id: str
    """Of no request."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A call without effect that needs these verbs."""

    resource: str
    verbs: tuple[str, ...]
    call: Callable[[Target], Awaitable[object]]
    title: str = ""
    needs: tuple["Probe", ...] = ()
    """Probes of other permissions that the call needs, too. If one fails, this one is left out."""

    @property
    def name(self) -> str:
        return f"{self.resource}: {self.title or ', '.join(self.verbs)}"

    def needed_by(self, choices: Choices) -> list[Feature]:
        """Return the features that are on and need one of these verbs."""
        return [
            feature
            for feature in FEATURES
            if feature.is_on(choices)
            for rule in feature.rules
            if rule.resource == self.resource and {*rule.verbs} & {*self.verbs}
        ]


async def _watch(target: Target) -> None:
    async with target.teleport.events.watch(ACCESS_REQUESTS):
        pass


async def _read_plugin_data(target: Target) -> None:
    await target.teleport.plugin_data.list(_PROBE, request_id=target.request_id)


async def _write_plugin_data(target: Target) -> None:
    value = {_PROBE: _PROBE}
    await target.teleport.plugin_data.update(_PROBE, target.request_id, change=value, expect=value)


async def _list_users(target: Target) -> None:
    await target.teleport.users.find_by_trait(target.trait, _PROBE)


async def _read_user(target: Target) -> None:
    await target.teleport.users.get(_PROBE)


async def _read_role(target: Target) -> None:
    await target.teleport.roles.get(_PROBE)


async def _list_roles(target: Target) -> None:
    await target.teleport.requests.get_capabilities(_PROBE)


async def _read_login_state(target: Target) -> None:
    await target.teleport.users.get_login_state(_PROBE)


async def _list_locks(target: Target) -> None:
    await target.teleport.locks.list_in_force(_PROBE, ())


async def _upsert_lock(target: Target) -> None:
    """Try a lock without a target: Teleport rejects it after the check of the permission."""
    await target.teleport.locks.upsert(Lock(name=_PROBE))


async def _create_request(target: Target) -> None:
    await target.teleport.requests.dry_run(NewAccessRequest(user=_PROBE, roles=(_PROBE,)))


async def _set_state(target: Target) -> None:
    await target.teleport.requests.set_state(
        target.request_id, RequestState.DENIED, delegator=_PROBE
    )


async def _delete_request(target: Target) -> None:
    await target.teleport.requests.delete(target.request_id)


async def _take_lease(target: Target) -> None:
    lease = await target.teleport.semaphores.acquire(
        "teleport-chatops", _PROBE, holder=_PROBE, expires=target.now + timedelta(seconds=10)
    )
    await target.teleport.semaphores.cancel(lease)


_USER_READ = Probe("user", ("read",), _read_user)
_ROLE_READ = Probe("role", ("read",), _read_role)
PROBES = (
    Probe("access_request", ("list", "read"), _watch, title="watch"),
    Probe("access_plugin_data", ("list", "read"), _read_plugin_data),
    Probe("access_plugin_data", ("update",), _write_plugin_data),
    _USER_READ,
    Probe("user", ("list",), _list_users, needs=(_USER_READ,)),
    _ROLE_READ,
    Probe("role", ("list",), _list_roles, needs=(_USER_READ, _ROLE_READ)),
    Probe("user_login_state", ("read",), _read_login_state),
    Probe("lock", ("list", "read"), _list_locks),
    Probe("lock", ("create", "update"), _upsert_lock),
    Probe("access_request", ("create",), _create_request),
    Probe("access_request", ("update",), _set_state),
    Probe("access_request", ("delete",), _delete_request),
    Probe("semaphore", ("create", "update"), _take_lease),
)


def visible_objects(choices: Choices, roles: Sequence[Role] | None, hint: str) -> Iterator[Check]:
    """Yield a row for each permission without which Teleport hides objects."""
    for feature in FEATURES:
        if not feature.is_on(choices) or feature is REVIEWS_ON_BEHALF:
            continue
        missing = [*missing_permissions(feature, choices, roles)]
        for rule in feature.rules:
            if rule.hides:
                name = f"{rule.resource}: {', '.join(rule.verbs)}"
                lacks = [each for each in missing if each.startswith(f"{rule.resource}: ")]
                yield _visible(name, feature, roles, lacks, hint)
        if feature.fields:
            yield _visible(feature.name.replace("_", " "), feature, roles, missing, hint)


def _visible(
    name: str, feature: Feature, roles: Sequence[Role] | None, lacks: list[str], hint: str
) -> Check:
    if roles is None and not feature.optional:
        return failure(name, "can't read the bot's roles", hint)
    if lacks:
        return _denied(name, f"the bot's role lacks {', '.join(lacks)}", [feature], hint)
    return ok(name, "allowed")


async def try_verbs(
    teleport: TeleportClient,
    choices: Choices,
    trait: str,
    now: datetime,
    hint: str,
) -> AsyncIterator[Check]:
    """Try each permission that a feature needs, in the order of the probes."""
    target = Target(teleport, trait, now, request_id=str(uuid4()))
    failed: set[Probe] = set()
    for probe in PROBES:
        features = probe.needed_by(choices)
        if not features or not failed.isdisjoint(probe.needs):
            continue
        check = await _try(probe, target, features, hint)
        if check.level is not Level.OK:
            failed.add(probe)
        yield check


async def _try(probe: Probe, target: Target, features: Sequence[Feature], hint: str) -> Check:
    try:
        await probe.call(target)
    except AdminMfaRequired as error:
        return _denied(probe.name, error.text, features, _MACHINE_ID_HINT)
    except PermissionDenied as error:
        return _denied(probe.name, error.text, features, hint)
    except NotSupported as error:
        method = error.method.partition(" ")[0]
        return failure(probe.name, f"Teleport has no {method}", UPGRADE)
    except (Unreachable, Unexpected) as error:
        return unavailable(probe.name, f"check failed: {error}", "Run doctor again in a moment.")
    except TeleportError:
        return ok(probe.name, "allowed")
    return ok(probe.name, "allowed")


def _denied(name: str, text: str, features: Sequence[Feature], hint: str) -> Check:
    effects = "; ".join(dict.fromkeys(feature.without for feature in features))
    if all(feature.opt_in for feature in features):
        options = " ".join(dict.fromkeys(feature.role_option for feature in features))
        effects = f"{effects} (teleport-role {options})"
        if not any(feature.setting for feature in features):
            return off(name, f"not granted: {effects}")
    row = warning if all(feature.optional for feature in features) else failure
    return row(name, f"{text}; {effects}", hint)
