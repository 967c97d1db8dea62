"""Memory of deleted objects."""

from dataclasses import replace
from typing import cast

from notifications.following.cache import ObjectCache
from notifications.following.followed_kind import FollowedKind
from teleport_client.model.access_request import AccessRequest
from tests.samples import request


def test_only_the_newest_deleted_objects_are_remembered() -> None:
    """Their last state is needed for a short time only, and memory stays bounded."""
    cache = ObjectCache(cast("FollowedKind[AccessRequest]", None))
    for number in range(20_000):
        cache.store(f"r{number}", replace(request(), id=f"r{number}"))
        cache.store(f"r{number}", None)
    newest = cache.last_known("r19999")
    assert (newest and newest.id, cache.last_known("r0"), len(cache)) == ("r19999", None, 0)
