"""Audit events, and waits for them."""

import asyncio

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.expiry import scan
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


async def test_waiter_gets_the_next_event(stand_in: TeleportStandIn, alice: Auth) -> None:
    audit = stand_in.cluster.audit
    waiting = asyncio.create_task(audit.wait_beyond(audit.total))
    await asyncio.sleep(0)
    assert not waiting.done()
    await alice.CreateAccessRequestV2(wanted("alice", "staging"))
    assert await waiting == audit.total
