"""The details of a request: they stay within Slack's limits, and their pages leave out nothing."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teleport_client.model.access_request import (
    AccessRequest,
    Constraints,
    RequestState,
    ResourceId,
    Review,
    Threshold,
)
from tests.integration.slack_driver import buttons
from tests.samples import HOSTILE, NOW, model_of, request
from tests.strategies import Extreme, extremes, names, requests, texts
from tests.unit.workspace.test_views import check_message, check_view
from workspace.requests.request_details import Deciders, DetailedRole, Grounds, RequestDetails
from workspace.requests.user_error import UserError
from workspace.text.split import split_text
from workspace.text.untrusted import slack_length
from workspace.views.modals.details_modal import details_view
from workspace.views.requests.details_pages import (
    DETAILS_BACK,
    DETAILS_NEXT,
    details_message,
    page_from,
)

FILTER = 'contains(reviewer.roles, "admin")'
grounds = st.builds(
    Grounds,
    roles=st.lists(names, max_size=3).map(tuple),
    conditions=st.lists(texts.filter(bool), max_size=2).map(tuple),
    by_traits=st.booleans(),
    by_settings=st.booleans(),
)
deciders = st.builds(
    Deciders, names=st.lists(names, min_size=1, max_size=30).map(tuple), grounds=grounds
)


def pages_of(found: RequestDetails, most: int = 1_000) -> list[str]:
    """Return the texts of the pages, each of which is checked as a message and as a modal."""
    model, shown = model_of(found.request), list[str]()
    while True:
        page = details_message(model, found, len(shown))
        drawn = check_message(page)
        check_view(details_view(page))
        shown.append(json.dumps(drawn["blocks"], ensure_ascii=False))
        following = buttons(drawn).get(DETAILS_NEXT)
        if following is None or len(shown) == most:
            return shown
        assert page_from(following["value"]) == (model.id, len(shown))
        assert len(following["value"]) <= 2000


def details_of(shown: AccessRequest, *deciding: Deciders) -> RequestDetails:
    roles = tuple(DetailedRole(name, f"about {name}") for name in shown.roles)
    return RequestDetails(shown, roles, deciding)


@settings(deadline=None)
@given(requests(), st.lists(deciders, max_size=3) | st.none())
def test_any_details_fit_into_message_and_modal(
    shown: AccessRequest, deciding: list[Deciders] | None
) -> None:
    found = replace(details_of(shown), deciders=None if deciding is None else tuple(deciding))
    pages_of(found)


@settings(deadline=None, max_examples=30)
@given(extremes, st.booleans())
def test_extreme_details_fit_into_message_and_modal(extreme: Extreme, waiting: bool) -> None:
    shown = extreme.request
    if waiting:
        shown = replace(shown, state=RequestState.PENDING)
    everyone = Deciders(extreme.names, Grounds(extreme.names, (extreme.text,), by_traits=True))
    roles = tuple(DetailedRole(name, extreme.text) for name in shown.roles)
    pages_of(RequestDetails(shown, roles, (everyone,) * 3), most=3)


def test_pages_together_show_everything() -> None:
    """The request is larger than one message."""
    many = [f"{number:03}x" for number in range(200)]
    logins = Constraints("login", tuple(f"user-{name}" for name in many))
    shown = request(
        roles=tuple(many[:50]),
        reason=" ".join(f"reason-{name}" for name in many * 2),
        resources=(
            *(ResourceId("leaf", "node", f"n-{name}") for name in many),
            ResourceId("main", "node", "limited", constraints=logins),
        ),
        reviews=tuple(Review(f"by-{name}", RequestState.APPROVED, f"ok-{name}") for name in many),
    )
    everyone = Deciders(tuple(f"can-{name}" for name in many), Grounds(("reviewer",)))
    pages = pages_of(details_of(shown, everyone))
    assert len(pages) > 2
    whole = "".join(pages)
    for name in many:
        for part in (f"reason-{name}", f"/leaf/node/n-{name}", f"user-{name}"):
            assert part in whole, part
        for part in (f"by-{name} approved", f"ok-{name}", f"can-{name}"):
            assert part in whole, part
    for name in many[:50]:
        assert f"about {name}" in whole


def test_thresholds_show_filters_and_counts() -> None:
    denial = Review("bob", RequestState.DENIED, "no", NOW, threshold_indexes=(0,))
    approval = Review("dana", RequestState.APPROVED, "fine", NOW, threshold_indexes=(1,))
    shown = request(
        thresholds=(Threshold(2, 2), Threshold(3, 0, "admins", FILTER)),
        role_thresholds={"staging": ((0,), (1,))},
        reviews=(denial, approval, Review("eve", RequestState.APPROVED)),
    )
    (page,) = pages_of(details_of(shown))
    assert "0 of 2 approvals, 1 of 2 denials for staging" in page
    assert "1 of 3 approvals, never denies (admins) for staging. Only reviewers who match" in page
    assert json.dumps(FILTER) in page
    assert "eve approved" in page
    assert "counts toward no threshold" in page


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (Grounds(("reviewer",)), "role reviewer"),
        (Grounds(("a", "b")), "roles a and b"),
        (Grounds(("a",), ("equals(x, y)",)), "role a, if equals(x, y)"),
        (Grounds(("a",), by_traits=True), "role a, depending on the user's traits"),
        (Grounds(by_settings=True), "approver in the bot's settings"),
        (
            Grounds(("lead",), by_settings=True),
            "approver in the bot's settings through the role lead",
        ),
    ],
)
def test_each_decider_has_a_reason(why: Grounds, words: str) -> None:
    page = details_message(model_of(request()), details_of(request(), Deciders(("bob",), why)))
    assert f"bob: {words}\n" in f"{page.text}\n"


def test_users_who_cannot_be_read_are_not_missing() -> None:
    """The details explain this instead of an empty list."""
    unread = details_message(model_of(request()), RequestDetails(request(), deciders=None))
    assert "The bot can't read Teleport's users now." in unread.text
    nobody = details_message(model_of(request()), RequestDetails(request()))
    assert "No user who is linked to Slack can decide" in nobody.text
    closed = request(state=RequestState.APPROVED)
    assert "decide" not in details_message(model_of(closed), RequestDetails(closed)).text


def test_hostile_texts_are_shown_literally() -> None:
    shown = request(
        user=HOSTILE,
        roles=(HOSTILE,),
        reason=HOSTILE,
        thresholds=(Threshold(1, 1, HOSTILE, HOSTILE),),
        role_thresholds={HOSTILE: ((0,),)},
        reviews=(Review(HOSTILE, RequestState.APPROVED, HOSTILE, NOW),),
        resources=(
            ResourceId(HOSTILE, HOSTILE, HOSTILE, constraints=Constraints("x", (HOSTILE,))),
        ),
    )
    pages_of(
        RequestDetails(
            shown,
            (DetailedRole(HOSTILE, HOSTILE),),
            (Deciders((HOSTILE,), Grounds((HOSTILE,), (HOSTILE,))),),
        )
    )


def test_times_are_dates_in_the_readers_zone() -> None:
    shown = request(assume_start=NOW + timedelta(hours=1))
    (page,) = pages_of(details_of(shown))
    assert page.count('"type": "date"') == 4


def test_page_beyond_the_last_one_is_the_last_one() -> None:
    """The request may have fewer pages by the time of the click."""
    found = details_of(request())
    last = details_message(model_of(request()), found, 7)
    assert last.text == details_message(model_of(request()), found).text
    assert DETAILS_BACK not in buttons(last.arguments())


@pytest.mark.parametrize("value", ["", "x", "a:b", "a:"])
def test_unreadable_page_is_outdated(value: str) -> None:
    with pytest.raises(UserError) as raised:
        page_from(value)
    assert raised.value.reason == "outdated_button"


@given(st.text(max_size=300) | st.text("& <\U0001f525", max_size=300), st.integers(20, 200))
def test_parts_of_a_text_are_short_and_complete(text: str, room: int) -> None:
    parts = list(split_text(text, room))
    assert all(part and slack_length(part) <= room for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
