"""Lists of names in words."""

from collections.abc import Collection, Iterable, Sequence

from workspace.text.budget import count_fitting
from workspace.text.untrusted import safe_name


def join_names(
    names: Iterable[str], limit: int = 6, room: int = 300, *, total: int | None = None
) -> str:
    """Return `a`, `a and b`, `a, b and c`, or `a, b and 7 more`.

    The text contains at most `limit` names and about `room` characters. `total` is the number of
    all names, if `names` are only the first ones.
    """
    items = list(names)
    total = total or len(items)
    shown = count_fitting(items, limit if total <= limit else limit - 1, room)
    if shown < total:
        items = [*items[:shown], f"{total - shown} more"]
    if len(items) < 2:  # noqa: PLR2004 - "and" needs two
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def it_or_them(names: Collection[object]) -> str:
    """Return the pronoun for a list of names."""
    return "it" if len(names) == 1 else "them"


def list_names(names: Sequence[str], limit: int = 6, room: int = 300, *, each: int = 80) -> str:
    """List untrusted names, each in at most `each` characters."""
    labels = (safe_name(name, each) for name in names[:limit])
    return join_names(labels, limit, room, total=len(names))
