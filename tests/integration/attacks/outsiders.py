"""Slack users without rights, who forge every click and every form."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.cast import SLACK_TRAIT
from tests.integration.raw_payloads import click_of, form_of
from tests.integration.reviews.inputs import moment, text
from tests.integration.slack_driver import Stage
from workspace.views.modals.bulk_review_modal import BulkReviewMetadata
from workspace.views.modals.review_input import ReviewFormMetadata

UNLINKED, UNMAPPED, LOCKED, GUEST, STRANGER = "nora", "erin", "frank", "grace", "ivan"
OUTSIDERS = (UNLINKED, UNMAPPED, LOCKED, GUEST, STRANGER)
REQUEST_BUTTONS = (
    *("approve", "deny", "approve_with", "details", "lock", "done"),
    *("cancel_request", "request_again", "extend_access"),
)


def link_user_without_rights(stage: Stage) -> str:
    """Let erin's account act as a user with the role dev alone."""
    stage.teleport.cluster.add_user("erin", ["dev"], {SLACK_TRAIT: ["U0ERIN0001"]})
    return "erin"


def forged_clicks(stage: Stage, who: str, request_id: str) -> Iterator[dict[str, Any]]:
    """Yield clicks on buttons that no message shows to this user."""
    values = dict.fromkeys(REQUEST_BUTTONS, request_id) | {
        "details_next": f"{request_id}:0",
        "pending_older": "all:0",
        "home_more": "reviewable:0",
    }
    for action_id, value in values.items():
        yield click_of(stage, who, action_id, value)


def forged_forms(stage: Stage, who: str, request_id: str) -> Iterator[dict[str, Any]]:
    """Yield submissions of forms that the bot never opened for this user."""
    values: dict[str, Any] = {
        "reason": text("x"),
        "confirm_0": text("nope"),
        "grant_0": {"selected_options": [{"value": "admin"}]},
        "start": moment(datetime.now(UTC) + timedelta(days=5)),
    }
    box = {"text": {"text": "x"}, "value": request_id}
    for approve in (True, False):
        for shown in (True, False):
            review = ReviewFormMetadata(request_id, approve, already_visible=shown)
            yield form_of(stage, who, "review_form", review.to_json(), **values)
        bulk = BulkReviewMetadata(approve).to_json()
        boxes = {"selected_options": [box]}
        yield form_of(stage, who, "bulk_review_form", bulk, reason=text("x"), pick_0=boxes)


def private_messages(stage: Stage, who: str) -> list[dict[str, Any]]:
    """Return all messages that only this user sees."""
    person = stage.slack.workspace.find_person(who)
    assert person is not None
    seen = stage.slack.control_api.messages(f"@{who}", who)
    if stage.slack.workspace.can_see(person, _channel(stage)):
        channel = stage.slack.control_api.messages("access-requests", who)
        seen = [*seen, *(each for each in channel if each["ephemeral"])]
    return seen


def _channel(stage: Stage) -> Any:
    return stage.slack.workspace.conversation("access-requests")
