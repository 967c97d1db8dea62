"""The parts of the work queue: priorities, delays, and the record of failures."""

import asyncio
from typing import Any

import pytest
import structlog

from notifications.workqueue.delays import DelayedKeys
from notifications.workqueue.failures import Failures, log_failure
from notifications.workqueue.key import Key
from notifications.workqueue.priorities import PriorityKeys
from teleport_client.errors import Unreachable
from tests.patience import PATIENCE_SECONDS


def key(name: str) -> Key:
    return Key("access_request", name)


def test_every_fourth_turn_belongs_to_low_priority() -> None:
    keys = PriorityKeys()
    for name in "abcdefgh":
        keys.add(key(name), high_priority=name < "g")
    turns = [keys.pop(lambda _high: True) for _ in range(len(keys))]
    assert [each and each[0].name for each in turns] == list("abcgdefh")
    assert [each and each[1] for each in turns] == [name < "g" for name in "abcgdefh"]
    assert keys.pop(lambda _high: True) is None


def test_turn_without_capacity_goes_to_the_other_priority() -> None:
    keys = PriorityKeys()
    keys.add(key("low"), high_priority=False)
    keys.add(key("high"), high_priority=True)
    assert keys.pop(lambda high: not high) == (key("low"), False)
    assert keys.pop(lambda high: not high) is None


def test_key_added_with_both_priorities_waits_once_with_the_higher_one() -> None:
    for first in (True, False):
        keys = PriorityKeys()
        keys.add(key("a"), high_priority=first)
        keys.add(key("b"), high_priority=False)
        keys.add(key("a"), high_priority=not first)
        assert len(keys) == len("ab")
        assert keys.pop(lambda high: high) == (key("a"), True)
        assert len(keys) == 1


def test_cleared_keys_of_both_priorities_do_not_wait() -> None:
    keys = PriorityKeys()
    for high in (True, False):
        keys.add(key(str(high)), high_priority=high)
    keys.clear()
    assert len(keys) == 0


class Delays:
    def __init__(self) -> None:
        self.due: list[tuple[str, bool]] = []
        self.errors: list[dict[str, Any]] = []
        self.keys = DelayedKeys(self._fired)
        self._last = asyncio.Event()
        asyncio.get_running_loop().set_exception_handler(lambda _, error: self.errors.append(error))

    def _fired(self, key: Key, high_priority: bool) -> None:
        self.due.append((key.name, high_priority))
        if key.name == "last":
            self._last.set()

    async def wait(self) -> list[tuple[str, bool]]:
        """Return the keys whose delays ended, after all delays that were set before."""
        self.keys.set(key("last"), 0.02, high_priority=False)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._last.wait()
        assert self.errors == []
        return self.due[:-1]


async def test_new_delay_replaces_an_earlier_one() -> None:
    delays = Delays()
    delays.keys.set(key("a"), 0, high_priority=False)
    delays.keys.set(key("a"), 0.01, high_priority=True)
    assert await delays.wait() == [("a", True)]


async def test_delay_that_ended_early_does_not_fire() -> None:
    delays = Delays()
    delays.keys.set(key("a"), 0, high_priority=True)
    assert (key("a") in delays.keys, key("b") in delays.keys) == (True, False)
    assert [delays.keys.pop(key("a")), delays.keys.pop(key("a"))] == [True, None]
    delays.keys.set(key("b"), 0, high_priority=True)
    delays.keys.clear()
    assert len(delays.keys) == 0
    assert await delays.wait() == []


def failures() -> Failures:
    return Failures("access request", after=0.0)


async def test_success_ends_a_failure() -> None:
    failing = failures()
    failing.count(key("a"), TimeoutError(), new=True)
    failing.succeeded(key("a"))
    assert (len(failing), failing.problem, failing.warning) == (0, "", "")


async def test_later_success_without_work_does_not_end_an_outage() -> None:
    """Only the success after a started call shows that the service responds."""
    failing = failures()
    failing.started(key("sent"))
    failing.succeeded(key("sent"))
    for name in "ab":
        failing.count(key(name), Unreachable("no answer"), new=True)
    failing.succeeded(key("sent"))
    assert failing.problem == "2 access requests can't be shown: Unreachable: no answer"


async def test_success_between_two_failures_is_no_outage() -> None:
    failing = failures()
    failing.count(key("a"), Unreachable("no answer"), new=True)
    failing.started(key("sent"))
    failing.succeeded(key("sent"))
    failing.count(key("b"), Unreachable("no answer"), new=True)
    assert failing.problem == ""


async def test_cleared_failures_are_forgotten_with_the_started_calls() -> None:
    failing = failures()
    failing.started(key("sent"))
    failing.count(key("a"), Unreachable("no answer"), new=True)
    failing.clear()
    assert failing.warning == ""
    for name in "ab":
        failing.count(key(name), Unreachable("no answer"), new=True)
    failing.succeeded(key("sent"))
    assert failing.problem


@pytest.mark.parametrize(
    ("failed", "fields"),
    [
        (key("a"), {"request_id": "a"}),
        (Key("access_list", "l"), {"kind": "access_list", "name": "l"}),
    ],
)
def test_failure_is_a_warning_on_the_first_attempts_and_powers_of_two(
    failed: Key, fields: dict[str, str]
) -> None:
    with structlog.testing.capture_logs() as logged:
        for count in range(1, 9):
            log_failure(failed, Unreachable("no answer"), count, 1.25, new=True)
        log_failure(failed, Unreachable("no answer"), 8, 1.25, new=False)
    levels = [each.pop("log_level") for each in logged]
    assert [i + 1 for i, level in enumerate(levels) if level == "warning"] == [1, 2, 4, 8]
    assert logged[0] == {
        "event": "reconcile_failed",
        "error": "Unreachable: no answer",
        "failure_count": 1,
        "retry_in_seconds": 1.2,
        **fields,
    }
