"""Transports to the Auth Service: direct, TLS routing, load balancer, HTTP proxy."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sandbox.teleport.credentials.authority import Authority
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.proxy.server import ProxyStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client import errors
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import Credentials, load_identity_file
from teleport_client.services.access_requests import ACCESS_REQUESTS
from teleport_client.transport.connector import ConnectionMode
from teleport_client.transport.dialer import Connection, dial
from tests.integration.connect_proxy import connect_proxy
from tests.integration.request_factory import pending_request


@pytest.fixture
async def proxy(
    teleport: TeleportStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ProxyStandIn]:
    """Run a proxy with a web certificate that this machine trusts."""
    running = await ProxyStandIn.start(teleport, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(running.web_authority))
    yield running
    await running.stop()


@pytest.fixture
def credentials(teleport: TeleportStandIn) -> Credentials:
    return load_identity_file(teleport.identity("bot"), datetime.now(UTC))


@asynccontextmanager
async def client_of(
    address: str, credentials: Credentials, *, upgrade: bool | None = None
) -> AsyncIterator[tuple[TeleportClient, Connection]]:
    connection = dial(address, lambda: credentials, upgrade=upgrade)
    async with TeleportClient(connection) as client:
        yield client, connection


async def way_to(address: str, credentials: Credentials, *, upgrade: bool | None = None) -> str:
    """Use a connection, and return its transport."""
    async with client_of(address, credentials, upgrade=upgrade) as (client, connection):
        assert (await client.cluster.ping()).name == credentials.cluster
        return str(connection.mode)


async def refusal(address: str, credentials: Credentials, *, upgrade: bool | None = None) -> str:
    """Return the error of a failed connection."""
    async with client_of(address, credentials, upgrade=upgrade) as (client, _):
        with pytest.raises(errors.Unreachable) as unreachable:
            await client.cluster.ping()
    assert unreachable.value.sent is errors.Sent.NO
    return str(unreachable.value)


async def test_auth_service_is_reached_directly(
    teleport: TeleportStandIn, credentials: Credentials
) -> None:
    """The TLS hello is the same as through a proxy."""
    assert await way_to(teleport.address, credentials) == ConnectionMode.DIRECT


async def test_auth_service_is_reached_by_tls_routing(
    proxy: ProxyStandIn, credentials: Credentials
) -> None:
    """The proxy reads the first protocol name and passes the encrypted stream on."""
    assert await way_to(proxy.address, credentials) == ConnectionMode.DIRECT
    assert proxy.router.passed_to_auth == 1


async def test_auth_service_is_reached_behind_a_load_balancer(
    proxy: ProxyStandIn, credentials: Credentials
) -> None:
    """The handshake detects the balancer. The Auth Service's own TLS runs inside the WebSocket."""
    assert await way_to(proxy.behind_load_balancer, credentials) == ConnectionMode.UPGRADE
    assert proxy.router.passed_to_auth == 1


async def test_rsa_key_works_on_every_transport(
    proxy: ProxyStandIn, credentials: Credentials, teleport: TeleportStandIn
) -> None:
    """Clusters with the legacy signature algorithms use RSA. The other tests use a curve."""
    key = rsa.generate_private_key(65537, 2048)
    who = Identity(credentials.user, ("teleport-chatops",), "main", credentials.expires)
    by_rsa = replace(
        credentials,
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate_pem=teleport.authority.tls_certificate(
            who, key.public_key(), datetime.now(UTC)
        ),
    )
    for address in (teleport.address, proxy.address, proxy.behind_load_balancer):
        await way_to(address, by_rsa)


async def test_transport_can_be_set(proxy: ProxyStandIn, credentials: Credentials) -> None:
    """A setting replaces the detection if it doesn't work."""
    assert (
        await way_to(proxy.behind_load_balancer, credentials, upgrade=True)
        == ConnectionMode.UPGRADE
    )
    error = await refusal(proxy.behind_load_balancer, credentials, upgrade=False)
    assert "the server's certificate isn't from this cluster" in error
    assert "load balancer" not in error


