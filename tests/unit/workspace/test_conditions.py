"""Component conditions."""

from datetime import UTC, datetime, timedelta

import pytest

from workspace.conditions import Conditions, ConditionStatus

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def test_component_is_ready_until_it_reports() -> None:
    conditions = Conditions(Clock())
    lease = conditions.component("lease", part="notifications")
    assert lease.is_ready
    (condition,) = conditions
    assert (condition.name, condition.part, condition.since) == ("lease", "notifications", START)
    assert (condition.status, condition.reason) == (ConditionStatus.READY, "")


def test_since_is_the_time_of_the_last_change_of_status() -> None:
    clock = Clock()
    conditions = Conditions(clock)
    watch = conditions.component("watch")
    lost_at = clock.advance()
    watch.not_ready("the watch ended")
    clock.advance()
    watch.not_ready("the watch ended again")
    assert (watch.reason, conditions["watch"].since) == ("the watch ended again", lost_at)
    synced_at = clock.advance()
    watch.ready()
    assert (watch.reason, conditions["watch"].since) == ("", synced_at)


def test_computed_condition_is_read_each_time() -> None:
    clock = Clock()
    reasons: list[str] = []
    conditions = Conditions(clock)
    conditions.computed("certificate", lambda: reasons[-1] if reasons else "", part="identity")
    assert conditions["certificate"].status is ConditionStatus.READY
    expired_at = clock.advance()
    reasons.append("expired")
    assert conditions["certificate"].fails_readiness
    clock.advance()
    assert (conditions["certificate"].reason, conditions["certificate"].since) == (
        "expired",
        expired_at,
    )


def test_computed_condition_of_optional_component_is_a_warning() -> None:
    conditions = Conditions()
    conditions.computed("clock", lambda: "30 s off", optional=True)
    assert conditions["clock"].status is ConditionStatus.WARNING
    assert not conditions["clock"].fails_readiness


def test_warning_and_optional_component_do_not_fail_readiness() -> None:
    conditions = Conditions()
    conditions.component("outbox").warn("slow")
    conditions.component("app_home", optional=True).not_ready("the scope is missing")
    assert [each.fails_readiness for each in conditions] == [False, False]


def test_name_can_be_registered_once() -> None:
    conditions = Conditions()
    conditions.component("lease")
    with pytest.raises(ValueError, match="lease"):
        conditions.computed("lease", str)
    conditions.remove("lease")
    conditions.component("lease")
