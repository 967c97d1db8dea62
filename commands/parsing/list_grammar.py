"""Parse the text of `/teleport-pending`: the list, and words to search for, in either order."""

import re
from dataclasses import dataclass
from enum import StrEnum

from commands.parsing.words import DASHES, QUOTES, normalize_word
from workspace.requests.user_error import UserError

LONGEST_SEARCH = 200
"""Characters. The value of a button, which carries the search, has 2000 at most."""
_WORD = re.compile(r"(?:<@[^<>]*>|\S)+")
_AROUND = "".join(QUOTES) + "`()[]{}#.,:;"


class Scope(StrEnum):
    """The part of the requests to list. The values are part of paging buttons."""

    CONCERNED = ""
    """The user's own pending requests, and those that the user can review."""
    MINE = "mine"
    REVIEWABLE = "reviewable"
    SUGGESTED = "suggested"
    ACTIVE = "active"
    """The user's own approved access that hasn't ended."""
    ALL = "all"


SCOPES = tuple(scope.value for scope in Scope if scope.value)
_SCOPES = {scope.value: scope for scope in Scope if scope.value} | {"my-requests": Scope.MINE}
"""By word, also in tsh's spelling."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    scope: Scope = Scope.CONCERNED
    search: tuple[str, ...] = ()
    """Words in lower case; a request has to contain all of them."""
    page: int = 0

    def to_value(self, page: int) -> str:
        """Return the value of a button that shows this page."""
        return ":".join(
            (self.scope.value, str(page), *([" ".join(self.search)] * bool(self.search)))
        )


def parse_list(text: str) -> ListQuery:
    """Return the list and the search. The first or the last word can name the list.

    Raises UserError for a search that is too long.
    """
    words = [word for each in _WORD.findall(text) if (word := each.strip(_AROUND + DASHES))]
    scope = Scope.CONCERNED
    for at in (0, -1):
        named = _SCOPES.get(normalize_word(words[at])) if words else None
        if named is not None:
            scope = named
            del words[at]
            break
    if sum(map(len, words)) > LONGEST_SEARCH:
        raise UserError(
            f"Search for at most {LONGEST_SEARCH} characters, such as a role or a requester.",
            reason="search_too_long",
        )
    return ListQuery(scope, tuple(map(_lower, words)))


def query_from(value: str) -> ListQuery:
    """Return the query of a paging button. Raises ValueError for a value that isn't one."""
    scope, _, rest = value.partition(":")
    page, _, search = rest.partition(":")
    return ListQuery(Scope(scope), tuple(search.split()), max(0, int(page)))


def _lower(word: str) -> str:
    """Return the word in lower case, but not the ID of a mentioned user."""
    return word if word.startswith("<@") else word.lower()
