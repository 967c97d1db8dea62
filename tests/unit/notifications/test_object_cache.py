"""The copies of a follower: their age, and what a list or a deletion changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from notifications.following.cache import Cached, Listed, ObjectCache, Source
from tests.unit.notifications.memory_kind import MemoryKind, Thing

NOW = datetime(2030, 1, 1, tzinfo=UTC)
A, B, C = (Thing(name) for name in "abc")


def cache(*fresh: Thing) -> ObjectCache[Thing]:
    known = ObjectCache(MemoryKind())
    for thing in fresh:
        known.store(thing.name, thing)
    return known


def listing(known: ObjectCache[Thing], *things: Thing, changed: str = "") -> list[Listed[Thing]]:
    return list(known.apply_list(things, changed=frozenset(changed)))


def test_list_reports_new_changed_and_missing_objects() -> None:
    known = cache(A, B, C)
    newer, new = replace(B, version=2), Thing("d")
    assert listing(known, A, newer, new) == [
        Listed("b", newer, new=False),
        Listed("d", new, new=True),
        Listed("c", C, new=False),
    ]
    assert [known.get(name) for name in "abcd"] == [
        Cached(A, Source.FRESH),
        Cached(newer, Source.DIFFERENT),
        Cached(C, Source.MISSING),
        Cached(new, Source.LIST),
    ]
    assert list(known.missing()) == ["c"]


def test_list_reports_unchanged_objects_that_need_another_look() -> None:
    waiting = Thing("w", resync=True)
    assert listing(cache(A, waiting), A, waiting) == [Listed("w", waiting, new=False)]


def test_list_does_not_count_for_objects_that_changed_during_it() -> None:
    known = cache(A, B)
    assert listing(known, replace(A, version=0), Thing("c"), changed="abc") == []
    assert known.get("a") == Cached(A, Source.FRESH)
    assert known.get("b") == Cached(B, Source.FRESH)
    assert known.get("c") is None


def test_list_is_reported_from_the_oldest_object_to_the_newest() -> None:
    new, old = (
        Thing(name, created=NOW + age)
        for name, age in (("a", timedelta(1)), ("b", -NOW.resolution))
    )
    undated = Thing("c")
    assert [each.name for each in listing(cache(), new, old, undated)] == ["c", "b", "a"]


def test_break_makes_fresh_copies_stale_and_leaves_missing_ones() -> None:
    known = cache(A, B)
    listing(known, A)
    known.mark_stale()
    assert [each and each.source for each in map(known.get, "ab")] == [
        Source.LIST,
        Source.MISSING,
    ]


def test_deleted_object_leaves_its_last_state_until_it_returns() -> None:
    known = cache(A)
    known.store("a", None)
    known.store("unknown", None)
    assert (known.get("a"), known.last_known("a"), known.last_known("unknown")) == (None, A, None)
    assert ("a" in known, len(known), known.objects()) == (False, 0, [])
    known.store("a", A)
    assert known.last_known("a") is None
    known.store("a", None)
    known.forget("a")
    assert known.last_known("a") is None


def test_only_the_newest_ten_thousand_deletions_are_remembered() -> None:
    things = [Thing(str(number)) for number in range(10_001)]
    known = cache(*things)
    for thing in things:
        known.store(thing.name, None)
    assert known.last_known("0") is None
    assert known.last_known("1") == things[1]


def test_deleted_object_has_the_time_at_which_it_was_seen_last() -> None:
    """A list that lacks the object doesn't count."""
    times = (NOW + timedelta(minutes=minutes) for minutes in range(10))
    known = ObjectCache(MemoryKind(), now=lambda: next(times))
    known.store("a", A)
    listing(known, A)
    listing(known)
    known.store("a", None)
    assert known.last_seen("a") == NOW + timedelta(minutes=1)
    assert known.last_seen("b") is None
