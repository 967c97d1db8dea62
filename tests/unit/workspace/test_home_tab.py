"""App Home stays within Slack's limits and shows untrusted text literally, in each state."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.home.home_content import HomeContent, HomeOptions, build_home
from notifications.home.open_homes import OpenHomes
from notifications.home.request_index import RequestIndex
from sandbox.slack.block_kit.surfaces import is_view_too_large, view_problems
from teleport_client.model.access_request import AccessRequest, RequestState
from teleport_client.model.user import Conditions, ReviewConditions, Role
from tests.integration.slack_driver import words
from tests.samples import HOSTILE, NOW, model_of, request
from tests.strategies import Extreme, extremes, long_texts, requests
from tests.unit.workspace.requests.test_request_lists import Reader, lists
from workspace.requests.user_error import UserError
from workspace.views.home.home_tab import ROWS, HomeTab, rejection_tab, row_counts, unavailable_tab

_ANY_ROLE = Role("any", allow=Conditions(review=ReviewConditions(roles=("*",))))
_NEVER_ENDS = NOW + timedelta(days=9)


def check_tab(tab: HomeTab) -> dict[str, Any]:
    """Check Slack's limits, and return the view."""
    view: dict[str, Any] = tab.arguments()["view"]
    assert view_problems(view) == []
    assert not is_view_too_large(view)
    return view


def content_of(
    reader: Reader, shown: list[AccessRequest], lock_end: datetime | None = None
) -> HomeContent:
    return build_home(
        lists(reader),
        RequestIndex(shown),
        now=NOW,
        model=model_of,
        lock_end=lambda _: lock_end,
        options=HomeOptions(True, True),
    )


def home_of(user: str, shown: list[AccessRequest]) -> dict[str, Any]:
    reader = Reader(user, roles=(_ANY_ROLE,), denying_roles=(_ANY_ROLE,))
    return check_tab(content_of(reader, shown).tab)


def many(count: int, each: AccessRequest, *, first: int = 0) -> list[AccessRequest]:
    """Return copies of a request with consecutive IDs."""
    return [replace(each, id=f"{first + number:08}") for number in range(count)]


@settings(deadline=None, max_examples=20)
@given(st.lists(requests(), max_size=30), st.sampled_from(["", "alice"]))
def test_any_requests_fit_into_the_tab(shown: list[AccessRequest], owner: str) -> None:
    home_of("alice", [replace(each, user=owner or each.user) for each in shown])


@settings(deadline=None, max_examples=10)
@given(extremes, st.integers(0, 9))
def test_extreme_requests_fit_into_the_tab(extreme: Extreme, count: int) -> None:
    waiting = replace(extreme.request, state=RequestState.PENDING, expires=_NEVER_ENDS)
    active = replace(waiting, state=RequestState.APPROVED, access_until=_NEVER_ENDS)
    for own in (waiting, active):
        others = many(count, replace(waiting, user="other"), first=count)
        home_of(own.user, [*many(count, own), *others])


@given(long_texts, long_texts)
def test_any_rejection_fits_into_the_tab(text: str, command: str) -> None:
    check_tab(rejection_tab(UserError(text or "x", reason="any", suggested_command=command)))


def test_tabs_without_requests_are_valid() -> None:
    home_of("alice", [])
    check_tab(unavailable_tab())


def test_hostile_text_is_shown_literally() -> None:
    view = home_of("bob", [request(user=HOSTILE, reason=HOSTILE, roles=(HOSTILE,))])
    for block in view["blocks"]:
        texts = [block.get("text"), *block.get("elements", []), *block.get("fields", [])]
        for text in texts:
            if isinstance(text, dict) and text.get("type") == "mrkdwn":
                assert "evil" not in text["text"]
                assert "channel" not in text["text"]


def test_long_lists_end_with_a_button_for_the_others() -> None:
    own = many(12, request())
    view = home_of("alice", [*own, *many(40, request(user="bob"), first=12)])
    assert "Waiting for your review (40)" in words(view)
    assert "And 24 more" in words(view)
    assert '"mine:0"' in words(view)


@given(st.lists(st.integers(0, 200), min_size=3, max_size=3))
def test_rows_are_divided_among_the_lists(totals: list[int]) -> None:
    counts = row_counts(totals)
    assert all(0 <= count <= total for count, total in zip(counts, totals, strict=True))
    assert sum(counts) == min(ROWS, sum(totals))
    assert all(count >= min(total, ROWS // 3) for count, total in zip(counts, totals, strict=True))


def test_expired_requests_and_ended_access_are_left_out() -> None:
    gone = [
        request(id="00000001", expires=NOW, reason="expired"),
        request(id="00000002", state=RequestState.APPROVED, access_until=NOW, reason="ended"),
        request(id="00000003", state=RequestState.DENIED, reason="denied"),
    ]
    shown = words(home_of("alice", gone))
    assert not any(reason in shown for reason in ("expired", "ended", "denied"))


def test_next_change_of_the_tab_is_the_first_end() -> None:
    soon, later = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
    shown = [
        request(id="00000001", expires=later),
        request(id="00000002", state=RequestState.APPROVED, access_until=soon),
    ]
    assert content_of(Reader("alice"), shown).changes_at == soon


def test_tab_changes_when_a_lock_on_active_access_expires() -> None:
    soon, later = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
    shown = [request(state=RequestState.APPROVED, access_until=later)]
    assert content_of(Reader("alice"), shown, lock_end=soon).changes_at == soon
    assert content_of(Reader("bob"), shown, lock_end=soon).changes_at is None


def test_only_the_most_recent_users_of_a_day_are_remembered() -> None:
    homes = OpenHomes(most=3)
    for number in range(10):
        homes.opened(f"U{number}", float(number))
    homes.opened("U7", 20.0)
    assert [home.slack_user_id for home in homes] == ["U8", "U9", "U7"]
    assert homes.get("U9", 9.0 + 24 * 3600) is not None
    assert homes.get("U9", 9.1 + 24 * 3600) is None
    homes.opened("U1", 19.5 + 24 * 3600)
    assert [home.slack_user_id for home in homes] == ["U7", "U1"]
