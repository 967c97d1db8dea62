"""Deletion of expired requests."""

from datetime import timedelta
from pathlib import Path

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.changes import Deleted, Put
from sandbox.teleport.state.expiry import scan
from sandbox.teleport.timestamps import moment, stamp
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from teleport_client._proto.types_pb2 import AccessRequestV3, PluginDataUpdateParams
from tests.sandbox.teleport.standin_client import Auth, Clock, channel, vote_for, wanted


async def test_pending_requests_have_a_grace(
    stand_in: TeleportStandIn, bot: Auth, clock: Clock
) -> None:
    """A pending request is deleted forty seconds after its time, not before."""
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    clock.advance(hours=30, seconds=39)
    scan(stand_in.cluster)
    assert made.Metadata.Name in stand_in.cluster.requests
    clock.advance(seconds=1)
    scan(stand_in.cluster)
    assert made.Metadata.Name not in stand_in.cluster.requests


async def test_approved_requests_end_with_the_access(
    stand_in: TeleportStandIn, bot: Auth, clock: Clock
) -> None:
    """An approved request is deleted when the access ends, without grace."""
    end = stamp(clock() + timedelta(hours=1))
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging", MaxDuration=end))
    await bot.SubmitAccessReview(vote_for(made, "bob"))
    clock.advance(minutes=59)
    scan(stand_in.cluster)
    assert made.Metadata.Name in stand_in.cluster.requests
    clock.advance(minutes=1)
    scan(stand_in.cluster)
    assert made.Metadata.Name not in stand_in.cluster.requests


async def test_scan_deletes_a_limited_number(
    stand_in: TeleportStandIn, bot: Auth, clock: Clock
) -> None:
    """One round deletes at most 120 requests; the next one goes on."""
    for _ in range(121):
        await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    clock.advance(days=2)
    scan(stand_in.cluster)
    assert len(stand_in.cluster.requests) == 1
    scan(stand_in.cluster)
    assert len(stand_in.cluster.requests) == 0


async def test_plugin_data_goes_last(stand_in: TeleportStandIn, bot: Auth, clock: Clock) -> None:
    """Plugin data is there for another hour."""
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    name = made.Metadata.Name
    await bot.UpdatePluginData(
        PluginDataUpdateParams(Kind="access_request", Resource=name, Plugin="p", Set={"a": "1"})
    )
    clock.advance(hours=30, minutes=59)
    scan(stand_in.cluster)
    assert ("access_request", name) in stand_in.cluster.plugin_data
    clock.advance(minutes=1)
    scan(stand_in.cluster)
    assert stand_in.cluster.plugin_data == {}


async def test_service_scans_at_intervals(tmp_path: Path, clock: Clock) -> None:
    """The service scans at its interval, and a watch reports the deletion."""
    stand_in = await TeleportStandIn.start(
        tmp_path, now=clock, expiry_interval=timedelta(milliseconds=20)
    )
    name = b"main".hex() + ".teleport.cluster.local"
    async with channel(stand_in.address, stand_in.identity("bot"), server_name=name) as opened:
        made = await AuthServiceStub(opened).CreateAccessRequestV2(wanted("alice", "staging"))
    with stand_in.cluster.requests.changes.subscribe() as subscription:
        clock.advance(days=2)
        assert await anext(subscription.changes()) == Deleted("access_request", made.Metadata.Name)
    await stand_in.stop()


async def test_expire_by_hand(stand_in: TeleportStandIn, bot: Auth, clock: Clock) -> None:
    """A test can end a request's time: its end moves to now, then it is deleted."""
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    with stand_in.cluster.requests.changes.subscribe() as subscription:
        stand_in.cluster.expire(made.Metadata.Name)
        changes = subscription.changes()
        ended = await anext(changes)
        assert isinstance(ended, Put)
        assert isinstance(ended.resource, AccessRequestV3)
        assert moment(ended.resource.Spec.ResourceExpiry) == clock()
        assert await anext(changes) == Deleted("access_request", made.Metadata.Name)
