"""Credentials in three files instead of an identity file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.connect.teleport_connection import load_credentials
from bot.settings.settings import TeleportSettings
from sandbox.teleport.server import TeleportStandIn
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import CredentialsError, load_identity_file
from teleport_client.transport.dialer import dial


async def test_key_files_open_a_connection(teleport: TeleportStandIn, tmp_path: Path) -> None:
    """`tctl auth sign --format=tls` writes them."""
    now = datetime.now(UTC)
    identity = load_identity_file(teleport.identity("bot"), now)
    key, certificate, authorities = tmp_path / "key", tmp_path / "crt", tmp_path / "cas"
    key.write_bytes(identity.key_pem)
    certificate.write_bytes(identity.certificate_pem)
    authorities.write_bytes(identity.trusted_pem)
    settings = TeleportSettings(client_key=key, client_crt=certificate, root_cas=authorities)
    credentials = load_credentials(settings, now)
    async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
        assert (await client.cluster.ping()).name == identity.cluster


def test_settings_without_credentials_have_none_to_load() -> None:
    with pytest.raises(CredentialsError, match="No credentials for Teleport are set"):
        load_credentials(TeleportSettings(), datetime.now(UTC))
