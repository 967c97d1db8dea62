"""A person's own login: certificates with the roles of approved requests."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_public_identity,
)
from cryptography.hazmat.primitives.serialization.ssh import SSHCertificate
from grpc import StatusCode

from sandbox.teleport.credentials.authority import new_key
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import moment, stamp
from teleport_client._proto.authservice_pb2 import Certs, UserCertsRequest
from teleport_client._proto.types_pb2 import DENIED, AccessRequestV3, LockTarget
from tests.sandbox.teleport.standin_client import Auth, Clock, refused, vote_for, wanted


@pytest.fixture
async def approved(bot: Auth, clock: Clock) -> AccessRequestV3:
    """An approved request for two hours of staging."""
    end = stamp(clock() + timedelta(hours=2))
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging", MaxDuration=end))
    return await bot.SubmitAccessReview(vote_for(made, "bob"))


def asking(*request_ids: str, user: str = "alice") -> UserCertsRequest:
    public = new_key().public_key()
    return UserCertsRequest(
        Username=user,
        AccessRequests=request_ids,
        TLSPublicKey=public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        SSHPublicKey=public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    )


def identity(certificates: Certs) -> Identity:
    return Identity.from_certificate(x509.load_pem_x509_certificate(certificates.TLS))


async def test_plain_login(alice: Auth) -> None:
    """A login without requests has the static roles."""
    found = identity(await alice.GenerateUserCerts(asking()))
    assert (found.user, found.cluster) == ("alice", "main")
    assert found.roles == ("dev", "prod-requester")
    assert found.active_requests == ()


async def test_login_with_a_request(alice: Auth, approved: AccessRequestV3) -> None:
    """A login with an approved request adds its roles, until the access ends."""
    certificates = await alice.GenerateUserCerts(asking(approved.Metadata.Name))
    found = identity(certificates)
    assert found.roles == ("dev", "prod-requester", "staging")
    assert found.active_requests == (approved.Metadata.Name,)
    assert found.expires == moment(approved.Spec.Expires).replace(microsecond=0)
    ssh = load_ssh_public_identity(certificates.SSH)
    assert isinstance(ssh, SSHCertificate)
    assert ssh.key_id == b"alice"
    assert ssh.valid_principals == [b"alice", b"-teleport-internal-join"]


async def test_locked_request_cannot_be_assumed(
    stand_in: TeleportStandIn, alice: Auth, approved: AccessRequestV3
) -> None:
    """A login without the request works."""
    name = approved.Metadata.Name
    stand_in.cluster.lock(LockTarget(AccessRequest=name), message="done")
    assert await refused(alice.GenerateUserCerts(asking(name))) == (
        StatusCode.PERMISSION_DENIED,
        f'lock targeting AccessRequest:"{name}" is in force: done',
    )
    assert identity(await alice.GenerateUserCerts(asking())).active_requests == ()


async def test_undecided_and_denied(alice: Auth, bot: Auth) -> None:
    """A request that is not approved cannot be assumed."""
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    name = made.Metadata.Name
    denied = StatusCode.PERMISSION_DENIED
    assert await refused(alice.GenerateUserCerts(asking(name))) == (
        denied,
        f'access request "{name}" is awaiting approval',
    )
    await bot.SubmitAccessReview(vote_for(made, "bob", DENIED))
    assert await refused(alice.GenerateUserCerts(asking(name))) == (
        denied,
        f'access request "{name}" has been denied',
    )


async def test_ended_access(alice: Auth, approved: AccessRequestV3, clock: Clock) -> None:
    """After its end the access cannot be assumed."""
    clock.advance(hours=2)
    name = approved.Metadata.Name
    assert await refused(alice.GenerateUserCerts(asking(name))) == (
        StatusCode.INVALID_ARGUMENT,
        f'access request "{name}" has expired',
    )


async def test_access_that_begins_later(
    stand_in: TeleportStandIn, alice: Auth, approved: AccessRequestV3, clock: Clock
) -> None:
    """Before its start time the access cannot be assumed."""
    approved.Spec.AssumeStartTime.CopyFrom(stamp(clock() + timedelta(hours=1)))
    stand_in.cluster.requests.put(approved)
    call = asking(approved.Metadata.Name)
    code, details = await refused(alice.GenerateUserCerts(call))
    assert (code, "can not be assumed until" in details) == (StatusCode.INVALID_ARGUMENT, True)
    clock.advance(hours=1)
    assert "staging" in identity(await alice.GenerateUserCerts(call)).roles


async def test_login_as_another_user_is_rejected(bob: Auth, approved: AccessRequestV3) -> None:
    """A user can't get certificates in another user's name, or with another user's request."""
    assert await refused(bob.GenerateUserCerts(asking())) == (
        StatusCode.PERMISSION_DENIED,
        "access denied: impersonation is not allowed",
    )
    call = asking(approved.Metadata.Name, user="bob")
    assert (await refused(bob.GenerateUserCerts(call)))[0] == StatusCode.NOT_FOUND


async def test_unreadable_key(alice: Auth) -> None:
    """A key that is none is refused."""
    call = asking()
    call.TLSPublicKey = b"not a key"
    assert await refused(alice.GenerateUserCerts(call)) == (
        StatusCode.INVALID_ARGUMENT,
        "invalid public key",
    )
