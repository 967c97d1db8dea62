"""Connections: mutual TLS as a Teleport client meets it, identity files, and restarts."""

import stat
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from grpc import StatusCode

from sandbox.teleport.credentials.authority import Authority
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.credentials.identity_file import IdentityFile
from sandbox.teleport.profile import Profile
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import utc_now
from teleport_client._proto.authservice_pb2 import PingRequest, Watch
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from teleport_client._proto.types_pb2 import WatchKind
from tests.sandbox.teleport.standin_client import Auth, Dial, channel, refused, wanted

HEX_NAME = b"main".hex() + ".teleport.cluster.local"


@pytest.mark.parametrize("name", [HEX_NAME, "teleport.cluster.local", "localhost"])
async def test_server_names(stand_in: TeleportStandIn, name: str) -> None:
    """The Auth Service answers to the cluster's hex name, the plain one and localhost."""
    async with channel(stand_in.address, stand_in.identity("bot"), server_name=name) as opened:
        answer = await AuthServiceStub(opened).Ping(PingRequest())
    assert (answer.ClusterName, answer.ServerVersion) == ("main", "19.1.0")
    assert answer.ServerFeatures.AdvancedAccessWorkflows
    assert answer.ProxyPublicAddr == "teleport.example.com:443"


async def test_foreign_server_name(stand_in: TeleportStandIn) -> None:
    """A name that is not in its certificate makes the client turn away."""
    path = stand_in.identity("bot")
    async with channel(stand_in.address, path, server_name="auth.example.com") as opened:
        code, _ = await refused(AuthServiceStub(opened).Ping(PingRequest()))
    assert code == StatusCode.UNAVAILABLE


async def test_two_certificates(stand_in: TeleportStandIn) -> None:
    """A client that sends its issuer along is refused, as by Teleport."""
    path, extra = stand_in.identity("bot"), stand_in.authority.user.pem
    async with channel(stand_in.address, path, server_name=HEX_NAME, extra=extra) as opened:
        assert await refused(AuthServiceStub(opened).Ping(PingRequest())) == (
            StatusCode.UNAVAILABLE,
            "access denied: intermediaries are not supported",
        )


async def test_certificate_of_another_authority(stand_in: TeleportStandIn, tmp_path: Path) -> None:
    """A certificate that the User CA has not signed does not get through."""
    now = utc_now()
    stranger = Authority("main", stand_in.authority.host, Authority.generate("main", now).user)
    identity = Identity("dana", ("admin",), "main", now + timedelta(days=1))
    forged = tmp_path / "forged"
    stranger.identity_file(identity, now).write(forged)
    async with channel(stand_in.address, forged, server_name=HEX_NAME) as opened:
        code, _ = await refused(AuthServiceStub(opened).Ping(PingRequest()))
    assert code == StatusCode.UNAVAILABLE


async def test_no_certificate(stand_in: TeleportStandIn) -> None:
    """Without a certificate there is no connection."""
    credentials = grpc.ssl_channel_credentials(stand_in.authority.host.pem)
    options = [("grpc.ssl_target_name_override", HEX_NAME)]
    async with grpc.aio.secure_channel(stand_in.address, credentials, options) as opened:
        code, _ = await refused(AuthServiceStub(opened).Ping(PingRequest()))
    assert code == StatusCode.UNAVAILABLE


async def test_user_that_is_gone(stand_in: TeleportStandIn, alice: Auth) -> None:
    """A certificate outlives its user, but opens nothing any more. Seen on 17.0.0-dev."""
    del stand_in.cluster.users["alice"]
    assert await refused(alice.Ping(PingRequest())) == (
        StatusCode.NOT_FOUND,
        'access denied\n\tuser "alice" not found',
    )


