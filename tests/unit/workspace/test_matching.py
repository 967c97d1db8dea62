"""Search in names."""

import pytest

from workspace.directory.candidates.matching import Matches, Searchable, entry

HOSTS = Searchable(
    entry(name, name, labels)
    for name, labels in {
        "staging-db": ["tier=staging"],
        "staging-web": ["tier=staging"],
        "db": ["tier=prod"],
        "db-staging": ["tier=dev"],
        "metrics": ["team=db"],
        "Web-1": [],
    }.items()
)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("db", ["db", "db-staging", "staging-db", "metrics"]),
        ("STAGING", ["staging-db", "staging-web", "db-staging"]),
        ("db staging", ["db-staging", "staging-db"]),
        ("tier=staging", ["staging-db", "staging-web"]),
        ("web", ["Web-1", "staging-web"]),
        ("stagng", ["db-staging", "staging-db", "staging-web"]),
    ],
)
async def test_best_match_comes_first(typed: str, found: list[str]) -> None:
    """Equal names, beginnings, words in the name, other texts, similar names."""
    matches = await HOSTS.search(typed, limit=len(found))
    assert list(matches.items) == found


async def test_text_without_any_similar_name_has_no_match() -> None:
    assert await HOSTS.search("zzzz", limit=10) == Matches((), 0)


async def test_matches_beyond_the_limit_are_counted() -> None:
    matches = await HOSTS.search("db", limit=2)
    assert (list(matches.items), matches.total) == (["db", "db-staging"], 4)
    unfiltered = await HOSTS.search(" ", limit=1)
    assert (list(unfiltered.items), unfiltered.total) == (["db"], 6)


async def test_search_is_limited_to_some_items() -> None:
    matches = await HOSTS.search("db", limit=10, among=[1, 3])
    assert list(matches.items) == ["db-staging", "staging-db"]
