"""Broken setups: the first failed row names the cause, and the exit code matches.

Exit code 1 means a transient or partial problem; 2 means that the setup must change.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from inspect import isawaitable
from typing import TypeAlias
from urllib.parse import urlsplit

import aiohttp
import grpc
import pytest

from bot.observe.logs import without_secrets
from bot.process import running
from bot.settings.settings import load_settings
from bot.start_error import StartError
from sandbox.cast import BOT_USER
from sandbox.teleport.credentials.authority import Authority
from tests.integration.certificates import self_signed
from tests.integration.doctor_setup import FINE, Setup
from workspace.moment import utc_now

Break: TypeAlias = Callable[[Setup], object | Awaitable[object]]


def cut(setup: Setup) -> None:
    path = setup.teleport.identity("bot")
    path.write_bytes(path.read_bytes()[:900])


def use_another_ca(setup: Setup) -> None:
    """Trust a CA other than that of the server's key."""
    path = setup.teleport.identity("bot")
    host, user = setup.teleport.authority.host.pem, setup.teleport.authority.user.pem
    other = Authority.generate("main", utc_now()).host.pem
    path.write_bytes(path.read_bytes().replace(host, other))
    assert user not in path.read_bytes()


def expire(setup: Setup) -> None:
    setup.teleport.write_identity(BOT_USER, lifetime=-timedelta(seconds=30))


def use_own_identity_of_tbot(setup: Setup) -> None:
    """Use tbot's certificate, without the roles of its outputs."""
    cluster = setup.teleport.cluster
    role = type(cluster.roles["teleport-chatops"])()
    role.Metadata.Name = BOT_USER
    cluster.roles[BOT_USER] = role
    cluster.user_named(BOT_USER).Spec.Roles[:] = [BOT_USER]
    setup.teleport.write_identity(BOT_USER).chmod(0o600)


def shorten_certificate(setup: Setup) -> None:
    setup.teleport.write_identity(BOT_USER, lifetime=timedelta(hours=1)).chmod(0o600)
    setup.update("[teleport]\n", "[teleport]\nrefresh_identity = true\n")


def without_scope(setup: Setup) -> None:
    setup.slack.workspace.app.scopes.discard("chat:write")


def without_on_behalf(setup: Setup) -> None:
    del setup.conditions.ReviewRequests.SubmitForUsers[:]


def require_person_mode(setup: Setup) -> None:
    without_on_behalf(setup)
    setup.update("[review]\n", '[review]\nmode = "person"\n')


async def serve_port(
    setup: Setup, response: bytes | None, tls: ssl.SSLContext | None = None
) -> str:
    """Run a server that sends `response`, or nothing, to each connection, and yield its address."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if response is None:
            setup.stack.callback(writer.close)
            return
        writer.write(response)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    setup.stack.callback(server.close)
    return f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def ssh_port(setup: Setup) -> None:
    setup.update(setup.teleport.address, await serve_port(setup, b"SSH-2.0-Teleport\r\n"))


async def silent_port(setup: Setup) -> None:
    setup.update(setup.teleport.address, await serve_port(setup, None))


def plain_http(setup: Setup) -> None:
    setup.update(setup.teleport.address, urlsplit(setup.slack.api_url).netloc)


async def inspecting_proxy(setup: Setup) -> str:
    """Run a TLS server with a certificate from an organization's CA."""
    folder = setup.file.parent
    return await serve_port(setup, b"", self_signed(folder, "Example Corp", "Example Inspection"))


async def inspect_teleport(setup: Setup) -> None:
    setup.update(setup.teleport.address, await inspecting_proxy(setup))


async def inspect_slack(setup: Setup) -> None:
    setup.update(setup.slack.api_url, f"https://{await inspecting_proxy(setup)}/api/")


async def open_all_sockets(setup: Setup) -> None:
    http = await setup.stack.enter_async_context(aiohttp.ClientSession())
    for _ in range(10):
        token = {"Authorization": "Bearer xapp-sandbox-app"}
        async with http.post(
            f"{setup.slack.api_url}apps.connections.open", headers=token
        ) as opened:
            address = (await opened.json())["url"]
        socket = await setup.stack.enter_async_context(http.ws_connect(address))
        await socket.receive()


