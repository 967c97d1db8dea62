"""Find the requests of one list."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from commands.parsing.list_grammar import ListQuery, Scope
from commands.use_cases.acting_user.authorized_user import AuthorizedUser
from commands.use_cases.all_requests import all_requests
from commands.use_cases.lists.search import matcher
from commands.use_cases.services import Services
from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.requests.request_lists import RequestLists
from workspace.requests.user_error import UserError

_AT_ONCE = 250
"""Requests to check before the event loop has a turn. A role's conditions can take 30 µs each."""
_OWN = {Scope.MINE, Scope.ACTIVE}

_Condition: TypeAlias = Callable[[AccessRequest], bool]


async def list_requests(
    services: Services, user: AuthorizedUser, query: ListQuery
) -> Sequence[AccessRequest]:
    """Return the requests of the list that match the search, newest first.

    Raises UserError, TeleportError.
    """
    if query.scope is Scope.ALL and not user.sees_all_requests:
        raise UserError(
            "Your Teleport roles don't let you list everyone's requests. Run /teleport-pending to"
            " see yours and the ones you can review.",
            reason="cannot_list_all",
        )
    state = RequestState.APPROVED if query.scope is Scope.ACTIVE else RequestState.PENDING
    owner = user.name if query.scope in _OWN else ""
    found = await all_requests(services, user=owner, state=state)
    conditions = [_belongs(services, services.permissions.lists(user), query.scope)]
    if query.search:
        conditions.append(matcher(query.search, services.host_names.known))
    return await _select(found, conditions)


async def _select(
    requests: Sequence[AccessRequest], conditions: Sequence[_Condition]
) -> Sequence[AccessRequest]:
    """Return the requests that meet all conditions."""
    found: list[AccessRequest] = []
    for start in range(0, len(requests), _AT_ONCE):
        part: Iterable[AccessRequest] = requests[start : start + _AT_ONCE]
        for condition in conditions:
            part = filter(condition, part)
        found += part
        await asyncio.sleep(0)
    return found


def _belongs(services: Services, lists: RequestLists, scope: Scope) -> _Condition:
    """Return whether a request belongs to a list of pending or active requests."""
    now = services.now()
    return {
        Scope.CONCERNED: lambda each: lists.is_own(each) or lists.is_reviewable(each),
        Scope.MINE: lists.is_own,
        Scope.REVIEWABLE: lists.is_reviewable,
        Scope.SUGGESTED: lists.is_suggested,
        Scope.ACTIVE: lambda each: lists.is_active(each, now),
        Scope.ALL: lambda _: True,
    }[scope]
