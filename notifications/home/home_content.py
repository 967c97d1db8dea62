"""The content of a user's App Home, from the copy of all requests."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import nlargest

from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.card_model.record import CardModel
from workspace.requests.request_lists import RequestLists
from workspace.views.home.home_tab import HomeList, HomeTab, home_tab, row_counts
from workspace.views.requests.request_row import Row

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
    """When the tab changes without an event: a request expires, or an access ends."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """The requests of the three lists, in any order."""

    reviewable: list[AccessRequest] = field(default_factory=list)
    own: list[AccessRequest] = field(default_factory=list)
    active: list[AccessRequest] = field(default_factory=list)


def build_home(
    lists: RequestLists,
    requests: Iterable[AccessRequest],
    *,
    now: datetime,
    model: Callable[[AccessRequest], CardModel],
    options: HomeOptions,
) -> HomeContent:
    """Build the tab of the user behind `lists`. `model` builds the card model of a request."""
    shown = _select(lists, requests, now)
    all_of = (shown.reviewable, shown.own, shown.active)
    counts = row_counts([len(each) for each in all_of])
    newest = [_newest(each, count) for each, count in zip(all_of, counts, strict=True)]
    reviewable, own, active = newest
    tab = home_tab(
        (
            HomeList(
                "Waiting for your review",
                "No requests are waiting for your review.",
                "reviewable",
                [Row(model(each), each.created, can_review=True) for each in reviewable],
                len(shown.reviewable),
            ),
            HomeList(
                "Your pending requests",
                "You have no pending requests.",
                "mine",
                [
                    Row(
                        model(each),
                        each.created,
                        can_review=False,
                        can_cancel=options.can_cancel,
                    )
                    for each in own
                ],
                len(shown.own),
            ),
            HomeList(
                "Your active access",
                "You have no access through a request.",
                "active",
                [
                    Row(
                        model(each),
                        each.created,
                        can_review=False,
                        can_extend=options.can_request,
                        can_lock=options.can_lock,
                    )
                    for each in active
                ],
                len(shown.active),
            ),
        ),
        can_request=options.can_request,
    )
    return HomeContent(tab, _next_change(shown))


def _select(lists: RequestLists, requests: Iterable[AccessRequest], now: datetime) -> _Shown:
    """Select the requests of the three lists. Written for ten thousand requests."""
    shown = _Shown()
    pending: dict[tuple[str, ...], list[AccessRequest]] = defaultdict(list)
    for request in requests:
        if request.state is RequestState.PENDING:
            pending[request.roles].append(request)
        elif lists.is_active(request, now):
            shown.active.append(request)
    for same_roles in pending.values():
        waiting = [each for each in same_roles if each.expires is None or each.expires > now]
        shown.own.extend(filter(lists.is_own, waiting))
        shown.reviewable.extend(lists.reviewable_of(waiting))
    return shown


def _newest(requests: Sequence[AccessRequest], count: int) -> list[AccessRequest]:
    return nlargest(count, requests, key=lambda each: (each.created or _OLDEST, each.id))


def _next_change(shown: _Shown) -> datetime | None:
    ends = [each.expires for each in (*shown.reviewable, *shown.own)]
    ends += [each.access_until for each in shown.active]
    return min((each for each in ends if each is not None), default=None)
