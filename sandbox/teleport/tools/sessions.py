"""tsh's state between two commands: the user's login and assumed access requests."""

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.teleport.credentials.authority import key_pem, new_key
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.credentials.identity_file import IdentityFile
from sandbox.teleport.profile import identity_path, sessions_folder
from sandbox.teleport.timestamps import utc_now
from sandbox.teleport.tools.command_line import connect_auth
from teleport_client._proto.authservice_pb2 import UserCertsRequest


def current(data: Path, user: str) -> Path:
    """Return the last login's identity file until it has expired."""
    session = _session(data, user)
    if session.exists() and _identity(IdentityFile.read(session)).expires > utc_now():
        return session
    return identity_path(data, user)


def log_in(data: Path, user: str, access_requests: Sequence[str]) -> Identity:
    """Log in again, with the roles of these approved requests only."""
    own = identity_path(data, user)
    key = new_key()
    public = key.public_key()
    request = UserCertsRequest(
        Username=user,
        AccessRequests=access_requests,
        SSHPublicKey=public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        TLSPublicKey=public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )
    with connect_auth(data, own) as auth:
        certificates = auth.GenerateUserCerts(request)
    file = IdentityFile(
        key=key_pem(key),
        ssh_certificate=certificates.SSH,
        tls_certificate=certificates.TLS,
        ssh_authorities=IdentityFile.read(own).ssh_authorities,
        tls_authorities=tuple(certificates.TLSCACerts),
    )
    file.write(_session(data, user))
    return _identity(file)


def log_out(data: Path, user: str) -> None:
    _session(data, user).unlink(missing_ok=True)


def _session(data: Path, user: str) -> Path:
    return sessions_folder(data) / f"{user}.pem"


def _identity(file: IdentityFile) -> Identity:
    return Identity.from_certificate(x509.load_pem_x509_certificate(file.tls_certificate))