async def occupy_health_port(setup: Setup) -> None:
    port = (await serve_port(setup, b"")).rpartition(":")[2]
    setup.update("[review]\n", f"[health]\nport = {port}\n[review]\n")


def wrong_clock(setup: Setup, off: timedelta) -> None:
    setup.now = lambda: utc_now() + off


def delete_role(setup: Setup) -> None:
    del setup.teleport.cluster.roles["teleport-chatops"]


def set_approver(setup: Setup) -> None:
    setup.update("[log]\n", '[role_to_approvers]\n"*" = ["bobby"]\n\n[log]\n')


def set_link_only(setup: Setup, role: str) -> None:
    setup.update("[review]\n", f'[review]\nlink_only_roles = ["{role}"]\n')


BROKEN: dict[str, tuple[Break, int, str, str]] = {
    "an unknown setting": (
        lambda s: s.update("[slack]\n", "[slack]\ntokn = 1\n"),
        2, "settings", "Did you mean slack.token?",
    ),
    "no identity": (
        lambda s: s.teleport.identity("bot").unlink(), 2, "identity", "Can't read",
    ),
    "a truncated identity": (cut, 2, "identity", "is incomplete"),
    "an expired identity": (expire, 2, "identity", "expired at"),
    "a world-readable identity": (
        lambda s: s.teleport.identity("bot").chmod(0o644),
        1, "identity file", "is readable by",
    ),
    "an identity of another cluster": (
        use_another_ca, 2, "teleport", "the server's certificate isn't from this cluster",
    ),
    "an unused address": (
        lambda s: s.update(s.teleport.address, "127.0.0.1:1"),
        1, "teleport", "Connection refused",
    ),
    "a server without the newest method": (
        lambda s: s.teleport.faults.remove_method("ListAccessRequests"),
        2, "teleport version", "has no ListAccessRequests, which the bot needs",
    ),
    "a server without another method": (
        lambda s: s.teleport.faults.remove_method("GetPluginData"),
        2, "access_plugin_data: list, read", "Teleport has no GetPluginData",
    ),
    "a certificate valid for an hour": (
        shorten_certificate, 1, "certificate lifetime", "1.0 h, and access that the bot",
    ),
    "an app installed for an organization": (
        lambda s: setattr(s.slack.workspace.app, "enterprise", "E0SANDBOX1"),
        2, "slack", "installed for a whole Enterprise",
    ),
    "no hosts": (
        lambda s: s.conditions.ReviewRequests.ClearField("PreviewAsRoles"),
        1, "host names", "cards show the IDs of hosts instead of their names",
    ),
    "no reviews on behalf of users": (
        without_on_behalf, 1, "review mode", "lacks review_requests.submit_for_users",
    ),
    "a mode that this role doesn't allow": (
        require_person_mode, 2, "review mode", "the bot's role doesn't allow it",
    ),
    "a mode without approvers": (
        lambda s: s.update("[review]\n", '[review]\nmode = "override"\n'),
        2, "review mode", "no approvers are set",
    ),
    "an unavailable Teleport": (
        lambda s: s.teleport.faults.add("GetPluginData", grpc.StatusCode.UNAVAILABLE),
        1, "access_plugin_data: list, read", "check failed",
    ),
    "no permission to create requests": (
        lambda s: s.forbid("access_request", "create"),
        2, "access_request: create", "access denied",
    ),
    "no permission for plugin data": (
        lambda s: s.forbid("access_plugin_data", "update"),
        2, "access_plugin_data: update", "access denied",
    ),
    "no permission to find users": (
        lambda s: s.forbid("user", "list"), 2, "user: list", "access denied",
    ),
    "no locks": (
        lambda s: s.forbid("lock", "list"),
        2, "lock: list, read", "access denied",
    ),
    "no semaphore": (
        lambda s: s.forbid("semaphore", "create"),
        1, "semaphore: create, update", "access denied",
    ),
    "a wrong token": (
        lambda s: s.update("xoxb-sandbox-bot", "xoxb-other"),
        2, "slack", "Slack rejected slack.token: invalid_auth",
    ),
    "swapped tokens": (
        lambda s: s.update("xapp-sandbox-app", "xoxb-sandbox-bot"),
        2, "slack sockets", "slack.app_token: not_allowed_token_type",
    ),
    "a missing scope": (
        without_scope, 2, "slack scopes", "lacks chat:write",
    ),
    "an unknown channel": (
        lambda s: s.update('"access-requests"', '"acess-requests"'),
        2, "recipient acess-requests", "isn't in a channel with this name",
    ),
    "a channel without the bot": (
        lambda s: s.update('"access-requests"', '"general"'),
        2, "recipient general", "the bot isn't in a channel with this name",
    ),
    "a channel's ID without the bot": (
        lambda s: s.update('"access-requests"', '"C0GENERAL1"'),
        2, "recipient C0GENERAL1", "not_in_channel",
    ),
    "no scope for private channels": (
        lambda s: s.slack.workspace.app.scopes.discard("groups:read"),
        1, "slack scopes", "lacks groups:read: the bot can't check private channels",
    ),
    "no scope for commands": (
        lambda s: s.slack.workspace.app.scopes.discard("commands"),
        2, "slack scopes", "lacks commands: commands don't reach the bot",
    ),
    "an unknown fallback channel": (
        lambda s: s.update("[slack]\n", '[slack]\nfallback_channel = "no-such"\n'),
        2, "recipient no-such", "isn't in a channel with this name",
    ),
    "an unwritable log file": (
        lambda s: s.update('output = "stderr"', f'output = "{s.file.parent}"'),
        2, "log output", "(Is a directory)",
    ),
    "an occupied health port": (
        occupy_health_port, 2, "health port", "can't listen on 127.0.0.1:",
    ),
    "a clock 10 minutes behind": (
        lambda s: wrong_clock(s, -timedelta(minutes=10)), 1, "clock", "s off Slack's",
    ),
    "a clock past the identity's expiry": (
        lambda s: wrong_clock(s, timedelta(days=3650)), 2, "clock", "s off Slack's",
    ),
    "an identity's folder": (
        lambda s: s.update(str(s.teleport.identity("bot")), str(s.file.parent)),
        2, "identity", "Is a directory",
    ),
    "an SSH port": (ssh_port, 2, "teleport", "TLS failed (WRONG_VERSION_NUMBER)"),
    "plain HTTP": (plain_http, 2, "teleport", "TLS failed (WRONG_VERSION_NUMBER)"),
    "a silent port": (silent_port, 1, "teleport", "no response in time"),
    "an organization's CA in front of Teleport": (
        inspect_teleport, 2, "teleport", "was issued by Example Inspection",
    ),
    "an organization's CA in front of Slack": (
        inspect_slack, 2, "slack", "is not trusted (self-signed certificate)",
    ),
    "tbot's own identity": (
        use_own_identity_of_tbot, 2, "identity role", "its only role bot-teleport-chatops",
    ),
    "the bot's role deleted": (delete_role, 2, "teleport", "rejected the bot: access denied"),
    "no permission to list roles": (
        lambda s: s.forbid("role", "list"), 2, "role: list", "access denied",
    ),
    "an unknown link-only role": (
        lambda s: set_link_only(s, "prdo"), 2, "role prdo", "can't be reviewed from Slack",
    ),
    "an unknown role with recipients": (
        lambda s: s.update('"*" = "access', 'prdo = "access-requests"\n"*" = "access'),
        1, "role prdo", "role_to_recipients names it",
    ),
    "an unknown approver": (set_approver, 1, "user bobby", "no such user now"),
    "an unknown trait": (
        lambda s: s.update('"slack_uid"', '"slackid"'),
        1, "trait slackid", "no Slack user is linked",
    ),
    "an app token as the bot's": (
        lambda s: s.update("xoxb-sandbox-bot", "xapp-sandbox-app"),
        2, "slack", "slack.token isn't the token of a bot",
    ),
    "Slack down": (
        lambda s: s.slack.faults.inject({"method": "*", "status": 503}),
        1, "slack", "Slack isn't responding: HTTP status 503",
    ),
    "disabled Socket Mode": (
        lambda s: setattr(s.slack.workspace.app, "socket_mode", False),
        2, "slack sockets", "Socket Mode is off",
    ),
    "an unreachable socket host": (
        lambda s: s.slack.faults.inject({"sockets": "refuse"}),
        1, "slack sockets", "no socket at 127.0.0.1:",
    ),
    "ten open sockets": (open_all_sockets, 1, "slack sockets", "10 sockets open"),
    "tokens of two apps": (
        lambda s: setattr(s.slack.workspace.app, "app_of_app_token", "A0OTHER001"),
        2, "slack app", "slack.app_token to A0OTHER001",
    ),
    "a rate limit on the channels": (
        lambda s: s.slack.faults.inject({"method": "users.conversations", "retry_after": 30}),
        1, "recipient access-requests", "Slack is rate limiting the bot for 30 s",
    ),
}  # fmt: skip
"""Change that breaks a setup, the exit code, and the first failed row."""