async def test_upgraded_connection_answers_pings(
    proxy: ProxyStandIn, credentials: Credentials, teleport: TeleportStandIn
) -> None:
    """A watch without events stays open. The proxy closes connections that don't answer."""
    async with (
        client_of(proxy.behind_load_balancer, credentials) as (client, _),
        client.events.watch(ACCESS_REQUESTS) as events,
    ):
        await proxy.web.answered_pings(10)
        made = pending_request(teleport)
        event = await anext(aiter(events))
        assert made.Metadata.Name in str(event)


@pytest.mark.parametrize("way", ["direct", "routed", "upgraded"])
async def test_large_responses_are_complete(
    proxy: ProxyStandIn, credentials: Credentials, teleport: TeleportStandIn, way: str
) -> None:
    """The complete ledger is one message."""
    addresses = {
        "direct": teleport.address,
        "routed": proxy.address,
        "upgraded": proxy.behind_load_balancer,
    }
    async with client_of(addresses[way], credentials) as (client, _):
        wanted = {}
        for number in range(60):
            made = pending_request(teleport).Metadata.Name
            wanted[made] = {"entry": f"{number}" * 50_000}
            await client.plugin_data.update("p", made, change=wanted[made], expect={})
        kept = await client.plugin_data.list("p")
    assert {key: dict(value) for key, value in kept.items()} == wanted


@pytest.fixture
def behind_http_proxy(
    proxy: ProxyStandIn, teleport: TeleportStandIn, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Names that only an HTTP proxy resolves, with their addresses."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return {
        "auth.teleport.invalid:3025": teleport.address,
        "proxy.teleport.invalid:443": proxy.address,
        "web.teleport.invalid:443": proxy.behind_load_balancer,
    }


@pytest.mark.parametrize("login", ["", "me:s%40cret"])
async def test_http_proxy_of_the_environment_is_used(
    behind_http_proxy: dict[str, str], credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch, login: str,
) -> None:  # fmt: skip
    """It is used by CONNECT on each transport."""
    async with connect_proxy(behind_http_proxy, login.replace("%40", "@")) as (
        address,
        target_names,
    ):
        # Many users omit the scheme in addresses without a login.
        monkeypatch.setenv("HTTPS_PROXY", f"http://{login}@{address}" if login else address)
        for destination in behind_http_proxy:
            await way_to(destination, credentials)
    auth, routed, web = behind_http_proxy
    assert target_names == [auth, routed, web, web]


