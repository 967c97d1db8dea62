"""Listing access requests: order, pages, filters, and visibility."""

import pytest
from grpc import StatusCode

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import rule
from teleport_client._proto.authservice_pb2 import (
    AccessRequestSort,
    ListAccessRequestsRequest,
)
from teleport_client._proto.types_pb2 import (
    PENDING,
    AccessRequestFilter,
    AccessRequestScope,
)
from tests.sandbox.teleport.standin_client import Auth, Clock, Dial, listed, refused, vote, wanted

VERBS = ("list", "read")


@pytest.fixture
async def made(bot: Auth, clock: Clock) -> list[str]:
    """Five requests, by their ids, a second apart."""
    ids = []
    for user in ("bob", "alice", "carol", "alice", "erin"):
        request = await bot.CreateAccessRequestV2(wanted(user, "staging"))
        ids.append(request.Metadata.Name)
        clock.advance(seconds=1)
    return ids


async def paged(auth: Auth, sort: AccessRequestSort.ValueType, *, descending: bool) -> list[str]:
    """All ids, two at a time."""
    ids: list[str] = []
    start = ""
    while True:
        page = await auth.ListAccessRequests(
            ListAccessRequestsRequest(Sort=sort, Descending=descending, Limit=2, StartKey=start)
        )
        ids += [request.Metadata.Name for request in page.AccessRequests]
        start = page.NextKey
        if not start:
            return ids


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (AccessRequestSort.DEFAULT, [0, 1, 2, 3, 4]),
        (AccessRequestSort.CREATED, [0, 1, 2, 3, 4]),
        (AccessRequestSort.STATE, [2, 0, 1, 3, 4]),
        (AccessRequestSort.USER, [1, 3, 0, 2, 4]),
    ],
)
async def test_sorted_pages(
    dial: Dial,
    made: list[str],
    sort: AccessRequestSort.ValueType,
    order: list[int],
    *,
    descending: bool,
) -> None:
    """Pages follow one another without gap or repetition, in every order and both directions."""
    approved = wanted("carol", "staging", name=made[2])
    await dial("dana").SubmitAccessReview(vote(approved))
    expected = [made[index] for index in order]
    if descending:
        expected.reverse()
    assert await paged(dial("bot"), sort, descending=descending) == expected


async def test_next_key_depends_on_the_sort(bot: Auth, made: list[str]) -> None:
    """Keys of different sorts differ, and the last page has none."""
    keys = {
        (await bot.ListAccessRequests(ListAccessRequestsRequest(Sort=sort, Limit=1))).NextKey
        for sort in AccessRequestSort.values()
    }
    assert len(keys) == 4
    whole = await bot.ListAccessRequests(ListAccessRequestsRequest(Limit=5))
    assert whole.NextKey == ""


async def test_page_too_large(bot: Auth) -> None:
    """More than 16000 at a time is refused."""
    assert await refused(bot.ListAccessRequests(ListAccessRequestsRequest(Limit=16_001))) == (
        StatusCode.INVALID_ARGUMENT,
        "page size of 16001 is too large",
    )


@pytest.mark.parametrize(
    ("wanted_filter", "found"),
    [
        (AccessRequestFilter(User="alice"), [1, 3]),
        (AccessRequestFilter(State=PENDING), [0, 1, 2, 3, 4]),
        (AccessRequestFilter(SearchKeywords=["ALI"]), [1, 3]),
        (AccessRequestFilter(SearchKeywords=["stag", "erin"]), [4]),
        (AccessRequestFilter(SearchKeywords=["nothing"]), []),
        (AccessRequestFilter(Requester="alice", Scope=AccessRequestScope.MY_REQUESTS), []),
    ],
)
async def test_filters(
    bot: Auth, made: list[str], wanted_filter: AccessRequestFilter, found: list[int]
) -> None:
    """Each filter narrows the list. The requester is the caller, regardless of the filter."""
    assert await listed(bot, Filter=wanted_filter) == [made[index] for index in found]


async def test_scopes(bob: Auth, made: list[str]) -> None:
    """The scopes are the caller's own, those left to review, and those reviewed."""
    await bob.SubmitAccessReview(vote(wanted("alice", name=made[1])))

    async def in_scope(scope: AccessRequestScope.ValueType) -> list[str]:
        return await listed(bob, Filter=AccessRequestFilter(Scope=scope))

    assert await in_scope(AccessRequestScope.MY_REQUESTS) == [made[0]]
    assert await in_scope(AccessRequestScope.NEEDS_REVIEW) == [made[2], made[3], made[4]]
    assert await in_scope(AccessRequestScope.REVIEWED) == [made[1]]


async def test_visibility(dial: Dial, made: list[str]) -> None:
    """A requester sees the own ones, a reviewer those to review too, the bot all."""
    assert await listed(dial("alice")) == [made[1], made[3]]
    assert await listed(dial("erin")) == [made[4]]
    assert await listed(dial("bob")) == made
    assert await listed(dial("bot")) == made
    assert await listed(dial("alice"), Filter=AccessRequestFilter(User="erin")) == []


async def test_deny_rule_refuses_even_own_requests(
    stand_in: TeleportStandIn, alice: Auth, made: list[str]
) -> None:
    """As 17.0.0-dev answers."""
    stand_in.cluster.roles["dev"].Spec.Deny.Rules.append(rule("access_request", "list"))
    denied = [f'access denied to perform action "{verb}" on "access_request"' for verb in VERBS]
    for only in (AccessRequestFilter(), AccessRequestFilter(ID=made[1])):
        assert await refused(alice.ListAccessRequests(ListAccessRequestsRequest(Filter=only))) == (
            StatusCode.PERMISSION_DENIED,
            ", ".join(denied),
        )


async def test_expired_requests(bot: Auth, made: list[str], clock: Clock) -> None:
    """Lists omit an expired request, but a read by ID finds it until it is deleted."""
    clock.advance(hours=31)
    assert await listed(bot) == []
    assert await listed(bot, Filter=AccessRequestFilter(ID=made[0])) == [made[0]]


async def test_stale_lists(stand_in: TeleportStandIn, bot: Auth, made: list[str]) -> None:
    """A stale cache answers lists from the past, and look-ups by id from the present."""
    stand_in.cluster.stale_lists = True
    new = (await bot.CreateAccessRequestV2(wanted("alice", "staging"))).Metadata.Name
    stand_in.cluster.delete_request(made[0])
    assert await listed(bot) == made
    assert await listed(bot, Filter=AccessRequestFilter(ID=new)) == [new]
    assert await listed(bot, Filter=AccessRequestFilter(ID=made[0])) == []
    stand_in.cluster.stale_lists = False
    assert await listed(bot) == [*made[1:], new]


async def test_unknown_id(bot: Auth) -> None:
    """An id without a request is an empty page, not an error."""
    assert await listed(bot, Filter=AccessRequestFilter(ID="gone")) == []


async def test_stream_of_all(bot: Auth, made: list[str]) -> None:
    """GetAccessRequestsV2 streams the same requests as the lists, including resolved ones."""
    stream = bot.GetAccessRequestsV2(AccessRequestFilter())
    assert [request.Metadata.Name async for request in stream] == made


async def test_negative_limit(bot: Auth) -> None:
    """It ends a real Auth Service (index out of range), so it must be noticed."""
    code, details = await refused(bot.ListAccessRequests(ListAccessRequestsRequest(Limit=-1)))
    assert code == StatusCode.UNAVAILABLE
    assert "index out of range" in details
