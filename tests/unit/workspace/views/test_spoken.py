"""The text of a message, for screen readers and notifications, matches the text of its blocks."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleport_client.model.access_request import RequestState
from tests.real_slack.messages import sample_messages
from tests.samples import NOW, model_of, sample_model
from tests.strategies import requests
from workspace.card_model.build import close_card_model
from workspace.card_model.notice import OUTCOMES, Notice
from workspace.card_model.record import CardModel, CardReview
from workspace.requests.request_draft import RequestDraft
from workspace.views.cards.card import card
from workspace.views.notices import notice
from workspace.views.parts.message import Message
from workspace.views.requests.request_row import Row
from workspace.views.responses.pending_list import pending_list
from workspace.views.responses.request import duplicate_found, request_created
from workspace.views.responses.review import review_submitted
from workspace.views.thread_reply import review_reply

_CUT = "…"
_DATE = re.compile(r"<!date\^[^|]*\|([^>]*)>")
_NOT_SPOKEN = {"actions", "divider"}
"""Buttons are announced by Slack itself."""


def visible(blocks: list[dict[str, Any]]) -> str:
    """Return the words of blocks in lines, with times as Slack shows them if it can't convert."""
    lines = ("".join(_leaves(block)) for block in blocks if block["type"] not in _NOT_SPOKEN)
    return "\n".join(lines).strip()


def _leaves(part: Any) -> Iterator[str]:
    for each in part if isinstance(part, list) else part.values():
        if isinstance(each, dict) and isinstance(words := each.get("text"), str):
            yield "" if "Open in Teleport" in words else _DATE.sub(r"\1", words).replace("*", " ")
            yield each.get("fallback", "")
        elif isinstance(each, dict | list):
            yield from _leaves(each)
            yield each.get("fallback", "") if isinstance(each, dict) else "\n"


def check_text(message: Message) -> None:
    """Look for each visible word in the text, except for the line that a lead replaces."""
    if _CUT in message.text:
        return
    lines = visible(message.arguments()["blocks"]).split("\n")
    said = letters(message.text)
    for line in lines[1:] if message.lead else lines:
        for word in line.split():
            assert letters(word) in said, (word, message.text)


def letters(text: str) -> str:
    """Leave out symbols, and marks that isolate right-to-left text."""
    return "".join(filter(str.isalnum, text))


def messages_about(model: CardModel) -> Iterator[Message]:
    yield card(model)
    for kind in Notice:
        yield notice(kind, model)
    yield review_submitted(model, approve=True)
    yield request_created(RequestDraft(), model, NOW, gets_messages=True, can_cancel=True)
    yield duplicate_found(RequestDraft(), model, NOW)
    yield pending_list("Requests", [Row(model, NOW, can_review=True)], scope="all")
    for review in model.reviews:
        yield review_reply(review, "1 of 2 approvals")


@given(requests().map(model_of), st.sampled_from([None, NOW, NOW + timedelta(days=99)]))
def test_text_has_the_information_of_the_blocks(model: CardModel, gone: Any) -> None:
    """Names and reasons are arbitrary."""
    for message in messages_about(model if gone is None else close_card_model(model, gone)):
        check_text(message)


@pytest.mark.parametrize("sample", [*sample_messages()], ids=lambda each: each.name)
def test_text_of_every_sample_has_the_information_of_its_blocks(sample: Any) -> None:
    check_text(sample.message)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (RequestState.APPROVED, "✅ Approved by bob: temporary access to staging for 9 hours.\n"),
        (RequestState.DENIED, "⛔ Denied by bob: staging for 9 hours.\n"),
        (RequestState.PROMOTED, "📋 Permanent access granted by bob: staging, through access list"),
    ],
)
def test_lock_screen_shows_outcome_reviewer_access_and_reason(
    state: RequestState, expected: str
) -> None:
    """They are the beginning of the text, in this order."""
    model = replace(
        sample_model(state=state, resolve_reason="as discussed", promoted_to="Admins"),
        reviews=(CardReview("bob", state, "as discussed"),),
        resolved_by=("bob",),
    )
    text = notice(OUTCOMES[model.status], model).text
    assert text.startswith(expected)
    assert text.splitlines()[1] == "Reason: as discussed"


def test_lock_screen_shows_the_outcome_of_very_many_resources() -> None:
    model = sample_model(
        state=RequestState.DENIED,
        roles=tuple(f"database-administrator-of-region-{number}" for number in range(40)),
        resolve_reason="too many",
    )
    first, reason = notice(Notice.DENIED, model).text.splitlines()[:2]
    assert len(first) < 160
    assert first.startswith("⛔ Denied: ")
    assert reason == "Reason: too many"


def test_warning_shows_the_end_on_the_lock_screen() -> None:
    """Slack doesn't convert times there, so the text names the zone."""
    warning = notice(Notice.ENDING, sample_model(state=RequestState.APPROVED))
    assert warning.text.startswith("⏰ Access to staging ends soon: 2026-11-22 20:00 UTC.")


def test_permanent_access_has_no_end() -> None:
    """Neither the request for it nor the grant shows the times of temporary access."""
    asked = sample_model(long_term=True)
    granted = sample_model(state=RequestState.PROMOTED, promoted_to="Admins")
    temporary = sample_model(state=RequestState.APPROVED)
    for model in (asked, granted):
        assert "permanent access" in card(model).text.lower()
        assert "20:00" not in card(model).text
    assert "Temporary access until: 2026-11-22 20:00 UTC" in card(temporary).text
    assert "permanent access to staging" in str(notice(Notice.PROMOTED, granted).arguments())
