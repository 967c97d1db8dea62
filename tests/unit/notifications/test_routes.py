"""Channels from several sources: each once, and what a failed lookup leaves."""

import pytest

from notifications.routing.recipient_problems import NOT_LISTED, recipient_hint
from notifications.routing.routes import CombinedRouting, Routes, gather_routes, merge_routes
from teleport_client.errors import Unreachable
from teleport_client.model.access_request import AccessRequest
from tests.samples import request

FIRST, SECOND = Unreachable("first"), Unreachable("second")


class Source:
    def __init__(self, routes: Routes) -> None:
        self._routes = routes

    async def routes(self, _request: AccessRequest) -> Routes:
        return self._routes


async def found(address: str) -> str:
    return address


async def failed(error: Exception) -> str:
    raise error


async def test_sources_are_combined_in_their_order_with_the_first_error() -> None:
    sources = (
        Source(Routes(("C1", "C2"), ids={"#a": "C1"})),
        Source(Routes(("C2", "D1"), FIRST, {"#b": "C2"})),
        Source(Routes((), SECOND)),
    )
    combined = await CombinedRouting(*sources).routes(request())
    assert combined.channels == ("C1", "C2", "D1")
    assert combined.error is FIRST
    assert combined.ids == {"#a": "C1", "#b": "C2"}


async def test_failed_lookup_leaves_the_channels_of_the_others() -> None:
    routes = await gather_routes([found("C1"), failed(FIRST), found(""), found("C2")])
    assert (routes.channels, routes.error) == (("C1", "C2"), FIRST)
    with pytest.raises(Unreachable):
        routes.require_all()


async def test_single_lookup_has_the_same_results() -> None:
    assert await gather_routes([found("C1")]) == Routes(("C1",))
    assert await gather_routes([found("")]) == Routes()
    assert await gather_routes([failed(FIRST)]) == Routes(error=FIRST)


def test_complete_routes_are_returned() -> None:
    assert merge_routes([Routes(("C1",)), Routes()]).require_all() == ("C1",)


@pytest.mark.parametrize(
    ("problem", "hint"),
    [
        (NOT_LISTED, "unarchive the channel, or fix role_to_recipients."),
        ("missing_scope: im:write", "Reinstall the app with the manifest's scopes."),
        ("other_problem", "posting permissions, or fix role_to_recipients."),
    ],
)
def test_hint_belongs_to_the_problem_and_names_the_setting(problem: str, hint: str) -> None:
    assert recipient_hint(problem).endswith(hint)
    assert ("role_to_recipients" in hint) == ("x.y" in recipient_hint(problem, "x.y"))
