"""A plain gRPC client of the Auth Service, with an identity file's credentials."""

import re
from pathlib import Path
from time import time
from types import TracebackType
from typing import TYPE_CHECKING, Self
from uuid import uuid4

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from teleport_client._proto.authservice_pb2 import ListAccessRequestsRequest
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from teleport_client._proto.types_pb2 import (
    AccessRequestFilter,
    AccessRequestSpecV3,
    AccessRequestV3,
    AcquireSemaphoreRequest,
    Metadata,
    PluginDataFilter,
    PluginDataUpdateParams,
)

if TYPE_CHECKING:
    from teleport_client._proto.authservice_pb2_grpc import AuthServiceAsyncStub

_ACCESS_REQUEST = "access_request"
_SERVER_NAME = "teleport.cluster.local"
"""In every Auth Service's certificate (api/constants/constants.go)."""
_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----\n", re.DOTALL)


class Teleport:
    """Creates access requests, and reads and writes their plugin data."""

    def __init__(self, address: str, identity: Path) -> None:
        key, *certificates = (found[0] for found in _PEM.finditer(identity.read_bytes()))
        credentials = grpc.ssl_channel_credentials(b"".join(certificates[1:]), key, certificates[0])
        self._channel = grpc.aio.secure_channel(
            address, credentials, [("grpc.ssl_target_name_override", _SERVER_NAME)]
        )
        self._auth: AuthServiceAsyncStub = AuthServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self._channel.close()

    async def create_request(self, user: str, role: str, reason: str) -> None:
        """Create a request of a user for a role."""
        spec = AccessRequestSpecV3(User=user, Roles=[role], RequestReason=reason)
        metadata = Metadata(Name=str(uuid4()))
        await self._auth.CreateAccessRequestV2(AccessRequestV3(Metadata=metadata, Spec=spec))

    async def request(self, request_id: str) -> AccessRequestV3:
        page = await self._auth.ListAccessRequests(
            ListAccessRequestsRequest(Filter=AccessRequestFilter(ID=request_id))
        )
        (found,) = page.AccessRequests
        return found

    async def plugin_data(self, request_id: str) -> dict[str, dict[str, str]]:
        """Return what each plugin stores for a request, by plugin name."""
        found = await self._auth.GetPluginData(
            PluginDataFilter(Kind=_ACCESS_REQUEST, Resource=request_id)
        )
        return {
            plugin: dict(entry.Data)
            for record in found.PluginData
            for plugin, entry in record.Spec.Entries.items()
        }

    async def update_plugin_data(self, request_id: str, plugin: str, data: dict[str, str]) -> None:
        await self._auth.UpdatePluginData(
            PluginDataUpdateParams(
                Kind=_ACCESS_REQUEST, Resource=request_id, Plugin=plugin, Set=data
            )
        )

    async def is_lease_free(self, kind: str, name: str) -> bool:
        """Return whether a semaphore has a free lease, by acquiring the only one for a second."""
        expires = Timestamp()
        expires.FromMilliseconds(round(time() * 1000) + 1000)
        lease = AcquireSemaphoreRequest(
            SemaphoreKind=kind, SemaphoreName=name, MaxLeases=1, Expires=expires, Holder="test"
        )
        try:
            await self._auth.AcquireSemaphore(lease)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
            return False
        return True