HINTS = {
    "an identity's folder": "tbot calls it `identity`",
    "an identity of another cluster": "belongs to this cluster",
    "an SSH port": "The Auth Service listens on 3025",
    "plain HTTP": "The Auth Service listens on 3025",
    "a silent port": "firewall or proxy",
    "an organization's CA in front of Teleport": "SSL_CERT_FILE",
    "an organization's CA in front of Slack": "SSL_CERT_FILE",
    "tbot's own identity": "not tbot's storage",
    "an unknown channel": "Set slack.fallback_channel",
    "the bot's role deleted": "user and role still exist",
    "an unknown link-only role": "Did you mean prod?",
    "an unknown role with recipients": "Did you mean prod?",
    "an unknown approver": "Did you mean bob?",
    "an unknown trait": "Did you mean slack_uid?",
    "an app token as the bot's": "Use an xoxb- token for slack.token",
    "an app installed for an organization": "install it to one workspace",
    "Slack down": "status.slack.com",
    "an unreachable socket host": "Let connections to 127.0.0.1:",
    "a rate limit on the channels": "Run doctor again after that",
    "an unknown fallback channel": "fix slack.fallback_channel",
    "a clock past the identity's expiry": "NTP",
    "a clock 10 minutes behind": "NTP",
}
"""Hint of that row, if other causes have other hints."""


