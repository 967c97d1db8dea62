"""Teleport's half: the identity, the way there, the server, and what the bot's role lets it do."""

from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_IROTH
from uuid import uuid4

from bot import teleport_role
from bot.certificate_lifetime import HINT, is_too_short
from bot.doctor.check import Check, Level, failure, ok, unavailable, warning
from bot.other_bots import announced_elsewhere
from bot.review_mode import find_mode, may_submit
from bot.server_support import UPGRADE
from bot.settings import Settings
from teleport_client.access_request import NewAccessRequest, RequestState
from teleport_client.access_rules import sees_hosts
from teleport_client.access_rules import sees_requests as bot_sees_requests
from teleport_client.client import TeleportClient
from teleport_client.cluster import ClusterInfo
from teleport_client.dialer import Connection
from teleport_client.errors import (
    NotSupported,
    PermissionDenied,
    TeleportError,
    Unexpected,
    Unreachable,
)
from teleport_client.identity import Credentials
from teleport_client.route import Way
from teleport_client.user import Role
from workspace.deciding import Mode

_SOON = timedelta(days=1)
_PROBE = "doctor"


def identity(settings: Settings, credentials: Credentials, now: datetime) -> Iterator[Check]:
    """Whose it is, how long it lasts, and who else can read it."""
    left = credentials.expires - now
    until = f"{credentials.expires:%Y-%m-%d %H:%M} UTC"
    found = f"{credentials.user} in {credentials.cluster}, until {until}"
    if left < _SOON and not settings.teleport.refresh_identity:
        yield warning(
            "identity", f"{found}, and it is not read again",
            "Set teleport.refresh_identity, and let tbot renew the file.",
        )  # fmt: skip
    else:
        yield ok("identity", found)
    for path in _files(settings):
        if path.stat().st_mode & S_IROTH:
            yield warning(
                "identity file", f"everybody on this machine can read {path}",
                "Take that right away, unless it is a mounted secret: chmod o-r.",
            )  # fmt: skip


def server(connection: Connection, cluster: ClusterInfo) -> Check:
    way = "through a load balancer" if connection.way is Way.UPGRADE else "by TLS to Auth"
    edition = "Enterprise" if cluster.advanced_workflows else "Community Edition"
    return ok("teleport", f"{cluster.name}, {edition} {cluster.version}, {way}")


def role_cure(mode: Mode, cluster: ClusterInfo, settings: Settings) -> str:
    """Return which role to give to the bot, and its line that this server rejects, if any."""
    printed = Mode.NOTIFY if mode is Mode.OFF else mode
    command = teleport_role.command(printed, asking=settings.request.enabled)
    cure = f"Give the bot the role that `{command}` prints."
    if line := teleport_role.rejected_line(printed, cluster):
        cure += (
            f" Teleport {cluster.version} doesn't accept its line `{line}`, so choose another mode."
        )
    return cure


def review_mode(
    cluster: ClusterInfo, roles: Sequence[Role] | None, settings: Settings
) -> tuple[Mode, Check]:
    """Give the mode, and whether it can work here, also where the settings insist on it."""
    mode, why = find_mode(cluster, roles, settings)
    found = f"{mode}: {why}"
    if mode is Mode.PERSON and not cluster.takes_reviews_for_people:
        line = teleport_role.rejected_line(mode, cluster)
        refused = f"Teleport {cluster.version} doesn't accept `{line}` in a role"
        cure = f"Leave review.mode at auto: {refused}."
        return mode, failure("review mode", found, cure)
    if mode is Mode.PERSON and not may_submit(roles):
        cure = role_cure(mode, cluster, settings)
        return mode, failure("review mode", f"{found}; its role lets it not", cure)
    if mode is Mode.OVERRIDE and not settings.role_to_approvers:
        return mode, failure("review mode", f"{found}; nobody approves", "Set role_to_approvers.")
    if mode is Mode.NOTIFY and settings.review.mode == "auto":
        if cluster.takes_reviews_for_people:
            return mode, warning("review mode", found, role_cure(Mode.PERSON, cluster, settings))
        cure = "Set role_to_approvers, or leave the deciding to Teleport."
        return mode, warning("review mode", found, cure)
    return mode, ok("review mode", found)


def sees_requests(roles: Sequence[Role] | None, cure: str) -> Check:
    name = "access_request: list, read"
    if roles is None:
        return failure(name, "the bot's own roles cannot be read", cure)
    if bot_sees_requests(roles):
        return ok(name, "allowed")
    return failure(name, "the bot's role does not have both", cure)


