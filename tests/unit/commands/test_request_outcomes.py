"""Outcomes of requests, and their errors at the inputs of the form."""

from dataclasses import replace
from datetime import timedelta

import pytest

from commands.request_outcomes import field_errors, typed_command
from commands.use_cases.create_request import duplicates_of, find_active
from commands.use_cases.drafts.rejected import DraftField, ReasonNeeded, Rejected
from teleport_client.model.access_request import RequestState
from tests.samples import NOW, request
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.views.modals.request_input import (
    EXPIRY,
    REASON,
    RESOURCES,
    REVIEWERS,
    ROLES,
    START,
)

ERROR = UserError("Not like this.", reason="test")


@pytest.mark.parametrize(
    ("outcome", "errors"),
    [
        (Rejected(ERROR), {ROLES: "Not like this."}),
        (Rejected(ERROR, DraftField.REASON), {REASON: "Not like this."}),
        (Rejected(ERROR, DraftField.REVIEWERS), {REVIEWERS: "Not like this."}),
        (Rejected(ERROR, DraftField.RESOURCES), {RESOURCES: "Not like this."}),
        (Rejected(ERROR, DraftField.START), {START: "Not like this."}),
        (Rejected(ERROR, DraftField.EXPIRY), {EXPIRY: "Not like this."}),
        (ReasonNeeded(RequestDraft()), {REASON: "This request needs a reason."}),
        (ReasonNeeded(RequestDraft(), ("Name a ticket.",)), {REASON: "Name a ticket."}),
        (ReasonNeeded(RequestDraft(), ("Why?", "Until when?")), {REASON: "Why? Until when?"}),
    ],
)
def test_form_shows_an_outcome_at_its_input(
    outcome: Rejected | ReasonNeeded, errors: dict[str, str]
) -> None:
    assert field_errors(outcome, (*errors, ROLES)) == errors


def test_older_form_shows_an_error_of_a_missing_input_at_the_roles() -> None:
    outcome = Rejected(ERROR, DraftField.START)
    assert field_errors(outcome, (ROLES, REASON)) == {ROLES: "Not like this."}


def test_duplicates_are_pending_requests_for_the_same_roles() -> None:
    """The order of the roles doesn't matter."""
    both = request(roles=("prod", "staging"))
    same = request(roles=("staging", "prod"))
    closed = request(roles=("prod", "staging"), state=RequestState.DENIED)
    assert duplicates_of(both, [same, closed, request(), request(roles=("prod",))]) == [same]


def test_active_access_is_approved_and_has_started() -> None:
    wanted, later = request(), NOW + timedelta(hours=9)
    active = request(state=RequestState.APPROVED)
    longest = replace(active, access_until=later)
    others = [
        wanted,
        request(state=RequestState.DENIED),
        replace(active, roles=("prod",)),
        replace(active, access_until=NOW),
        replace(longest, assume_start=NOW + timedelta(hours=1)),
    ]
    assert find_active(wanted, others, NOW) is None
    assert find_active(wanted, [*others, longest, active], NOW) == longest


@pytest.mark.parametrize(
    ("draft", "line"),
    [
        (RequestDraft(), "/teleport-request <role> because <reason>"),
        (
            RequestDraft(("a", "b"), duration=timedelta(hours=2)),
            "/teleport-request a b for 2 hours because <reason>",
        ),
        (
            RequestDraft(tuple("abcdef")),
            "/teleport-request a b c d e because <reason>",
        ),
    ],
)
def test_command_line_needs_no_form(draft: RequestDraft, line: str) -> None:
    assert typed_command(draft) == line
