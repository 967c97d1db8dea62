"""What all lists have in common: searching by keywords, and pages."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def has_keywords(keywords: Iterable[str], fields: Iterable[str]) -> bool:
    """Whether every keyword is part of some field, whatever its case."""
    texts = [field.lower() for field in fields]
    return all(any(keyword.lower() in text for text in texts) for keyword in keywords)


def first_page(
    items: Sequence[Item], size: int, key: Callable[[Item], str]
) -> tuple[Sequence[Item], str]:
    """The first items, and the key that the next page begins with, empty if there is none."""
    following = items[size : size + 1]
    return items[:size], key(following[0]) if following else ""