async def test_identity_files(stand_in: TeleportStandIn, tmp_path: Path) -> None:
    """All users have a complete file that only its owner can read. The bot's is valid for years."""
    files = stand_in.write_identities()
    people = {"alice", "bob", "carol", "dana", "erin", "frank", "grace", "henry"}
    assert set(files) == people | {"bot", "tctl-admin"}
    assert files["bot"] == tmp_path / "identities" / "bot"
    for path in files.values():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        file = IdentityFile.read(path)
        assert file.ssh_certificate.startswith(b"ecdsa-sha2-nistp256-cert-v01@openssh.com ")
        assert file.ssh_authorities[0].startswith(b"@cert-authority main,*.main ")
        assert file.tls_authorities == (stand_in.authority.host.pem,)
    certificate = x509.load_pem_x509_certificate(IdentityFile.read(files["bot"]).tls_certificate)
    assert certificate.not_valid_after_utc > utc_now() + timedelta(days=2 * 365)


async def test_authorities_have_names_of_their_own(stand_in: TeleportStandIn) -> None:
    """Both are called after the cluster and differ by serial number; leaves name their issuer."""
    host, user = stand_in.authority.host.certificate, stand_in.authority.user.certificate
    assert host.subject != user.subject
    for name in (host.subject, user.subject):
        (organization,) = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        assert organization.value == "main"
    file = IdentityFile.read(stand_in.identity("bot"))
    leaf = x509.load_pem_x509_certificate(file.tls_certificate)
    leaf.verify_directly_issued_by(user)
    for kind in (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier):
        assert not leaf.extensions.get_extension_for_class(kind).critical


async def test_profile(stand_in: TeleportStandIn, tmp_path: Path) -> None:
    """The folder contains the sandbox's address."""
    assert Profile.load(tmp_path) == Profile(stand_in.address, "main")


async def test_restart_keeps_state_and_port(
    stand_in: TeleportStandIn, alice: Auth, dial: Dial
) -> None:
    """While paused, the server doesn't respond. Afterwards its state is unchanged."""
    made = await alice.CreateAccessRequestV2(wanted("alice", "staging"))
    address = stand_in.address
    await stand_in.pause()
    assert (await refused(alice.Ping(PingRequest())))[0] == StatusCode.UNAVAILABLE
    await stand_in.resume()
    assert stand_in.address == address
    await dial("bot").Ping(PingRequest())
    assert made.Metadata.Name in stand_in.cluster.requests


async def test_restart_breaks_off_watches(stand_in: TeleportStandIn, bot: Auth) -> None:
    """A restart ends open watches. The next connection finds the server again."""
    stream = bot.WatchEvents(Watch(Kinds=[WatchKind(Kind="access_request")]))
    await stream.read()
    await stand_in.restart()
    code, _ = await refused(stream.read())
    assert code in (StatusCode.UNAVAILABLE, StatusCode.CANCELLED)
    await bot.Ping(PingRequest(), wait_for_ready=True)


async def test_unknown_method(stand_in: TeleportStandIn) -> None:
    """A method of Teleport's that the stand-in does not have is unimplemented."""
    path = stand_in.identity("bot")
    async with channel(stand_in.address, path, server_name=HEX_NAME) as opened:
        get_domain_name: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
        get_domain_name = opened.unary_unary("/proto.AuthService/GetDomainName")
        code, _ = await refused(get_domain_name(b""))
    assert code == StatusCode.UNIMPLEMENTED


async def test_port_in_use(stand_in: TeleportStandIn, tmp_path: Path) -> None:
    """A port that is taken is an error, not a second listener."""
    with pytest.raises(RuntimeError, match="Failed to bind"):
        await TeleportStandIn.start(tmp_path / "second", port=stand_in.port)


async def test_new_sandbox_forgets_old_logins(tmp_path: Path, dial: Dial) -> None:
    """Logins of an earlier sandbox in the same folder are removed at the start."""
    old = tmp_path / "tsh" / "alice.pem"
    old.parent.mkdir()
    old.write_text("signed by an authority that is gone")
    second = await TeleportStandIn.start(tmp_path)
    await second.stop()
    assert not old.exists()
