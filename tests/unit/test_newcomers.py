"""Who goes before the backlog."""

from hypothesis import given
from hypothesis import strategies as st

from notifications.newcomers import Newcomers, without_floods
from teleport_client.access_request import AccessRequest, RequestState


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_flood_of_one_person_waits_and_anybody_else_goes_first() -> None:
    newcomers = Newcomers(clock=Clock())
    assert sum(newcomers.goes_first("mallory") for _ in range(5_000)) == 10
    assert newcomers.goes_first("alice")


@given(st.lists(st.floats(0, 30), max_size=200))
def test_at_most_ten_at_once_and_ten_a_minute_go_first(pauses: list[float]) -> None:
    clock = Clock()
    newcomers = Newcomers(clock=clock)
    first = []
    for pause in pauses:
        clock.now += pause
        if newcomers.goes_first("alice"):
            first.append(clock.now)
    for moment in first:
        assert sum(moment <= other < moment + 60 for other in first) <= 20


def test_of_many_new_ones_those_of_a_flood_are_left_out() -> None:
    made = [asked("mallory") for _ in range(11)] + [asked("alice") for _ in range(10)]
    assert {each.user for each in without_floods(made)} == {"alice"}
    assert len(without_floods(made)) == 10


def asked(user: str) -> AccessRequest:
    return AccessRequest(
        id="i", user=user, roles=("staging",), state=RequestState.PENDING,
        created=None, access_until=None, expires=None,
    )  # fmt: skip


def test_who_waited_goes_first_again() -> None:
    clock = Clock()
    newcomers = Newcomers(clock=clock)
    while newcomers.goes_first("alice"):
        pass
    clock.now += 6
    assert newcomers.goes_first("alice")
    assert not newcomers.goes_first("alice")
