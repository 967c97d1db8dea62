"""The typed name of a list and the search, and their form in the buttons of a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.parsing.list_grammar import LONGEST_SEARCH, ListQuery, Scope, parse_list, query_from
from commands.use_cases.lists.search import matcher
from teleport_client.model.access_request import AccessRequest, ResourceId
from tests.samples import request
from tests.strategies import requests
from workspace.requests.user_error import UserError
from workspace.text.untrusted import slack_length


@pytest.mark.parametrize(
    ("text", "scope", "search"),
    [
        ("", Scope.CONCERNED, ""),
        ("mine", Scope.MINE, ""),
        ("MINE staging", Scope.MINE, "staging"),
        ("staging mine", Scope.MINE, "staging"),
        ("--suggested", Scope.SUGGESTED, ""),
        ("—my-requests", Scope.MINE, ""),
        ("“Active”.", Scope.ACTIVE, ""),
        ("all mine", Scope.ALL, "mine"),
        ("redis all db", Scope.CONCERNED, "redis all db"),
        ("reviewabel", Scope.CONCERNED, "reviewabel"),
        ("Request #F40631FC", Scope.CONCERNED, "request f40631fc"),
        ("<@U0ALICE001|Ann B> all", Scope.ALL, "<@U0ALICE001|Ann B>"),
        (" : -- ", Scope.CONCERNED, ""),
    ],
)
def test_first_or_last_word_names_the_list(text: str, scope: Scope, search: str) -> None:
    found = parse_list(text)
    assert found.scope is scope
    assert " ".join(found.search) == search


def test_long_search_is_rejected() -> None:
    assert parse_list("x" * LONGEST_SEARCH).search
    with pytest.raises(UserError) as raised:
        parse_list(f"mine {'x ' * (LONGEST_SEARCH + 1)}")
    assert raised.value.reason == "search_too_long"


@given(st.text(max_size=300), st.integers(0, 10**6))
def test_button_carries_the_query_within_slacks_limit(text: str, page: int) -> None:
    try:
        query = parse_list(text)
    except UserError:
        return
    value = query.to_value(page)
    assert slack_length(value) <= 2000
    assert query_from(value) == ListQuery(query.scope, tuple(" ".join(query.search).split()), page)


@given(st.text(max_size=60))
def test_unreadable_value_is_a_value_error(value: str) -> None:
    """A value of an earlier version has no search."""
    assert query_from("mine:2") == ListQuery(Scope.MINE, page=2)
    try:
        query_from(value)
    except ValueError:
        return


def found(searched: AccessRequest, *words: str) -> bool:
    return matcher(words, lambda _: {"id-1": "staging-db"})(searched)


def test_every_word_has_to_match_somewhere() -> None:
    node = ResourceId("main", "node", "id-1", "sub")
    searched = request(reason="Redis is STUCK", resources=(node,))
    for word in ("alice", "stag", "redis", "stuck", "id-1", "staging-db", "sub", "0000abcd"):
        assert found(searched, word), word
    assert found(searched, "stuck", "alice")
    assert not found(searched, "stuck", "bob")
    assert not found(request(), "staging-db")


@given(requests(), st.lists(st.text(max_size=5), max_size=3))
def test_more_words_never_find_more(searched: AccessRequest, words: list[str]) -> None:
    assert found(searched)
    if found(searched, *words, "x"):
        assert found(searched, *words)
