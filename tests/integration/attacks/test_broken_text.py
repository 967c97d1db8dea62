"""Half of a surrogate pair in a form: text that no call to Teleport can contain."""

from typing import Any

import pytest

from tests.integration.log_capture import capture_logs
from tests.integration.raw_payloads import deliver, form_of_bob
from tests.integration.request_factory import pending_request
from tests.integration.reviews.inputs import text
from tests.integration.slack_driver import Stage, words
from workspace.views.modals.bulk_review_modal import BulkReviewMetadata
from workspace.views.modals.review_input import ReviewFormMetadata

BROKEN = "fine\ud800"


def selected(value: str) -> dict[str, Any]:
    return {"selected_options": [{"text": {"text": BROKEN}, "value": value}]}


@pytest.mark.parametrize("callback_id", ["review_form", "bulk_review_form"])
async def test_reason_of_a_review_is_mended(stage: Stage, callback_id: str) -> None:
    request = pending_request(stage.teleport, reason="redis 1")
    request_id = request.Metadata.Name
    metadata = {
        "review_form": ReviewFormMetadata(request_id, approve=False).to_json(),
        "bulk_review_form": BulkReviewMetadata(approve=False).to_json(),
    }
    form = form_of_bob(
        stage, callback_id, metadata[callback_id], reason=text(BROKEN), pick_0=selected(request_id)
    )
    assert not (await deliver(stage, form)).payload
    await stage.dm("bob", "You denied")
    (review,) = stage.request(request_id).Spec.Reviews
    assert review.Reason == "fine\ufffd"


@pytest.mark.parametrize(
    "values",
    [
        {"reason": text(BROKEN), "roles": selected(BROKEN)},
        {"roles": selected("staging"), "reviewers": selected(BROKEN)},
    ],
    ids=["role", "reviewer"],
)
async def test_broken_request_is_an_error_at_its_field(
    stage: Stage, values: dict[str, Any]
) -> None:
    with capture_logs() as log:
        reply = await deliver(stage, form_of_bob(stage, "request_form", "", **values))
    assert "\ufffd" in words((reply.payload or {})["errors"])
    assert not log.all("interaction_failed")
    assert not stage.requests
