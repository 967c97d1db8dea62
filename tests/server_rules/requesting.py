"""Creating access requests (lib/services/access_request.go)."""

from typing import Any
from uuid import uuid4

from grpc import StatusCode

from teleport_client._proto.types_pb2 import AccessRequestSpecV3, AccessRequestV3, Metadata
from tests.server_rules.server import Server, auth, refusal


def wanted(name: str = "", **spec: Any) -> AccessRequestV3:
    """A request of alice's for `staging`; the server replaces the name."""
    given: dict[str, Any] = {"User": "alice", "Roles": ["staging"]}
    return AccessRequestV3(
        Metadata=Metadata(Name=name or str(uuid4())), Spec=AccessRequestSpecV3(**(given | spec))
    )


async def name_must_be_a_uuid(server: Server) -> None:
    word = "ID" if server.version >= (18, 0, 0) else "id"
    assert await refusal(auth(server, "bot").CreateAccessRequestV2(wanted("x"))) == (
        StatusCode.INVALID_ARGUMENT,
        f'invalid access request {word} "x"',
    )


async def reason_has_a_limit(server: Server) -> None:
    """It is counted in bytes."""
    bot = auth(server, "bot")
    await bot.CreateAccessRequestV2(wanted(RequestReason="x" * 4096, DryRun=True))
    assert await refusal(bot.CreateAccessRequestV2(wanted(RequestReason="é" * 2049))) == (
        StatusCode.INVALID_ARGUMENT,
        "access request reason is too long, max 4096 bytes",
    )
