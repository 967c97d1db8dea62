"""A request expired if Teleport still stores it and no longer lists it."""

from dataclasses import replace

import pytest

from notifications.requests.expiry import RequestExpiry
from teleport_client.errors import TeleportError
from tests.samples import request
from tests.unit.notifications.requests.memory_teleport import MemoryTeleport

OURS = request(id="ours")
OTHERS = (request(id="other"), request(id="of bob", user="bob"))


async def test_stored_request_without_a_list_entry_expired() -> None:
    teleport = MemoryTeleport()
    follower = await teleport.follow(OURS, *OTHERS)
    expiry = RequestExpiry(follower, teleport.kind)
    await expiry.confirm("ours")
    assert not expiry.expired("ours")
    teleport.requests.unlisted.add("ours")
    await expiry.confirm("ours")
    assert (expiry.expired("ours"), expiry.expired("other")) == (True, False)


async def test_newer_copy_of_an_expired_request_is_not_expired() -> None:
    """Teleport accepts reviews of a request that it no longer lists."""
    teleport = MemoryTeleport()
    follower = await teleport.follow(OURS)
    expiry = RequestExpiry(follower, teleport.kind)
    teleport.requests.unlisted.add("ours")
    await expiry.confirm("ours")
    teleport.requests.stored["ours"] = replace(OURS, reason="changed")
    await follower.refresh("ours")
    assert not expiry.expired("ours")


async def test_request_that_changes_during_the_list_is_not_expired() -> None:
    """The list can be older than the change."""
    teleport = MemoryTeleport()
    follower = await teleport.follow(OURS)
    expiry = RequestExpiry(follower, teleport.kind)
    teleport.requests.unlisted.add("ours")

    async def change() -> None:
        teleport.requests.stored["ours"] = replace(OURS, reason="changed")
        await follower.refresh("ours")

    teleport.requests.during_list = change
    await expiry.confirm("ours")
    assert not expiry.expired("ours")


async def test_forgotten_and_deleted_requests_are_not_expired() -> None:
    teleport = MemoryTeleport()
    follower = await teleport.follow(OURS)
    expiry = RequestExpiry(follower, teleport.kind)
    teleport.requests.unlisted.add("ours")
    await expiry.confirm("ours")
    expiry.forget("ours")
    assert not expiry.expired("ours")
    del teleport.requests.stored["ours"]
    await expiry.confirm("ours")
    assert not expiry.expired("ours")
    assert follower.last_known("ours") == OURS


async def test_missing_permission_does_not_make_a_request_look_expired_or_deleted() -> None:
    teleport = MemoryTeleport()
    follower = await teleport.follow(OURS)
    expiry = RequestExpiry(follower, teleport.kind)
    teleport.requests.unlisted.add("ours")
    teleport.visible = False
    with pytest.raises(TeleportError):
        await expiry.confirm("ours")
    del teleport.requests.stored["ours"]
    with pytest.raises(TeleportError):
        await follower.refresh("ours")
    assert follower.get("ours") is not None
    assert not expiry.expired("ours")
