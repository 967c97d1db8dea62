"""Listing access requests (lib/services/access_request_cache.go)."""

from grpc import StatusCode

from teleport_client._proto.authservice_pb2 import (
    ListAccessRequestsRequest,
    ListAccessRequestsResponse,
)
from tests.server_rules.caches import eventually
from tests.server_rules.requesting import wanted
from tests.server_rules.server import Server, auth, refusal


async def start_key_is_only_compared(server: Server) -> None:
    """The key can have any value: no resource follows one that sorts last."""
    bot = auth(server, "bot")
    await bot.CreateAccessRequestV2(wanted())
    page = await bot.ListAccessRequests(ListAccessRequestsRequest(StartKey="~?"))
    assert (len(page.AccessRequests), page.NextKey) == (0, "")


async def next_key_of_the_default_order_is_an_id(server: Server) -> None:
    bot = auth(server, "bot")
    for _ in range(2):
        await bot.CreateAccessRequestV2(wanted())

    async def one_of_several() -> ListAccessRequestsResponse:
        return await bot.ListAccessRequests(ListAccessRequestsRequest(Limit=1))

    first = await eventually(one_of_several, lambda page: bool(page.NextKey))
    following = await bot.ListAccessRequests(
        ListAccessRequestsRequest(Limit=1, StartKey=first.NextKey)
    )
    assert [it.Metadata.Name for it in following.AccessRequests] == [first.NextKey]


async def page_size_has_a_limit(server: Server) -> None:
    query = ListAccessRequestsRequest(Limit=16_001)
    assert await refusal(auth(server, "bot").ListAccessRequests(query)) == (
        StatusCode.INVALID_ARGUMENT,
        "page size of 16001 is too large",
    )
