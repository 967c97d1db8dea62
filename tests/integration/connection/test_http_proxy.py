"""Bot with an HTTP proxy as its only route, and with an organization's own CA."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from slack_bolt.async_app import AsyncApp

from bot.setup.manifest import manifest
from bot.sockets.socket_client import SocketClient
from sandbox import cast
from sandbox.bot_process import write_settings
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.credentials.authority import CertificateAuthority
from sandbox.teleport.proxy.routing import pump
from sandbox.teleport.proxy.server import ProxyStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import utc_now
from tests.integration.bot_process import bot
from tests.integration.connect_proxy import connect_proxy
from tests.integration.slack_driver import Stage, decisions

SLACK, TELEPORT = "slack.invalid", "web.teleport.invalid"
"""Names that only the HTTP proxy can resolve."""


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    stand_in = await SlackStandIn.start(pace=Pace(unlimited=True), public_url=f"https://{SLACK}")
    stand_in.install(manifest())
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def proxy(teleport: TeleportStandIn, tmp_path: Path) -> AsyncIterator[ProxyStandIn]:
    stand_in = await ProxyStandIn.start(teleport, tmp_path)
    yield stand_in
    await stand_in.stop()


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
async def test_every_host_is_contacted_through_the_http_proxy(
    slack: SlackStandIn, teleport: TeleportStandIn, proxy: ProxyStandIn, tmp_path: Path,
    variable: str,
) -> None:  # fmt: skip
    """Hosts are the Web API, sockets, response URLs, and Teleport behind a load balancer."""
    company = CertificateAuthority.generate("company", utc_now())
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(company.pem + proxy.web_authority.read_bytes())
    settings = write_settings(
        tmp_path,
        teleport=f"{TELEPORT}:443",
        identity=teleport.identity("bot"),
        slack_api=slack.api_url,
    )
    async with tls_before(slack.local_url, company, tmp_path) as slack_address:
        hosts = {f"{SLACK}:443": slack_address, f"{TELEPORT}:443": proxy.behind_load_balancer}
        async with (
            connect_proxy(hosts) as (proxy_address, target_names),
            bot(
                "--config", str(settings), SSL_CERT_FILE=str(trusted),
                TELEPORT_CHATOPS_START_TIMEOUT="10s", **{variable: f"http://{proxy_address}"},
            ) as process,
        ):  # fmt: skip
            await process.event("bot_started")
            await slack.socket_count(2)
            stage = Stage(slack, teleport)
            _, card = await stage.create_request("alice", "staging", "redis 1")
            await stage.response("alice", "You requested staging")
            await stage.click("bob", card, "approve")
            await stage.card_where(card["ts"], lambda message: not decisions(message))
            process.process.terminate()
            code, output = await process.end()
    assert code == 0
    assert "response_attempt_failed" not in output
    assert set(target_names) == hosts.keys()


async def test_socket_uses_the_proxy_for_its_own_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's sockets have different hosts from its Web API."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    monkeypatch.setenv("NO_PROXY", "wss-backup.slack.com")
    client = SocketClient(AsyncApp(token=cast.BOT_TOKEN), cast.APP_TOKEN)
    used = {}
    for host in ("wss-primary.slack.com", "wss-backup.slack.com"):
        client.use_url(f"wss://{host}/link/?ticket=1")
        used[host] = client.proxy
    await client.close()  # type: ignore[no-untyped-call]
    assert used == {
        "wss-primary.slack.com": "http://proxy.invalid:3128",
        "wss-backup.slack.com": None,
    }


@asynccontextmanager
async def tls_before(url: str, company: CertificateAuthority, folder: Path) -> AsyncIterator[str]:
    """Run a TLS server in front of a stand-in, with the organization's certificate."""
    pair = folder / "slack.pem"
    pair.write_bytes(b"".join(company.server_pair("slack", utc_now(), SLACK)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    parts = urlsplit(url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await pump((reader, writer), await asyncio.open_connection(parts.hostname, parts.port))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
