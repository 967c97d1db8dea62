"""Find the role that a typed word means: its name in another case, or with wrong letters."""

from collections.abc import Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

_CHOICES = 3
_SHORT_NAME = 4
"""Two wrong letters of such a name can be any other name."""
_COMPARED = 80
"""Characters of a typed word that are compared with roles."""


def in_any_case(typed: str, roles: Iterable[str]) -> str:
    """Return the role that differs from `typed` only in case, or `typed` if none or several do."""
    found = {role for role in roles if role.casefold() == typed.casefold()}
    return found.pop() if typed not in found and len(found) == 1 else typed


def close_names(typed: str, roles: Sequence[str]) -> tuple[str, ...]:
    """Return up to three roles that differ from `typed` in one or two letters, closest first.

    Swapped neighbors are one wrong letter, and case doesn't count.
    """
    most = 1 if len(typed) <= _SHORT_NAME else 2
    if len(typed) > _COMPARED:
        return ()
    found = process.extract(
        typed, roles, scorer=OSA.distance, processor=str.casefold, score_cutoff=most, limit=_CHOICES
    )
    return tuple(name for name, _, _ in found)
