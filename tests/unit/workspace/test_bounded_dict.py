"""A dictionary with a limited number of items."""

from workspace.bounded_dict import BoundedDict


def test_oldest_item_is_dropped_when_the_dictionary_is_full() -> None:
    """A new value for a known key needs no room."""
    bounded = BoundedDict[str, int](2)
    bounded["a"] = bounded["b"] = 1
    bounded["a"] = 2
    assert dict(bounded) == {"a": 2, "b": 1}
    bounded["c"] = 3
    assert dict(bounded) == {"b": 1, "c": 3}