def host_names(roles: Sequence[Role] | None, cure: str) -> Check:
    """Without them, cards of resource requests are harder to read, and still correct."""
    name = "host names"
    if roles is None or sees_hosts(roles):
        return ok(name, "readable")
    return warning(name, "the bot's role shows it no hosts, so cards have their IDs", cure)


async def verbs(
    teleport: TeleportClient, settings: Settings, bot: str, mode: Mode, now: datetime, cure: str
) -> AsyncIterator[Check]:
    """Try each permission that the bot needs, on resources that don't exist."""
    nowhere = str(uuid4())
    new = NewAccessRequest(user=_PROBE, roles=(_PROBE,))
    trait = settings.review.slack_user_id_trait
    needed: list[tuple[str, Awaitable[object]]] = [
        ("access_request: watch", _watch(teleport)),
        ("access_plugin_data: list, read", teleport.plugin_data(_PROBE, request_id=nowhere)),
        ("access_plugin_data: update", _write_nowhere(teleport, nowhere)),
        ("user: list", teleport.users_with_trait(trait, _PROBE)),
        ("user: read", teleport.user(bot)),
        ("role: read", teleport.role(_PROBE)),
        ("role: list", teleport.capabilities(_PROBE)),
        ("user_login_state: read", teleport.login_state(bot)),
    ]
    if settings.app_token is not None:
        needed.append(("lock: list, read", teleport.locks_on(_PROBE, ())))
    if settings.request.enabled:
        needed.append(("access_request: create", teleport.try_request(new)))
    if mode is Mode.OVERRIDE:
        needed.append(("access_request: update", _decide_nowhere(teleport, nowhere)))
    for name, attempt in needed:
        yield await _tried(name, attempt, cure)
    lease = await _tried("semaphore: create, update", _take_a_lease(teleport, now), cure)
    yield _only_warned(lease, "Until then run one copy only.")


async def certificate_lifetime(
    teleport: TeleportClient, credentials: Credentials, cure: str
) -> Check:
    name = "certificate lifetime"
    hours = credentials.lifetime.total_seconds() / 3600
    try:
        if not await is_too_short(teleport, credentials):
            return ok(name, f"{hours:.0f} h")
    except TeleportError as error:
        return warning(name, f"the roles can't be listed: {error}", cure)
    found = f"{hours:.1f} h, and access that the bot requests ends with the bot's certificate"
    return warning(name, found, HINT)


async def other_bots(teleport: TeleportClient) -> Check:
    try:
        count = await announced_elsewhere(teleport)
    except TeleportError as error:
        cure = "See the rows on its rights."
        return warning("other bots", f"they can't be looked for: {error}", cure)
    if count:
        return warning(
            "other bots",
            f"Teleport's own Slack plugin announces requests too ({count} now)",
            "Stop one of the two, or everybody is told twice.",
        )
    return ok("other bots", "nobody else announces requests")


def _only_warned(check: Check, until_then: str) -> Check:
    """The bot works without it, in part."""
    if check.level is Level.FAILURE:
        return warning(check.name, check.found, f"{check.cure} {until_then}")
    return check


async def _tried(name: str, attempt: Awaitable[object], cure: str) -> Check:
    """What Teleport does not allow it says so; any other refusal means that it looked further."""
    try:
        await attempt
    except PermissionDenied as error:
        return failure(name, error.text, cure)
    except NotSupported as error:
        return failure(name, f"Teleport has no {error.method.partition(' ')[0]}", UPGRADE)
    except (Unreachable, Unexpected) as error:
        return unavailable(name, f"could not be tried: {error}", "Run doctor again in a moment.")
    except TeleportError:
        return ok(name, "allowed")
    return ok(name, "allowed")


async def _watch(teleport: TeleportClient) -> None:
    async with teleport.watch_requests():
        pass


async def _write_nowhere(teleport: TeleportClient, nowhere: str) -> None:
    await teleport.update_plugin_data(
        _PROBE, nowhere, change={_PROBE: _PROBE}, expect={_PROBE: _PROBE}
    )


async def _decide_nowhere(teleport: TeleportClient, nowhere: str) -> None:
    await teleport.set_request_state(nowhere, RequestState.DENIED, delegator=_PROBE)


async def _take_a_lease(teleport: TeleportClient, now: datetime) -> None:
    lease = await teleport.acquire_semaphore(
        "teleport-chatops", _PROBE, holder=_PROBE, expires=now + timedelta(seconds=10)
    )
    await teleport.cancel_lease(lease)


def _files(settings: Settings) -> Iterator[Path]:
    for path in (settings.teleport.identity, settings.teleport.client_key):
        if path is not None:
            yield path
