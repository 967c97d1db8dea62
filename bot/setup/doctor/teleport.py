"""Teleport's half: the identity, the way there, the server, and what the bot's role lets it do."""

from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_IROTH
from uuid import uuid4

from bot.connect.certificate_lifetime import HINT, is_too_short
from bot.connect.other_bots import count_plugin_announcements
from bot.connect.review_mode import can_submit_on_behalf, detect_mode
from bot.connect.server_support import UPGRADE
from bot.settings.settings import Settings
from bot.setup import teleport_role
from bot.setup.doctor.check import Check, Level, failure, ok, unavailable, warning
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import Credentials
from teleport_client.errors import (
    NotSupported,
    PermissionDenied,
    TeleportError,
    Unexpected,
    Unreachable,
)
from teleport_client.model.access_request import NewAccessRequest, RequestState
from teleport_client.model.cluster import ClusterInfo
from teleport_client.model.user import Role
from teleport_client.rules.access_rules import can_list_hosts
from teleport_client.rules.access_rules import can_list_requests as bot_sees_requests
from teleport_client.services.access_requests import ACCESS_REQUESTS
from teleport_client.transport.connector import ConnectionMode
from teleport_client.transport.dialer import Connection
from workspace.requests.review_policy import ReviewMode

_SOON = timedelta(days=1)
_PROBE = "doctor"


def identity(settings: Settings, credentials: Credentials, now: datetime) -> Iterator[Check]:
    """Whose it is, how long it lasts, and who else can read it."""
    left = credentials.expires - now
    until = f"{credentials.expires:%Y-%m-%d %H:%M} UTC"
    detail = f"{credentials.user} in {credentials.cluster}, until {until}"
    if left < _SOON and not settings.teleport.refresh_identity:
        yield warning(
            "identity", f"{detail}, and it is not read again",
            "Set teleport.refresh_identity, and let tbot renew the file.",
        )  # fmt: skip
    else:
        yield ok("identity", detail)
    for path in _files(settings):
        if path.stat().st_mode & S_IROTH:
            yield warning(
                "identity file", f"everybody on this machine can read {path}",
                "Take that right away, unless it is a mounted secret: chmod o-r.",
            )  # fmt: skip


def server(connection: Connection, cluster: ClusterInfo) -> Check:
    mode = (
        "through a load balancer" if connection.mode is ConnectionMode.UPGRADE else "by TLS to Auth"
    )
    edition = "Enterprise" if cluster.advanced_workflows else "Community Edition"
    return ok("teleport", f"{cluster.name}, {edition} {cluster.version}, {mode}")


def role_cure(mode: ReviewMode, cluster: ClusterInfo, settings: Settings) -> str:
    """Return which role to give to the bot, and its line that this server rejects, if any."""
    printed = ReviewMode.NOTIFY if mode is ReviewMode.OFF else mode
    command = teleport_role.command(printed, asking=settings.request.enabled)
    hint = f"Give the bot the role that `{command}` prints."
    if line := teleport_role.rejected_line(printed, cluster):
        hint += (
            f" Teleport {cluster.version} doesn't accept its line `{line}`, so choose another mode."
        )
    return hint


def review_mode(
    cluster: ClusterInfo, roles: Sequence[Role] | None, settings: Settings
) -> tuple[ReviewMode, Check]:
    """Give the mode, and whether it can work here, also where the settings insist on it."""
    mode, why = detect_mode(cluster, roles, settings)
    detail = f"{mode}: {why}"
    if mode is ReviewMode.PERSON and not cluster.supports_on_behalf_reviews:
        line = teleport_role.rejected_line(mode, cluster)
        refused = f"Teleport {cluster.version} doesn't accept `{line}` in a role"
        hint = f"Leave review.mode at auto: {refused}."
        return mode, failure("review mode", detail, hint)
    if mode is ReviewMode.PERSON and not can_submit_on_behalf(roles):
        hint = role_cure(mode, cluster, settings)
        return mode, failure("review mode", f"{detail}; its role lets it not", hint)
    if mode is ReviewMode.OVERRIDE and not settings.role_to_approvers:
        return mode, failure("review mode", f"{detail}; nobody approves", "Set role_to_approvers.")
    if mode is ReviewMode.NOTIFY and settings.review.mode == "auto":
        if cluster.supports_on_behalf_reviews:
            return mode, warning(
                "review mode", detail, role_cure(ReviewMode.PERSON, cluster, settings)
            )
        hint = "Set role_to_approvers, or leave the deciding to Teleport."
        return mode, warning("review mode", detail, hint)
    return mode, ok("review mode", detail)


