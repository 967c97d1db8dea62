"""The content of a user's App Home, from the copy of all requests."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest
from typing import TypeAlias

from notifications.home.request_index import RequestIndex
from teleport_client.model.access_request import AccessRequest
from workspace.card_model.record import CardModel
from workspace.requests.request_lists import RequestLists
from workspace.views.home.home_tab import HomeList, HomeTab, home_tab, row_counts
from workspace.views.requests.request_row import Row

_Request: TypeAlias = tuple[CardModel, datetime | None]
"""A request as a row shows it, and when it was created."""
_OLDEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HomeOptions:
    """The actions that the bot can offer."""

    can_request: bool = True
    can_cancel: bool = True
    can_lock: bool = False


@dataclass(frozen=True, slots=True)
class HomeContent:
    tab: HomeTab
    changes_at: datetime | None
    """When the tab changes without an event: a request or a lock expires, or an access ends."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """The requests of the three lists, in any order."""

    reviewable: Sequence[AccessRequest]
    own: Sequence[AccessRequest]
    active: Sequence[AccessRequest]


def build_home(
    lists: RequestLists,
    requests: RequestIndex,
    *,
    now: datetime,
    model: Callable[[AccessRequest], CardModel],
    lock_end: Callable[[str], datetime | None],
    options: HomeOptions,
) -> HomeContent:
    """Build the tab of the user behind `lists`.

    `model` builds the card model of a request. `lock_end` returns when the first lock on a request
    expires.
    """
    shown = _select(lists, requests, now)
    all_of = (shown.reviewable, shown.own, shown.active)
    counts = row_counts([len(each) for each in all_of])
    newest = [_newest(each, count) for each, count in zip(all_of, counts, strict=True)]
    reviewable, own, active = ([(model(each), each.created) for each in rows] for rows in newest)
    tab = home_tab(
        (
            _reviewable(reviewable, len(shown.reviewable)),
            _own(own, len(shown.own), options),
            _active(active, len(shown.active), options),
        ),
        can_request=options.can_request,
    )
    return HomeContent(tab, _next_change(shown, lock_end))


def _reviewable(newest: Iterable[_Request], count: int) -> HomeList:
    return HomeList(
        "Waiting for your review",
        "No requests are waiting for your review.",
        "reviewable",
        [Row(card_model, created, can_review=True) for card_model, created in newest],
        count,
    )


def _own(newest: Iterable[_Request], count: int, options: HomeOptions) -> HomeList:
    return HomeList(
        "Your pending requests",
        "You have no pending requests.",
        "mine",
        [
            Row(card_model, created, can_review=False, can_cancel=options.can_cancel)
            for card_model, created in newest
        ],
        count,
    )


def _active(newest: Iterable[_Request], count: int, options: HomeOptions) -> HomeList:
    return HomeList(
        "Your active access",
        "You have no access through a request.",
        "active",
        [
            Row(
                card_model,
                created,
                can_review=False,
                can_extend=options.can_request,
                can_lock=options.can_lock,
            )
            for card_model, created in newest
        ],
        count,
    )


def _select(lists: RequestLists, requests: RequestIndex, now: datetime) -> _Shown:
    """Select the requests of the three lists. Written for ten thousand requests."""
    own = requests.of_user(lists.user)
    return _Shown(
        reviewable=[
            each
            for same_roles in requests.pending()
            for each in lists.reviewable_of(same_roles)
            if not each.has_expired(now)
        ],
        own=[each for each in own if each.pending and not each.has_expired(now)],
        active=[each for each in own if lists.is_active(each, now)],
    )


def _newest(requests: Sequence[AccessRequest], count: int) -> list[AccessRequest]:
    return nlargest(count, requests, key=lambda each: (each.created or _OLDEST, each.id))


def _next_change(shown: _Shown, lock_end: Callable[[str], datetime | None]) -> datetime | None:
    ends = [each.expires for each in (*shown.reviewable, *shown.own)]
    ends += [each.access_until for each in shown.active]
    ends += [lock_end(each.id) for each in shown.active]
    return min((each for each in ends if each is not None), default=None)