async def test_exceptions_bypass_the_http_proxy(
    behind_http_proxy: dict[str, str], teleport: TeleportStandIn, credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Exceptions are loopback and the entries of NO_PROXY, with or without a port."""
    async with connect_proxy(behind_http_proxy) as (address, target_names):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        await way_to(teleport.address, credentials)
        for no_proxy in (
            "teleport.invalid",
            ".teleport.invalid",
            "auth.teleport.invalid:3025",
            "*",
        ):
            monkeypatch.setenv("NO_PROXY", no_proxy)
            await refusal("auth.teleport.invalid:3025", credentials)
    assert not target_names


async def test_rejection_by_an_http_proxy_is_reported(
    behind_http_proxy: dict[str, str], credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error quotes the proxy's status."""
    async with connect_proxy(behind_http_proxy, "someone:else") as (address, _):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        error = await refusal("auth.teleport.invalid:3025", credentials, upgrade=False)
    assert error == "the HTTP proxy refused auth.teleport.invalid:3025: 407 No"


async def test_load_balancer_without_teleport_is_reported(
    proxy: ProxyStandIn, credentials: Credentials
) -> None:
    """The error has its response to the upgrade, and the handshake's error."""
    proxy.web.upgrade_status = 502
    error = await refusal(proxy.behind_load_balancer, credentials)
    assert "the server's certificate isn't from this cluster" in error
    assert "through a load balancer: connection upgrade failed, status 502" in error


async def test_proxy_without_tls_routing_is_reported(
    proxy: ProxyStandIn, credentials: Credentials
) -> None:
    """Its public ping response contains the setting."""
    proxy.web.tls_routing, proxy.web.upgrade_status = False, 404
    error = await refusal(proxy.behind_load_balancer, credentials)
    assert "TLS routing is off on the proxy; use the Auth Service's address" in error


async def test_redirect_to_a_login_page_is_reported_and_not_followed(
    proxy: ProxyStandIn, credentials: Credentials
) -> None:
    """Cover the upgrade and the proxy's public ping."""
    proxy.web.redirect = f"https://{proxy.address}/webapi/elsewhere"
    error = await refusal(proxy.behind_load_balancer, credentials)
    redirect = "HTTP status 302, a redirect to 127.0.0.1"
    assert f"connection upgrade failed, {redirect}" in error
    assert f"the web server there responds with {redirect}: use the proxy's own address" in error


async def test_address_hint_is_fetched_through_the_http_proxy(
    proxy: ProxyStandIn, behind_http_proxy: dict[str, str], credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    proxy.web.tls_routing, proxy.web.upgrade_status = False, 404
    async with connect_proxy(behind_http_proxy) as (address, target_names):
        monkeypatch.setenv("https_proxy", f"http://{address}")
        error = await refusal("web.teleport.invalid:443", credentials)
    assert "TLS routing is off on the proxy; use the Auth Service's address" in error
    direct, upgrade, hint, *_ = target_names
    assert direct == upgrade == hint == "web.teleport.invalid:443"


async def test_proxy_of_another_cluster_is_reported(
    proxy: ProxyStandIn, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The error contains that cluster's name."""
    folder = tmp_path_factory.mktemp("leaf")
    leaf = await TeleportStandIn.start(folder, cluster_name="leaf")
    await leaf.stop()
    credentials = load_identity_file(leaf.identity("bot"), datetime.now(UTC))
    error = await refusal(proxy.address, credentials)
    assert "the proxy belongs to cluster main, but the identity is for leaf" in error


async def test_other_cluster_is_reported(
    credentials: Credentials, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The bot doesn't trust its CAs."""
    other = await TeleportStandIn.start(tmp_path_factory.mktemp("other"))
    assert "the server's certificate isn't from this cluster" in await refusal(
        other.address, credentials
    )
    await other.stop()


async def test_closed_port_is_reported(teleport: TeleportStandIn, credentials: Credentials) -> None:
    """The error is immediate, and no other transport is tried."""
    await teleport.pause()
    assert await refusal(teleport.address, credentials) == "Connection refused"


async def test_rejected_client_certificate_is_reported(
    teleport: TeleportStandIn, credentials: Credentials
) -> None:
    """The Auth Service rejects it after the handshake, so TLS reports no error."""
    now = datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    who = Identity("bot-teleport-chatops", ("r",), "main", now + timedelta(hours=1))
    stranger = Authority.generate("main", now)
    forged = replace(
        credentials,
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate_pem=stranger.tls_certificate(who, key.public_key(), now),
    )
    assert "probably rejected the bot's certificate" in await refusal(teleport.address, forged)


@pytest.mark.parametrize(
    ("named", "error"),
    [
        ("socks5://127.0.0.1:1", "scheme socks5"),
        ("http://127.0.0.1:nonsense", "Port could not"),
    ],
)
async def test_unusable_http_proxy_is_reported(
    behind_http_proxy: dict[str, str], credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch, named: str, error: str,
) -> None:  # fmt: skip
    """Its type or its address is unusable."""
    assert behind_http_proxy
    monkeypatch.setenv("HTTPS_PROXY", named)
    assert error in await refusal("auth.teleport.invalid:3025", credentials, upgrade=False)


async def test_cluster_with_a_long_name_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name of 60 bytes becomes a label of 120 characters, which DNS doesn't allow."""
    name = "teleport-with-a-very-long-name.of-a-cluster.internal.example"
    assert len(name) == 60
    teleport = await TeleportStandIn.start(tmp_path, cluster_name=name)
    proxy = await ProxyStandIn.start(teleport, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.web_authority))
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    for address in (teleport.address, proxy.address, proxy.behind_load_balancer):
        await way_to(address, credentials)
    await proxy.stop()
    await teleport.stop()
