"""Requests found by the end of their IDs, and in lists, without a bot."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from commands.use_cases.acting_user.authorized_user import LIST
from commands.use_cases.all_requests import all_requests
from commands.use_cases.find_request import find_by_suffix, is_full_id, is_visible, read_request
from sandbox.cast import SLACK_TRAIT
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state import resources
from teleport_client._proto.types_pb2 import RequestState, RoleConditions
from teleport_client.model.access_request import RequestState as State
from teleport_client.rpc.limits import PAGE_SIZE
from teleport_client.services.access_requests import request_from
from tests.integration.commands.use_cases import ALICE, BOB, DANA, UseCases, use_cases
from tests.integration.request_factory import pending_request
from workspace.requests.user_error import UserError


@pytest.fixture
async def cases(slack: SlackStandIn, teleport: TeleportStandIn) -> AsyncIterator[UseCases]:
    async with use_cases(slack, teleport) as ready:
        yield ready


async def find(cases: UseCases, slack_user_id: str, part: str) -> list[str]:
    user = await cases.services.authorize(slack_user_id, LIST)
    return [request.id for request in await find_by_suffix(cases.services, user, part)]


async def reason(cases: UseCases, slack_user_id: str, part: str) -> str:
    with pytest.raises(UserError) as raised:
        await find(cases, slack_user_id, part)
    return raised.value.reason


async def test_end_of_an_id_finds_the_request(cases: UseCases, teleport: TeleportStandIn) -> None:
    request_id = pending_request(teleport).Metadata.Name
    pending_request(teleport)
    assert await find(cases, BOB, request_id[-8:].upper()) == [request_id]
    assert await reason(cases, BOB, "zzzz") == "bad_id"
    assert await reason(cases, BOB, "abc") == "bad_id"


async def test_start_of_an_id_finds_nothing(cases: UseCases, teleport: TeleportStandIn) -> None:
    request_id = pending_request(teleport).Metadata.Name
    assert await reason(cases, BOB, request_id[:8]) == "no_such_request"


async def test_resolved_request_is_found_if_no_pending_one_matches(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    closed = pending_request(teleport, state=RequestState.DENIED).Metadata.Name
    assert await find(cases, BOB, closed[-8:]) == [closed]


async def test_request_is_visible_to_requester_reviewer_and_auditor(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    own = pending_request(teleport).Metadata.Name
    other = pending_request(teleport, user="carol").Metadata.Name
    assert await find(cases, ALICE, own[-8:]) == [own]
    assert await reason(cases, ALICE, other[-8:]) == "no_such_request"
    assert await find(cases, BOB, other[-8:]) == [other]
    allow = RoleConditions(Rules=[resources.rule("access_request", "list", "read")])
    teleport.cluster.put_role(resources.role("auditor", allow=allow))
    teleport.cluster.add_user("dana", ["auditor"], {SLACK_TRAIT: [DANA]})
    assert await find(cases, DANA, other[-8:]) == [other]


async def test_reviewer_of_a_request_still_sees_it(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """The reviewer may have lost the role since the review."""
    stored = pending_request(teleport, user="carol", role="unknown")
    stored.Spec.Reviews.add(Author="alice", ProposedState=RequestState.APPROVED)
    teleport.cluster.requests.put(stored)
    user = await cases.services.authorize(ALICE, LIST)
    request = await read_request(cases.services, stored.Metadata.Name)
    assert is_visible(cases.services, user, request)


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("0190c0de-0000-7000-8000-00000000abcd", True),
        ("0190C0DE-0000-7000-8000-00000000ABCD", True),
        ("0190c0de-0000-7000-8000-00000000abc", False),
        ("0000abcd", False),
    ],
)
def test_full_id_is_a_uuid(text: str, full: bool) -> None:
    assert is_full_id(text) is full


@pytest.mark.parametrize("state", [None, State.PENDING, State.APPROVED])
@pytest.mark.parametrize("user", ["", "alice", "nobody"])
async def test_older_requests_of_a_long_list_come_from_the_copy(
    cases: UseCases, teleport: TeleportStandIn, user: str, state: State | None
) -> None:
    """The list is the same as Teleport's, but takes one call."""
    make_more_than_a_page(teleport)
    everything = [request_from(each) for each in teleport.cluster.requests.values()]
    by_id = sorted(everything, key=lambda each: each.id)
    following = replace(cases.services, followed_requests=lambda: by_id)
    expected = await cases.services.teleport.requests.list(user=user, state=state)
    assert len(expected) > PAGE_SIZE or user == "nobody"
    calls = len(teleport.journal.calls)
    assert [*await all_requests(following, user=user, state=state)] == [*expected]
    assert len(teleport.journal.calls) == calls + 1


async def test_long_list_comes_from_teleport_without_a_copy(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """The bot has none while it opens its watch."""
    make_more_than_a_page(teleport)
    expected = await cases.services.teleport.requests.list()
    assert [*await all_requests(cases.services)] == [*expected]


async def test_outdated_copy_shows_no_resolved_request(
    cases: UseCases, teleport: TeleportStandIn
) -> None:
    """Teleport's page shows that a request of its time isn't pending any more."""
    make_more_than_a_page(teleport)
    outdated = await cases.services.teleport.requests.list(state=State.PENDING)
    newest = outdated[0]
    teleport.cluster.delete_request(newest.id)
    following = replace(cases.services, followed_requests=lambda: outdated)
    found = await all_requests(following, state=State.PENDING)
    assert [*found] == [*outdated[1:]]


def make_more_than_a_page(teleport: TeleportStandIn) -> None:
    """Create more requests of alice in two states than a page holds, and one of bob."""
    pending_request(teleport, user="bob")
    hours = timedelta(hours=2)
    pending_request(teleport, age=hours, waits=timedelta(seconds=-1))  # expired, not deleted yet
    for number in range(PAGE_SIZE + 10):
        age = timedelta(seconds=10 + 4 * number)
        pending_request(teleport, age=age)
        pending_request(teleport, age=age + timedelta(seconds=2), state=RequestState.APPROVED)
