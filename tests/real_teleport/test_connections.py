"""The ways from the bot to Teleport."""

import ssl
from pathlib import Path

import pytest

from tests.real_teleport.harness.bot_process import running_bot
from tests.real_teleport.harness.world import World


async def approve_one(world: World, settings: Path, **environment: str) -> None:
    """Prove that a bot with these settings reads, writes and watches."""
    async with running_bot(settings, **environment):
        _, card = await world.requested("alice", "staging", "over this connection")
        await world.people.click("bob", card, "approve")
        await world.approved(card)


async def test_bot_reaches_teleport_through_the_proxy(world: World) -> None:
    """By TLS routing on the port of the web UI."""
    await approve_one(world, world.settings(teleport=world.cluster.proxy))


async def test_bot_reaches_teleport_by_a_connection_upgrade(world: World, tmp_path: Path) -> None:
    """As behind a load balancer that terminates TLS; the proxy's certificate is self-signed."""
    host, port = world.cluster.proxy.split(":")
    authority = tmp_path / "proxy.pem"
    authority.write_text(ssl.get_server_certificate((host, int(port))))
    await approve_one(
        world,
        world.settings(teleport=world.cluster.proxy),
        TELEPORT_CHATOPS_TELEPORT__CONNECTION_UPGRADE="true",
        SSL_CERT_FILE=str(authority),
    )


async def test_older_key_names_the_auth_service(world: World) -> None:
    settings = world.settings()
    settings.write_text(settings.read_text().replace("addr =", "auth_server =", 1))
    await approve_one(world, settings)


@pytest.mark.parametrize("way", ["auth", "proxy"])
async def test_bot_takes_the_three_files_of_tls(world: World, way: str) -> None:
    """Those that `tctl auth sign --format=tls` writes."""
    stem = await world.cluster.identity("chatops", kind="tls")
    settings = world.settings(teleport=getattr(world.cluster, way))
    lines = settings.read_text().replace(
        f'identity = "{world.setting.identity}"',
        f'client_crt = "{stem}.crt"\nclient_key = "{stem}.key"\nroot_cas = "{stem}.cas"',
    )
    settings.write_text(lines)
    await approve_one(world, settings)
