"""The progress of a request: approvals per threshold, and the resolving reviewers."""

from collections.abc import Iterator
from dataclasses import replace

from teleport_client.model.access_request import AccessRequest, RequestState, Threshold
from teleport_client.rules.threshold_progress import (
    Count,
    SetProgress,
    Standing,
    has_effect,
    progress,
    standings,
)
from workspace.text.budget import join_texts
from workspace.text.names import list_names
from workspace.text.untrusted import safe_name

PROGRESS_ROOM = 300
"""Length of one row."""
_REPLY_ROOM = 600
_UNNAMED = {"", "default"}


def progress_rows(request: AccessRequest) -> Iterator[str]:
    """Yield a row such as `1 of 2 approvals` for each threshold set that the request must meet.

    Rows name roles only if the sets differ by role.
    """
    sets = [one for one in progress(request) if one.counts]
    for one in sets:
        yield _row(one, name_roles=len(sets) > 1)


def denial_rows(request: AccessRequest) -> Iterator[str]:
    """Yield a row such as `1 of 2 denials` for each threshold with a denial."""
    for each in _with_denials(request):
        yield f"{each.denials} denials{_name(each.threshold)}"


def _with_denials(request: AccessRequest) -> list[Standing]:
    return [each for each in standings(request) if each.denied and each.denials]


def progress_after(request: AccessRequest, author: str) -> str:
    """Return the progress right after this author's review, empty for one that has none.

    A denial has progress if the request takes several.
    """
    until = next((i for i, each in enumerate(request.reviews) if each.author == author), None)
    if until is None:
        return ""
    earlier = replace(request, reviews=request.reviews[: until + 1])
    if request.reviews[until].state is RequestState.APPROVED:
        return join_texts(progress_rows(earlier), _REPLY_ROOM)
    several = any(each.threshold.deny > 1 for each in _with_denials(earlier))
    return join_texts(denial_rows(earlier), _REPLY_ROOM) if several else ""


def resolving_reviewers(request: AccessRequest) -> tuple[str, ...]:
    """Return the authors of the reviews that resolved the request, empty if these don't suffice.

    tctl can resolve a request without any review.
    """
    if request.pending:
        return ()
    authors = tuple(
        review.author
        for review in request.reviews
        if review.state is request.state and has_effect(review, request)
    )
    if request.state is RequestState.APPROVED:
        return authors if all(one.met for one in progress(request)) else ()
    if request.state is RequestState.DENIED:
        enough = min((each.deny for each in request.thresholds if each.deny > 0), default=1)
        return authors if len(authors) >= enough else ()
    return authors


def approvals_left(request: AccessRequest) -> int:
    """Return how many approvals are missing at least: one approval can count for several sets."""
    if not request.pending:
        return 1
    left = (
        min(count.needed - count.approved for count in one.counts)
        for one in progress(request)
        if one.counts
    )
    return max((1, *left))


def _row(one: SetProgress, *, name_roles: bool) -> str:
    ways = join_texts(
        (f"{count} approvals{_name(count)}" for count in one.counts),
        PROGRESS_ROOM,
        " or ",
    )
    return f"{ways} for {list_names(one.roles)}" if name_roles else ways


def _name(count: Count | Threshold) -> str:
    return f" ({safe_name(count.name)})" if count.name not in _UNNAMED else ""
