"""Keyword search and pages, as in all of Teleport's lists."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def has_keywords(keywords: Iterable[str], fields: Iterable[str]) -> bool:
    """Return whether each keyword is part of a field, ignoring case."""
    texts = [field.lower() for field in fields]
    return all(any(keyword.lower() in text for text in texts) for keyword in keywords)


def first_page(
    items: Sequence[Item], size: int, key: Callable[[Item], str]
) -> tuple[Sequence[Item], str]:
    """Return the first items and the next page's key, empty if there is none."""
    following = items[size : size + 1]
    return items[:size], key(following[0]) if following else ""
