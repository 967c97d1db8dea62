"""A client of the Teleport stand-in, for its tests: real TLS, real gRPC, short words."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

import grpc
import pytest

from sandbox.teleport.credentials.identity_file import IdentityFile
from teleport_client._proto.authservice_pb2 import ListAccessRequestsRequest
from teleport_client._proto.types_pb2 import (
    APPROVED,
    AccessRequestFilter,
    AccessRequestSpecV3,
    AccessRequestV3,
    AccessReview,
    AccessReviewSubmission,
    Metadata,
    RequestState,
)

if TYPE_CHECKING:
    from teleport_client._proto.authservice_pb2_grpc import AuthServiceAsyncStub
    from teleport_client._proto.userloginstate_pb2_grpc import UserLoginStateServiceAsyncStub
    from teleport_client._proto.users_service_pb2_grpc import UsersServiceAsyncStub

Auth: TypeAlias = "AuthServiceAsyncStub"
Users: TypeAlias = "UsersServiceAsyncStub"
LoginStates: TypeAlias = "UserLoginStateServiceAsyncStub"
Dial = Callable[[str], Auth]


class Clock:
    """The cluster's clock. It moves only when a test moves it."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self._now

    def advance(self, **duration: float) -> None:
        self._now += timedelta(**duration)


def channel(
    address: str, identity: Path, *, server_name: str, extra: bytes = b""
) -> grpc.aio.Channel:
    """A connection of its own with the credentials of an identity file."""
    file = IdentityFile.read(identity)
    credentials = grpc.ssl_channel_credentials(
        b"".join(file.tls_authorities), file.key, file.tls_certificate + extra
    )
    options = [
        ("grpc.ssl_target_name_override", server_name),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    return grpc.aio.secure_channel(address, credentials, options=options)


def wanted(user: str, *roles: str, name: str | None = None, **spec: Any) -> AccessRequestV3:
    """Return a client's message for a request of roles. The name is a temporary UUID."""
    return AccessRequestV3(
        Metadata=Metadata(Name=str(uuid4()) if name is None else name),
        Spec=AccessRequestSpecV3(User=user, Roles=roles, **spec),
    )


def vote(
    request: AccessRequestV3,
    author: str = "",
    state: RequestState.ValueType = APPROVED,
    **fields: Any,
) -> AccessReviewSubmission:
    review = AccessReview(Author=author, ProposedState=state, **fields)
    return AccessReviewSubmission(RequestID=request.Metadata.Name, Review=review)


def vote_for(
    request: AccessRequestV3,
    author: str,
    state: RequestState.ValueType = APPROVED,
    **fields: Any,
) -> AccessReviewSubmission:
    """Return a review that the bot submits on behalf of a user."""
    return vote(request, author, state, submitted_on_behalf_of_author=True, **fields)


async def listed(auth: Auth, **query: Any) -> list[str]:
    """The ids on the first page."""
    keywords = query.pop("Filter", AccessRequestFilter())
    page = await auth.ListAccessRequests(ListAccessRequestsRequest(Filter=keywords, **query))
    return [request.Metadata.Name for request in page.AccessRequests]


async def refused(call: Awaitable[object]) -> tuple[grpc.StatusCode, str]:
    """The code and the text of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    return failure.value.code(), failure.value.details() or ""
