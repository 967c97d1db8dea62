"""Users, roles, login states, capabilities, nodes and logins."""

from collections.abc import AsyncIterator

import pytest
from grpc import StatusCode
from standin_client import channel

from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.userloginstate_pb2_grpc import UserLoginStateServiceStub
from teleport_client._proto.users_service_pb2_grpc import UsersServiceStub

SERVER_NAME = b"main".hex() + ".teleport.cluster.local"
DENIED = StatusCode.PERMISSION_DENIED


@pytest.fixture
async def services(
    stand_in: TeleportStandIn,
) -> AsyncIterator[tuple[UsersServiceStub, UserLoginStateServiceStub]]:
    """The bot's view of the two smaller services."""
    path = stand_in.identity("bot")
    async with channel(stand_in.address, path, server_name=SERVER_NAME) as opened:
        yield UsersServiceStub(opened), UserLoginStateServiceStub(opened)