@pytest.mark.parametrize("case", list(BROKEN))
async def test_first_failed_row_names_the_cause(setup: Setup, case: str) -> None:
    spoil, exit_code, name, detail = BROKEN[case]
    if isawaitable(broken := spoil(setup)):
        await broken
    checks = await setup.rows()
    first = next(check for check in checks if check.level not in FINE)
    assert first.name == name
    assert detail in first.detail
    assert HINTS.get(case, "") in without_secrets(first.hint)
    assert first.hint
    assert max(check.exit_code for check in checks) == exit_code


@pytest.mark.parametrize(
    "case",
    [
        "an occupied health port",
        "no identity",
        "a truncated identity",
        "an identity of another cluster",
        "an SSH port",
        "plain HTTP",
        "an organization's CA in front of Teleport",
        "the bot's role deleted",
        "a server without the newest method",
        "an organization's CA in front of Slack",
        "a wrong token",
        "an app token as the bot's",
        "an app installed for an organization",
        "swapped tokens",
    ],
)
async def test_run_ends_at_once_with_the_same_text_and_exit_code(setup: Setup, case: str) -> None:
    """No later attempt could succeed."""
    spoil, exit_code, _, detail = BROKEN[case]
    if isawaitable(broken := spoil(setup)):
        await broken
    with pytest.raises(StartError) as ended:
        async with asyncio.timeout(5), running(load_settings(setup.file)):
            pass
    assert ended.value.exit_code == exit_code == 2
    assert detail in ended.value.problem
    assert ended.value.hint
