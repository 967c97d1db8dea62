"""Joins texts within a budget of characters.

Slack rejects a message whose texts have more than about 13,200 characters together, even if each
one is short (observed, slackapi/bolt-js#2509). So each list in a view has a budget (`room`). The
budgets of a view add up to less than this limit.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate

from workspace.text.untrusted import fit_text, slack_length

REASON_LIMIT = 1_500
"""Length of a request's or a review's reason in a message of its own."""


def join_texts(texts: Iterable[str], room: int, separator: str = "; ") -> str:
    """Join as many texts as fit, and append the number of the others."""
    items = [fit_text(each, room) for each in texts]
    shown = count_fitting(items, len(items), room, separator)
    left = [f"and {len(items) - shown} more"] if shown < len(items) else []
    return separator.join([*items[:shown], *left])


def count_fitting(items: Sequence[str], most: int, room: int, separator: str = ", ") -> int:
    """Return how many of at most `most` items fit. The first one always counts."""
    lengths = accumulate(slack_length(item) + len(separator) for item in items[:most])
    return max(1, sum(length <= room + len(separator) for length in lengths)) if items else 0
