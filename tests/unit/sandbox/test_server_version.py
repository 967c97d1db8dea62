"""Texts that users type as a Teleport version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.teleport.editions import Edition, Features, full_version

numbers = st.lists(st.integers(0, 9999), min_size=1, max_size=3)


@given(numbers, st.sampled_from(["", "v"]), st.sampled_from(["", "-dev.1", "+build"]))
def test_missing_numbers_of_a_version_are_zeros(given: list[int], prefix: str, end: str) -> None:
    """Servers report three numbers without a prefix."""
    full = ".".join(map(str, [*given, 0, 0][:3])) + end
    assert full_version(prefix + ".".join(map(str, given)) + end) == full
    assert full_version(full) == full


@given(numbers)
def test_short_version_has_the_features_of_the_full_one(given: list[int]) -> None:
    short = ".".join(map(str, given))
    assert Features.of(Edition.ENTERPRISE, short) == Features.of(
        Edition.ENTERPRISE, full_version(short)
    )


@pytest.mark.parametrize("text", ["", "abc", "18.x", "17.", "17.0.0.1", " 17.0", "17.0\n", "٣.1"])
def test_other_texts_are_rejected_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="isn't a Teleport version") as caught:
        full_version(text)
    assert str(caught.value) == (f"{text!r} isn't a Teleport version. Use something like 17.4.0.")


@given(st.text())
def test_any_text_is_a_version_or_rejected(text: str) -> None:
    try:
        full = full_version(text)
    except ValueError:
        return
    Features.of(Edition.COMMUNITY, full)
