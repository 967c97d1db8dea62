"""App Home with 10,000 requests and 1,000 users: its own time, and a change that concerns many.

The bot's own time is that of this process: build the tab of a user from the index of all requests,
and put a changed request into the index and compare it with all open tabs. No server is involved.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import monotonic, process_time

from benchmarks.percentile import percentile
from benchmarks.row import Measurement
from notifications.home.home_content import HomeOptions, build_home
from notifications.home.open_homes import OpenHomes
from notifications.home.request_index import RequestIndex
from teleport_client.model.access_request import AccessRequest, RequestState, Threshold
from teleport_client.model.user import Conditions, ReviewConditions, Role, StaticAccess
from workspace.card_model.build import build_card_model
from workspace.requests.request_lists import RequestLists
from workspace.requests.review_policy import ReviewMode, ReviewPolicy

_REQUESTS, _USERS, _ROLES, _ROUNDS = 10_000, 1_000, 50, 40
_HOME_MS, _CHANGE_MS = 50.0, 50.0
_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_MODEL = partial(
    build_card_model,
    request_url_base="https://teleport.example.com/web/requests/",
    mode=ReviewMode.PERSON,
    cluster="main",
)


@dataclass(frozen=True)
class _Reader:
    name: str
    roles: tuple[Role, ...]
    held: frozenset[str] = frozenset()
    denying_roles: tuple[Role, ...] = ()
    sees_all_requests: bool = False
    static_access: StaticAccess | None = None


class HomeRow:
    name = "home"

    async def measure(self, folder: Path) -> Sequence[Measurement]:  # noqa: ARG002 - no files
        random.seed(1)
        requests, users = list(_requests()), [_lists(number) for number in range(_USERS)]
        homes, index = OpenHomes(), RequestIndex(requests)
        for number, lists in enumerate(users):
            homes.opened(f"U{number}", now := monotonic())
            if home := homes.get(f"U{number}", now):
                home.shows = lists
        # Other programs disturb some measurements.
        tabs = [
            median(_milliseconds(partial(_tab, _lists(user), index)) for _ in range(3))
            for user in range(_ROUNDS)
        ]
        for each in requests[:_ROLES]:  # each user remembers the verdicts
            _change(index, homes, each)
        changes = [
            _milliseconds(partial(_change, index, homes, each)) for each in requests[:_ROUNDS]
        ]
        return [
            Measurement("home p99", "ms", percentile(tabs, 99), _HOME_MS, 1.0),
            Measurement("home, change p99", "ms", percentile(changes, 99), _CHANGE_MS, 1.0),
        ]


def _tab(lists: RequestLists, requests: RequestIndex) -> None:
    options = HomeOptions(can_request=True, can_cancel=True)
    content = build_home(
        lists, requests, now=_NOW, model=_MODEL, lock_end=lambda _: None, options=options
    )
    content.tab.arguments()


def _change(index: RequestIndex, homes: OpenHomes, request: AccessRequest) -> None:
    index.put(request)
    for home in homes:
        home.is_concerned((request,))


def _milliseconds(work: partial[None]) -> float:
    started = process_time()
    work()
    return (process_time() - started) * 1_000


def _lists(number: int) -> RequestLists:
    """Return the lists of a user who can review half of the roles."""
    roles = tuple(f"role-{each}*" for each in range(number % 2, 10, 2))
    reviewer = Role("reviewer", allow=Conditions(review=ReviewConditions(roles=roles)))
    return RequestLists(ReviewPolicy(), _Reader(f"user-{number}", (reviewer,)))


def _requests() -> Iterator[AccessRequest]:
    for number in range(_REQUESTS):
        role = f"role-{number % _ROLES}"
        yield AccessRequest(
            id=f"0190c0de-0000-7000-8000-{number:012}",
            user=f"user-{random.randrange(_USERS)}",  # noqa: S311 - test data
            roles=(role,),
            state=RequestState.APPROVED if number % 4 == 0 else RequestState.PENDING,
            created=_NOW - timedelta(seconds=number),
            access_until=_NOW + timedelta(hours=8),
            expires=_NOW + timedelta(hours=1),
            reason="redis is stuck " * 5,
            thresholds=(Threshold(approve=1, deny=1, name="default"),),
            role_thresholds={role: ((0,),)},
        )
