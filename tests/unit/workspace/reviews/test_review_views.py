"""The form of a review, the form for several requests, and the responses to both."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from teleport_client.model.access_request import RequestState, Review, Threshold
from tests.samples import NOW, model_of, request, sample_model
from tests.strategies import Extreme, extremes, requests, texts
from tests.unit.workspace.test_views import check_message, check_view
from workspace.card_model.record import CardModel
from workspace.requests.review_policy import MOST_CONFIRMED_ROLES, unconfirmed
from workspace.views.cards.card import card
from workspace.views.modals import bulk_review_modal as bulk
from workspace.views.modals.review_input import ReviewFormMetadata, read
from workspace.views.modals.review_modal import MOST_ROLES, ReviewOptions, review_form
from workspace.views.responses.bulk_review import BulkResult, bulk_review_message
from workspace.views.responses.review import OpenSet, review_submitted

models = st.builds(model_of, requests()) | extremes.map(lambda each: model_of(each.request))


@given(models, extremes, st.booleans())
def test_any_roles_fit_into_the_review_form(
    model: CardModel, extreme: Extreme, required: bool
) -> None:
    options = ReviewOptions(
        reason_required=required,
        reason=extreme.text,
        can_set_start=True,
        start=NOW,
        roles=tuple(dict.fromkeys(extreme.names))[:MOST_ROLES],
        confirm_roles=tuple(dict.fromkeys(extreme.names))[:MOST_CONFIRMED_ROLES],
    )
    check_view(review_form(ReviewFormMetadata("i", approve=True), model, options))


@given(st.lists(models, min_size=1, max_size=bulk.MOST_REQUESTS), texts, st.booleans())
def test_any_requests_fit_into_the_bulk_form(
    shown: list[CardModel], reason: str, approve: bool
) -> None:
    different = [replace(model, id=f"{number:036}") for number, model in enumerate(shown)]
    form = bulk.BulkReviewForm(different, more=3, single=1, reason=reason)
    check_view(bulk.bulk_review_form(bulk.BulkReviewMetadata(approve, "C1"), form))


@given(extremes, texts)
def test_any_results_fit_into_a_response(extreme: Extreme, text: str) -> None:
    results = [
        BulkResult(f"{number:036}", extreme.text, text, done=number % 2 == 0)
        for number in range(bulk.MOST_REQUESTS)
    ]
    check_message(bulk_review_message(results, approve=True, unsent_reason=extreme.text))


@given(models, extremes, st.booleans())
def test_any_effect_fits_into_a_response(model: CardModel, extreme: Extreme, approve: bool) -> None:
    uncounted = [OpenSet(extreme.names, extreme.request.thresholds)] * 5
    check_message(review_submitted(model, approve=approve, uncounted=uncounted))


@given(models, extremes)
def test_any_roles_to_confirm_fit_on_a_card(model: CardModel, extreme: Extreme) -> None:
    check_message(card(replace(model, confirm_roles=extreme.names, removed_roles=extreme.names)))


def test_bulk_form_values_are_read() -> None:
    form = bulk.BulkReviewForm([sample_model()])
    view = check_view(bulk.bulk_review_form(bulk.BulkReviewMetadata(approve=True), form))
    (option,) = view["blocks"][0]["element"]["options"]
    values: dict[str, Any] = {
        "pick_0": {"pick_0": {"selected_options": [option]}},
        "reason": {"reason": {"value": None}},
    }
    submitted = bulk.read(values, view["private_metadata"])
    assert submitted.labels == {sample_model().id: "alice requests staging"}
    assert (submitted.reason, submitted.metadata.approve) == ("", True)


def test_options_of_the_review_form_are_read() -> None:
    decision = ReviewFormMetadata("some-id", approve=True)
    options = [{"value": "staging", "text": {"text": "staging"}}]
    values: dict[str, Any] = {
        "grant_0": {"grant_0": {"selected_options": options}},
        "grant_1": {"grant_1": {"selected_options": []}},
        "confirm_0": {"confirm_0": {"value": " `prod` "}},
        "start": {"start": {"selected_date_time": int(NOW.timestamp())}},
        "reason": {"reason": {"value": None}},
    }
    submitted = read(values, decision.to_json())
    assert submitted.role_values == ("staging",)
    assert submitted.typed_roles == ("prod",)
    assert (submitted.start, submitted.reason) == (NOW, "")
    assert read({}, decision.to_json()).role_values is None


def test_typed_name_is_exact_or_as_shown() -> None:
    assert unconfirmed(["prod", "staging"], {"prod", "Staging"}) == ("staging",)
    long = "x" * 300
    (shown,) = {len(each) for each in unconfirmed([long], {"x"})}
    assert shown == len(long)
    assert not unconfirmed([long], {long})


def test_one_of_two_denials_is_on_the_card_and_in_the_response() -> None:
    """The request stays pending, and nothing else explains it."""
    denied = request(
        thresholds=(Threshold(approve=2, deny=2),),
        role_thresholds={"staging": ((0,),)},
        reviews=(Review("bob", RequestState.DENIED, threshold_indexes=(0,)),),
    )
    assert "1 of 2 denials" in json.dumps(check_message(card(model_of(denied))))
    response = json.dumps(check_message(review_submitted(model_of(denied), approve=False)))
    assert "stays pending: 1 of 2 denials" in response


def test_dialog_says_that_an_approval_may_not_count() -> None:
    """Slack shows the same dialog to all readers of a card."""
    filtered = request(
        thresholds=(Threshold(1, 1, filter='contains(reviewer.roles, "lead")'),),
        role_thresholds={"staging": ((0,),)},
    )
    (actions,) = (
        block
        for block in check_message(card(model_of(filtered)))["blocks"]
        if block["type"] == "actions"
    )
    dialog = actions["elements"][0]["confirm"]["text"]["text"]
    assert dialog.startswith("Only some reviewers' approvals count.")


def test_later_start_is_part_of_the_response() -> None:
    later = sample_model(state=RequestState.APPROVED, assume_start=NOW + timedelta(hours=1))
    assert "Access starts" in json.dumps(check_message(review_submitted(later, approve=True)))
