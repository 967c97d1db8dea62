"""Audit events, and the notice of them."""

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.changes import Put, Recorded
from sandbox.teleport.state.expiry import scan
from teleport_client._proto.types_pb2 import LockSpecV2, LockTarget, LockV2, Metadata
from tests.sandbox.teleport.standin_client import Auth, Clock, wanted


async def test_expiry_service_records_the_expired_request(
    stand_in: TeleportStandIn, clock: Clock, alice: Auth
) -> None:
    created = await alice.CreateAccessRequestV2(wanted("alice", "staging"))
    clock.advance(days=14)
    scan(stand_in.cluster)
    event = next(reversed(stand_in.cluster.audit))
    assert (event["event"], event["code"]) == ("access_request.expire", "T5005I")
    assert event["id"] == created.Metadata.Name


async def test_subscriber_learns_of_a_new_event(stand_in: TeleportStandIn, admin: Auth) -> None:
    lock = LockV2(Metadata=Metadata(Name="l"), Spec=LockSpecV2(Target=LockTarget(User="erin")))
    with stand_in.cluster.changes.subscribe() as subscription:
        await admin.UpsertLock(lock)
        changes = subscription.changes()
        assert await anext(changes) == Put(stand_in.cluster.locks["l"])
        assert await anext(changes) == Recorded()
