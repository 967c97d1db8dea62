"""The one place that opens a connection to Teleport's Auth Service."""

import grpc
import grpc.aio

from teleport_client.identity import Credentials

MAX_RECEIVE_BYTES = 64 * 1024 * 1024
"""The plugin data of every request comes in one answer; gRPC's own limit is 4 MB."""

_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", MAX_RECEIVE_BYTES),
    # Auth ends a connection that is pinged more than once a minute.
    ("grpc.keepalive_time_ms", 75_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


def server_name(cluster: str) -> str:
    """The name that Auth's certificate covers by wildcard (api/utils/cluster.go).

    It carries the cluster in lower-case hex, by which a server that knows several clusters
    picks the authorities to check us against.
    """
    return f"{cluster.encode().hex()}.teleport.cluster.local"


def dial(address: str, credentials: Credentials) -> grpc.aio.Channel:
    """Open a channel by direct mutual TLS to `host:port`. It connects at the first call.

    Trusted are the authorities of the identity alone, never the system's.
    """
    return grpc.aio.secure_channel(
        address,
        grpc.ssl_channel_credentials(
            root_certificates=credentials.trusted_pem,
            private_key=credentials.key_pem,
            certificate_chain=credentials.certificate_pem,
        ),
        options=[
            *_OPTIONS,
            ("grpc.ssl_target_name_override", server_name(credentials.cluster)),
        ],
    )
