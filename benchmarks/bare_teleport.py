"""A minimal connection to Teleport, with gRPC's own TLS."""

from pathlib import Path

import grpc
import grpc.aio

from sandbox.teleport.credentials.identity_file import IdentityFile
from teleport_client.transport.dialer import MAX_RECEIVE_BYTES
from teleport_client.transport.tls import server_name


def bare_channel(address: str, identity: Path, cluster: str = "main") -> grpc.aio.Channel:
    file = IdentityFile.read(identity)
    credentials = grpc.ssl_channel_credentials(
        b"".join(file.tls_authorities), file.key, file.tls_certificate
    )
    options = [
        ("grpc.ssl_target_name_override", server_name(cluster)),
        ("grpc.max_receive_message_length", MAX_RECEIVE_BYTES),
    ]
    return grpc.aio.secure_channel(address, credentials, options=options)
