"""Find the roles that typed words mean: names in another case, or with wrong letters."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from commands.parsing.durations import is_duration
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.text.budget import join_texts
from workspace.text.names import list_names
from workspace.text.untrusted import safe_name

MOST_NAMED = 12
"""Words or roles in a response."""
_CHOICES = 3
_SHORT_NAME = 4
"""Two wrong letters of such a name can be any other name."""
_COMPARED = 80
"""Characters of a typed word that are compared with roles."""
_ROOM = 800
_PROSE = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*[.,!?…]*")  # noqa: RUF001
"""A word in letters, perhaps with an apostrophe inside and punctuation after it."""


def is_prose(word: str) -> bool:
    """Return whether it looks like a word or a duration, rather than a name."""
    return _PROSE.fullmatch(word) is not None or is_duration(word)


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


def correct(
    draft: RequestDraft, unknown: Sequence[str], allowed: Sequence[str]
) -> tuple[RequestDraft, ...]:
    """Return drafts with close roles, the closest first. None if a word is close to no role."""
    close = {word: close_names(word, allowed) for word in unknown[:MOST_NAMED]}
    if len(close) < len(unknown) or not all(close.values()):
        return ()

    def corrected(choice: int) -> RequestDraft:
        names = (
            close[role][min(choice, len(close[role]) - 1)] if role in close else role
            for role in draft.roles
        )
        return replace(draft, roles=tuple(dict.fromkeys(names)))

    drafts = map(corrected, range(max(map(len, close.values()))))
    return tuple({each.roles: each for each in drafts}.values())


def misspelled(
    draft: RequestDraft, unknown: Sequence[str], corrections: Sequence[RequestDraft]
) -> UserError:
    close = (role for each in corrections for role in each.roles if role not in draft.roles)
    names = join_texts(map(safe_name, dict.fromkeys(close)), _ROOM, " or ")
    return UserError(
        f"You have no role {list_names(unknown)} to request. Did you mean {names}? Nothing was"
        " requested yet.",
        reason="role_misspelled",
    )


def alternatives(unknown: Sequence[str], allowed: Sequence[str]) -> str:
    """Return a sentence with roles that are similar to the unknown ones, or with all of them."""
    if not allowed:
        return "Your Teleport roles don't let you request any role."
    similar = {
        match[0]
        for role in unknown[:MOST_NAMED]
        for match in process.extract(role[:_COMPARED], allowed, limit=3, score_cutoff=60)
    }
    if similar:
        return f"Did you mean {join_texts(map(safe_name, sorted(similar)), _ROOM, ' or ')}?"
    return f"You can request {list_names(allowed, MOST_NAMED)}."
