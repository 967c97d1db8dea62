"""The page's address."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.page.location import Location, PaneLocation

ALICE, BOB = PaneLocation("alice"), PaneLocation("bob")


def read(address: str) -> Location:
    return Location.read(dict(parse_qsl(urlsplit(address).query)))


def test_default_is_alice_beside_bob() -> None:
    assert read("/") == Location(panes=(ALICE, BOB), panel="teleport", front="1")


@pytest.mark.parametrize(
    "location",
    [
        Location(),
        Location(panes=(PaneLocation("carol", "@carol", "1.000002"),)),
        Location(panes=(ALICE, PaneLocation("alice", "general")), panel="none", front="2"),
        Location(tab="requests/1", front="panel"),
    ],
)
def test_address_contains_the_location(location: Location) -> None:
    assert read(location.url) == location


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("/?person=bob", Location(panes=(BOB,))),
        ("/?person2=bob", Location(panes=(BOB,))),
        ("/?panel=x&front=x", Location()),
        ("/?person=alice&front=2", Location(panes=(ALICE,), front="1")),
    ],
)
def test_unknown_values_become_the_defaults(address: str, location: Location) -> None:
    assert read(address) == location


def test_changed_pane_comes_to_the_front() -> None:
    changed = Location().with_pane(1, PaneLocation("carol"))
    assert changed.panes == (ALICE, PaneLocation("carol"))
    assert changed.front == "2"
