"""A list and the details with 10,000 requests and 1,000 users: the bot's own time.

The own time is that of this process: read a page of Teleport's response, select and search the
requests, find the users who can decide one, and render. No server is involved. All requests are
pending, and the reviewer can review each of them.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

from benchmarks.percentile import percentile
from benchmarks.row import Measurement
from commands.parsing.list_grammar import ListQuery, Scope
from commands.use_cases.acting_user.authorized_user import AuthorizedUser
from commands.use_cases.acting_user.permissions import Permissions
from commands.use_cases.details.deciders import find_deciders
from commands.use_cases.lists.list_requests import list_requests
from commands.use_cases.services import Services
from sandbox.teleport.timestamps import stamp
from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client.client import TeleportClient
from teleport_client.model.access_request import AccessRequest, RequestState, Threshold
from teleport_client.model.user import Conditions, ReviewConditions, Role, StaticAccess
from teleport_client.services.access_requests import NewestRequests, request_from
from teleport_client.services.known_requests import KnownRequests
from workspace.card_model.build import build_card_model
from workspace.directory.candidates.linked_users import Linked
from workspace.requests.request_details import DetailedRole, RequestDetails
from workspace.requests.review_policy import ReviewMode, ReviewPolicy
from workspace.views.requests.details_pages import details_message
from workspace.views.requests.request_row import Row
from workspace.views.responses.pending_list import PAGE, Paging, list_page

_REQUESTS, _USERS, _ROLES, _ROUNDS, _PER_PAGE = 10_000, 1_000, 50, 20, 200
_OWN_MS = 50.0
_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_REVIEWER = Role("reviewer", allow=Conditions(review=ReviewConditions(roles=("role-*",))))
_MODEL = partial(
    build_card_model,
    request_url_base="https://teleport.example.com/web/requests/",
    mode=ReviewMode.PERSON,
    cluster="main",
)


@dataclass(frozen=True)
class _Reader:
    name: str = "reviewer"
    roles: tuple[Role, ...] = (_REVIEWER,)
    held: frozenset[str] = frozenset({"reviewer"})
    denying_roles: tuple[Role, ...] = ()
    sees_all_requests: bool = False
    static_access: StaticAccess | None = None


class ListsRow:
    name = "lists"

    async def measure(self, folder: Path) -> Sequence[Measurement]:  # noqa: ARG002 - no files
        requests = list(_requests())
        services = _services(requests)
        listing = await _milliseconds(lambda: _list(services, ()))
        search = await _milliseconds(lambda: _list(services, ("redis", "role-7")))
        details = await _milliseconds(lambda: _details(services, requests[0]))
        return [
            Measurement("list p99", "ms", percentile(listing, 99), _OWN_MS, 1.0),
            Measurement("list with a search p99", "ms", percentile(search, 99), _OWN_MS, 1.0),
            Measurement("details p99", "ms", percentile(details, 99), _OWN_MS, 1.0),
        ]


async def _milliseconds(work: Callable[[], Awaitable[None]]) -> list[float]:
    """Return the CPU time of each round, without the rounds that other programs disturb."""
    rounds: list[float] = []
    for _ in range(_ROUNDS):
        tries: list[float] = []
        for _ in range(3):
            started = process_time()
            await work()
            tries.append((process_time() - started) * 1_000)
        rounds.append(median(tries))
    return rounds


async def _list(services: Services, search: tuple[str, ...]) -> None:
    query = ListQuery(Scope.REVIEWABLE, search=search)
    found = await list_requests(services, cast(AuthorizedUser, _Reader()), query)
    rows = [Row(_MODEL(each), each.created, can_review=True) for each in found[:PAGE]]
    paging = Paging(older=":1", left=len(found) - PAGE)
    list_page("Waiting for your review", rows, paging).arguments()


async def _details(services: Services, request: AccessRequest) -> None:
    roles = tuple(DetailedRole(name, "a description") for name in request.roles)
    found = RequestDetails(request, roles, await find_deciders(services, request))
    details_message(_MODEL(request), found).arguments()


def _services(requests: Sequence[AccessRequest]) -> Services:
    """Return the services that the list and the details use, with Teleport's page in memory."""
    newest, known = _page(requests[:_PER_PAGE]), KnownRequests(request_from)
    linked = tuple(
        Linked(f"U{number:08}", f"user-{number:04}", "", frozenset({"reviewer", f"r-{number}"}))
        for number in range(_USERS)
    )
    policy = ReviewPolicy()

    async def first_page(**_: object) -> NewestRequests:
        page = proto.ListAccessRequestsResponse.FromString(newest)
        return NewestRequests(tuple(map(known.convert, page.AccessRequests)), complete=False)

    async def users() -> tuple[Linked, ...]:
        return linked

    async def definitions(_names: frozenset[str]) -> dict[str, Role]:
        return {"reviewer": _REVIEWER}

    found = SimpleNamespace(
        teleport=SimpleNamespace(requests=SimpleNamespace(list_newest=first_page)),
        followed_requests=lambda: requests[::-1],
        requests_hidden=lambda: False,
        host_names=SimpleNamespace(known=lambda _: {}),
        now=lambda: _NOW,
        linked_users=SimpleNamespace(all=users),
        authorization=SimpleNamespace(definitions=definitions),
        permissions=Permissions(cast(TeleportClient, None), policy),
        review_policy=policy,
    )
    return cast(Services, found)


def _page(requests: Sequence[AccessRequest]) -> bytes:
    messages = [
        types.AccessRequestV3(
            Metadata=types.Metadata(Name=each.id, Revision=each.id),
            Spec=types.AccessRequestSpecV3(
                User=each.user, Roles=each.roles, State=types.PENDING, Created=stamp(each.created)
            ),
        )
        for each in requests
        if each.created is not None
    ]
    return proto.ListAccessRequestsResponse(AccessRequests=messages).SerializeToString()


def _requests() -> Iterator[AccessRequest]:
    for number in range(_REQUESTS):
        role = f"role-{number % _ROLES}"
        yield AccessRequest(
            id=str(uuid4()),
            user=f"user-{number % _USERS:04}",
            roles=(role,),
            state=RequestState.PENDING,
            created=_NOW - timedelta(seconds=number),
            access_until=_NOW + timedelta(hours=8),
            expires=_NOW + timedelta(hours=1),
            reason="redis is stuck",
            thresholds=(Threshold(approve=1, deny=1, name="default"),),
            role_thresholds={role: ((0,),)},
        )
