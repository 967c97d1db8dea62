"""Limit on new requests of one user that go before the backlog."""

from notifications.following.newcomers import newcomers
from notifications.requests.takeover import without_floods
from teleport_client.model.access_request import AccessRequest, RequestState


def test_flood_of_one_user_waits_behind_other_users() -> None:
    limit = newcomers()
    assert sum(limit.allow("mallory") for _ in range(5_000)) == 10
    assert limit.allow("alice")


def test_flooding_requests_are_removed_from_the_new_ones() -> None:
    made = [make_request("mallory") for _ in range(11)] + [make_request("alice") for _ in range(10)]
    assert {each.user for each in without_floods(made)} == {"alice"}
    assert len(without_floods(made)) == 10


def make_request(user: str) -> AccessRequest:
    return AccessRequest(
        id="i", user=user, roles=("staging",), state=RequestState.PENDING,
        created=None, access_until=None, expires=None,
    )  # fmt: skip
