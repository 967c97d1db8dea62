"""App Home in each state."""

from collections.abc import Iterator
from dataclasses import replace

from slack_sdk.models.views import View

from teleport_client.model.access_request import RequestState
from tests.samples import HOSTILE, NOW, sample_model
from workspace.requests.user_error import UserError
from workspace.views.home.home_tab import HomeList, home_tab, rejection_tab, unavailable_tab
from workspace.views.requests.request_row import Row


def sample_homes() -> Iterator[tuple[str, View]]:
    """Yield each state with its name."""
    reviewable = Row(sample_model(reason=HOSTILE), NOW, can_review=True)
    own = Row(sample_model(), NOW, can_review=False, can_cancel=True)
    approved = sample_model(state=RequestState.APPROVED)
    active = Row(approved, NOW, can_review=False, can_extend=True)
    lists = (
        HomeList("Waiting for your review", "", "reviewable", (reviewable,) * 16, 28),
        HomeList("Your pending requests", "", "mine", (own,), 1),
        HomeList("Your active access", "", "active", (active,), 1),
    )
    yield "App Home, lists", home_tab(lists, can_request=True).view
    empty = [replace(each, rows=(), total=0, empty="There are none.") for each in lists]
    yield "App Home, empty", home_tab(empty, can_request=False).view
    error = UserError("Your account isn't linked.", reason="unmapped", suggested_command="tctl get")
    yield "App Home, rejected", rejection_tab(error).view
    yield "App Home, unavailable", unavailable_tab().view
