"""Watching access requests and roles."""

import grpc
import pytest
from grpc import StatusCode

from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.authservice_pb2 import DELETE, INIT, PUT, Event, Watch
from teleport_client._proto.types_pb2 import APPROVED, PENDING, Metadata, RoleV6, WatchKind
from tests.sandbox.teleport.standin_client import Auth, Dial, refused, vote_for, wanted

Stream = grpc.aio.UnaryStreamCall[Watch, Event]


def requests(**wanted_filter: str) -> Watch:
    return Watch(Kinds=[WatchKind(Kind="access_request", Filter=wanted_filter)])


async def watching(auth: Auth, **wanted_filter: str) -> Stream:
    """A watch after its INIT."""
    stream: Stream = auth.WatchEvents(requests(**wanted_filter))
    assert (await following(stream)).Type == INIT
    return stream


async def following(stream: Stream) -> Event:
    event = await stream.read()
    assert isinstance(event, Event)
    return event


async def test_life_of_a_request(stand_in: TeleportStandIn, bot: Auth) -> None:
    """A watch reports the creation, every review, the resolution and the end."""
    stream = await watching(bot)
    made = await bot.CreateAccessRequestV2(wanted("alice", "prod", RequestReason="x"))
    event = await following(stream)
    assert (event.Type, event.AccessRequest) == (PUT, made)
    for author, state in (("bob", PENDING), ("carol", APPROVED)):
        after = await bot.SubmitAccessReview(vote_for(made, author))
        event = await following(stream)
        assert (event.Type, event.AccessRequest.Spec.State) == (PUT, state)
        assert event.AccessRequest == after
    stand_in.cluster.delete_request(made.Metadata.Name)
    event = await following(stream)
    assert (event.Type, event.ResourceHeader.Kind) == (DELETE, "access_request")
    assert event.ResourceHeader.Metadata.Name == made.Metadata.Name
    assert not event.HasField("AccessRequest")


async def test_nothing_from_before(stand_in: TeleportStandIn, bot: Auth) -> None:
    """A watch doesn't repeat earlier changes."""
    await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    stream = await watching(bot)
    later = await bot.CreateAccessRequestV2(wanted("erin", "staging"))
    assert (await following(stream)).AccessRequest == later


async def test_filter_hides_the_approval_but_not_the_deletion(
    stand_in: TeleportStandIn, bot: Auth
) -> None:
    """A watch for pending requests reports their deletion, but never their approval."""
    stream = await watching(bot, state="PENDING")
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    assert (await following(stream)).Type == PUT
    await bot.SubmitAccessReview(vote_for(made, "bob"))
    stand_in.cluster.delete_request(made.Metadata.Name)
    assert (await following(stream)).Type == DELETE


@pytest.mark.parametrize(
    ("watch", "text"),
    [
        (requests(colour="red"), "unknown filter key colour"),
        (requests(state="open"), 'unknown request state: "open"'),
        (
            Watch(Kinds=[WatchKind(Kind="user")]),
            'cache "auth" does not support watching resource "user"',
        ),
        (
            Watch(Kinds=[WatchKind(Kind="user")], AllowPartialSuccess=True),
            'cache "auth" does not support any of the requested resources',
        ),
    ],
)
async def test_unreadable_watch(bot: Auth, watch: Watch, text: str) -> None:
    """A watch that cannot be understood is refused before INIT."""
    assert await refused(bot.WatchEvents(watch).read()) == (StatusCode.INVALID_ARGUMENT, text)


async def test_users_watch_their_own_requests(dial: Dial, bot: Auth) -> None:
    """A user without permission to read access requests can watch their own."""
    erin = await watching(dial("erin"), user="erin")
    await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    own = await bot.CreateAccessRequestV2(wanted("erin", "staging"))
    assert (await following(erin)).AccessRequest == own


async def test_request_where(stand_in: TeleportStandIn, bot: Auth) -> None:
    """A test can await a state of a request, present or still to come."""
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    present = await stand_in.cluster.request_where(lambda it: it.Spec.User == "alice")
    assert present == made
    await bot.SubmitAccessReview(vote_for(made, "bob"))
    approved = await stand_in.cluster.request_where(lambda it: it.Spec.State == APPROVED)
    assert approved.Metadata.Name == made.Metadata.Name


async def test_watch_on_roles_reports_roles_only(stand_in: TeleportStandIn, bot: Auth) -> None:
    stream: Stream = bot.WatchEvents(Watch(Kinds=[WatchKind(Kind="role")]))
    assert (await following(stream)).Type == INIT
    await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    role = RoleV6(Kind="role", Version="v7", Metadata=Metadata(Name="new"))
    stored = stand_in.cluster.put_role(role)
    event = await following(stream)
    assert (event.Type, event.Role) == (PUT, stored)
    stand_in.cluster.delete_role("new")
    event = await following(stream)
    assert (event.Type, event.ResourceHeader.Kind) == (DELETE, "role")
    assert event.ResourceHeader.Metadata.Name == "new"
