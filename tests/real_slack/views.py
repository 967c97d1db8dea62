"""Every modal that the bot opens, and App Home, rendered from the tests' samples.

A view opens only with the trigger ID of a user's click, so none of them is opened: Slack validates
them (`validation`).
"""

from collections.abc import Iterator
from datetime import timedelta

from slack_sdk.models.views import View

from tests.real_slack.details import sample_details
from tests.real_slack.home import sample_homes
from tests.real_slack.messages import largest_request
from tests.samples import HOSTILE, NOW, model_of, sample_model
from workspace.requests.request_draft import RequestDraft
from workspace.views.modals.bulk_review_modal import (
    MOST_REQUESTS,
    BulkReviewForm,
    BulkReviewMetadata,
    bulk_review_form,
)
from workspace.views.modals.details_modal import details_view
from workspace.views.modals.loading import (
    loading_bulk_form,
    loading_details,
    loading_request_form,
)
from workspace.views.modals.request_modal import FormContext, request_form
from workspace.views.modals.review_input import ReviewFormMetadata
from workspace.views.modals.review_modal import ReviewOptions, review_form
from workspace.views.parts.message import text_message
from workspace.views.responses.submitted_form import result_view, waiting_view


def sample_views() -> Iterator[tuple[str, View]]:
    """Yield each view with its name."""
    filled = RequestDraft(("staging", "prod"), HOSTILE, timedelta(hours=2), ("bob", "carol"))
    request_id = sample_model().id
    yield "request form, empty", request_form(RequestDraft(), FormContext("C1"))
    yield (
        "request form, filled",
        request_form(filled, FormContext("C1", "Add a reason.", has_resources=True)),
    )
    yield (
        "request form, reason required",
        request_form(RequestDraft(truncated=True), FormContext("C1", reason_required=True)),
    )
    yield "request form, loading", loading_request_form()
    for approve in (True, False):
        word = "approve" if approve else "deny"
        decision = ReviewFormMetadata(request_id, approve, "C1")
        yield f"review form, {word}", review_form(decision, sample_model(reason=HOSTILE))
        yield f"review form, {word}, unknown request", review_form(decision, None)
    largest = model_of(largest_request())
    yield (
        "review form, largest request",
        review_form(ReviewFormMetadata(request_id, approve=True), largest),
    )
    options = ReviewOptions(
        reason_required=False,
        reason=HOSTILE,
        can_set_start=True,
        start=NOW + timedelta(hours=2),
        roles=("staging", "prod", HOSTILE),
        confirm_roles=("prod", HOSTILE),
    )
    yield (
        "review form, approve with options",
        review_form(ReviewFormMetadata(request_id, approve=True), sample_model(), options),
    )
    yield from _bulk_views()
    yield "details, loading", loading_details()
    for name, page in sample_details():
        yield f"details, {name}", details_view(page)
    yield from sample_homes()
    yield "result", result_view(text_message("You approved it.", preformatted="tsh login"))
    yield "waiting for Teleport", waiting_view()


def _bulk_views() -> Iterator[tuple[str, View]]:
    few = [sample_model(reason="redis"), sample_model(reason=HOSTILE, user=HOSTILE)]
    yield (
        "bulk review form, approve",
        bulk_review_form(
            BulkReviewMetadata(approve=True, channel="C1"),
            BulkReviewForm(few, reason_required=False),
        ),
    )
    many = [model_of(largest_request())] * MOST_REQUESTS
    yield (
        "bulk review form, deny, largest",
        bulk_review_form(
            BulkReviewMetadata(approve=False),
            BulkReviewForm(many, more=1_000, single=3, reason=HOSTILE),
        ),
    )
    yield "bulk review form, loading", loading_bulk_form()
