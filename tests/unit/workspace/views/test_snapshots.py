"""The texts of every view are the reviewed ones. `make snapshots` renews them."""

from difflib import unified_diff

from tests.snapshots.files import recorded, snapshots


def test_views_are_the_reviewed_ones() -> None:
    """A change of any text appears in a diff that a reviewer reads."""
    expected, found = recorded(), snapshots()
    assert expected.keys() == found.keys(), "run make snapshots, and review the diff"
    for name, text in found.items():
        difference = unified_diff(expected[name].splitlines(), text.splitlines(), lineterm="")
        assert not list(difference), f"run make snapshots, and review the diff of {name}"


def test_snapshots_are_the_same_in_every_run() -> None:
    assert snapshots() == snapshots()