def can_list_requests(roles: Sequence[Role] | None, hint: str) -> Check:
    name = "access_request: list, read"
    if roles is None:
        return failure(name, "the bot's own roles cannot be read", hint)
    if bot_sees_requests(roles):
        return ok(name, "allowed")
    return failure(name, "the bot's role does not have both", hint)


def host_names(roles: Sequence[Role] | None, hint: str) -> Check:
    """Without them, cards of resource requests are harder to read, and still correct."""
    name = "host names"
    if roles is None or can_list_hosts(roles):
        return ok(name, "readable")
    return warning(name, "the bot's role shows it no hosts, so cards have their IDs", hint)


async def verbs(
    teleport: TeleportClient,
    settings: Settings,
    bot: str,
    mode: ReviewMode,
    now: datetime,
    hint: str,
) -> AsyncIterator[Check]:
    """Try each permission that the bot needs, on resources that don't exist."""
    nowhere = str(uuid4())
    new = NewAccessRequest(user=_PROBE, roles=(_PROBE,))
    trait = settings.review.slack_user_id_trait
    needed: list[tuple[str, Awaitable[object]]] = [
        ("access_request: watch", _watch(teleport)),
        ("access_plugin_data: list, read", teleport.plugin_data.list(_PROBE, request_id=nowhere)),
        ("access_plugin_data: update", _write_nowhere(teleport, nowhere)),
        ("user: list", teleport.users.find_by_trait(trait, _PROBE)),
        ("user: read", teleport.users.get(bot)),
        ("role: read", teleport.roles.get(_PROBE)),
        ("role: list", teleport.requests.get_capabilities(_PROBE)),
        ("user_login_state: read", teleport.users.get_login_state(bot)),
    ]
    if settings.app_token is not None:
        needed.append(("lock: list, read", teleport.locks.list_in_force(_PROBE, ())))
    if settings.request.enabled:
        needed.append(("access_request: create", teleport.requests.dry_run(new)))
    if mode is ReviewMode.OVERRIDE:
        needed.append(("access_request: update", _decide_nowhere(teleport, nowhere)))
    for name, attempt in needed:
        yield await _tried(name, attempt, hint)
    lease = await _tried("semaphore: create, update", _take_a_lease(teleport, now), hint)
    yield _only_warned(lease, "Until then run one copy only.")


async def certificate_lifetime(
    teleport: TeleportClient, credentials: Credentials, hint: str
) -> Check:
    name = "certificate lifetime"
    hours = credentials.lifetime.total_seconds() / 3600
    try:
        if not await is_too_short(teleport, credentials):
            return ok(name, f"{hours:.0f} h")
    except TeleportError as error:
        return warning(name, f"the roles can't be listed: {error}", hint)
    detail = f"{hours:.1f} h, and access that the bot requests ends with the bot's certificate"
    return warning(name, detail, HINT)


async def other_bots(teleport: TeleportClient) -> Check:
    try:
        count = await count_plugin_announcements(teleport)
    except TeleportError as error:
        hint = "See the rows on its rights."
        return warning("other bots", f"they can't be looked for: {error}", hint)
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
        return warning(check.name, check.detail, f"{check.hint} {until_then}")
    return check


async def _tried(name: str, attempt: Awaitable[object], hint: str) -> Check:
    """What Teleport does not allow it says so; any other refusal means that it looked further."""
    try:
        await attempt
    except PermissionDenied as error:
        return failure(name, error.text, hint)
    except NotSupported as error:
        return failure(name, f"Teleport has no {error.method.partition(' ')[0]}", UPGRADE)
    except (Unreachable, Unexpected) as error:
        return unavailable(name, f"could not be tried: {error}", "Run doctor again in a moment.")
    except TeleportError:
        return ok(name, "allowed")
    return ok(name, "allowed")


async def _watch(teleport: TeleportClient) -> None:
    async with teleport.events.watch(ACCESS_REQUESTS):
        pass


async def _write_nowhere(teleport: TeleportClient, nowhere: str) -> None:
    await teleport.plugin_data.update(
        _PROBE, nowhere, change={_PROBE: _PROBE}, expect={_PROBE: _PROBE}
    )


async def _decide_nowhere(teleport: TeleportClient, nowhere: str) -> None:
    await teleport.requests.set_state(nowhere, RequestState.DENIED, delegator=_PROBE)


async def _take_a_lease(teleport: TeleportClient, now: datetime) -> None:
    lease = await teleport.semaphores.acquire(
        "teleport-chatops", _PROBE, holder=_PROBE, expires=now + timedelta(seconds=10)
    )
    await teleport.semaphores.cancel(lease)


def _files(settings: Settings) -> Iterator[Path]:
    for path in (settings.teleport.identity, settings.teleport.client_key):
        if path is not None:
            yield path
