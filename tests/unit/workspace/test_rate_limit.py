"""Rate limit with a burst and a refill interval."""

from hypothesis import given
from hypothesis import strategies as st

from workspace.rate_limit import RateLimit


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.integers(1, 20), st.floats(0.5, 20), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_allowed_events_stay_within_burst_and_rate(
    at_once: int, seconds_each: float, pauses: list[float]
) -> None:
    """It holds in every time window."""
    clock = Clock()
    limit = RateLimit(at_once=at_once, seconds_each=seconds_each, clock=clock)
    allowed = []
    for pause in pauses:
        clock.now += pause
        if limit.allow("alice"):
            allowed.append(clock.now)
    for number, start in enumerate(allowed):
        for count, end in enumerate(allowed[number:], start=1):
            assert count <= at_once + (end - start) / seconds_each + 1e-6


def test_other_keys_are_not_limited() -> None:
    """One user's flood doesn't use another user's share."""
    limit = RateLimit(at_once=3, seconds_each=1, clock=Clock())
    assert [limit.allow("mallory") for _ in range(5)] == [True, True, True, False, False]
    assert limit.allow("alice")


def test_refused_event_does_not_extend_the_wait() -> None:
    """Retrying doesn't delay the next allowed event."""
    clock = Clock()
    limit = RateLimit(at_once=1, seconds_each=6, clock=clock)
    assert limit.allow("alice")
    for _ in range(50):
        clock.now += 0.1
        assert not limit.allow("alice")
    clock.now += 1
    assert limit.allow("alice")
    assert not limit.allow("alice")


def test_simultaneous_events_count_separately() -> None:
    limit = RateLimit(at_once=3, seconds_each=1, clock=Clock())
    assert limit.allow("alice", 2)
    assert not limit.allow("alice", 2)
    assert limit.allow("alice")


def test_only_the_most_recent_ten_thousand_keys_are_remembered() -> None:
    """Memory stays bounded. A key that is dropped starts anew."""
    limit = RateLimit(at_once=1, seconds_each=6, clock=Clock())
    assert limit.allow("first")
    for number in range(10_000):
        assert limit.allow(f"user {number}")
    assert limit.allow("first")
    assert not limit.allow("user 9999")
