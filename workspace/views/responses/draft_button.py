"""Buttons that carry a request draft."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace

from slack_sdk.models.blocks import ActionsBlock, ButtonElement

from workspace.requests.request_draft import RequestDraft
from workspace.text.untrusted import slack_length

REQUEST_ANYWAY = "ask_anyway"
OPEN_FORM = "fill_in_request"
"""Action IDs. The value is the draft's JSON."""
_VALUE_LIMIT = 2000
"""Characters that a button carries (docs.slack.dev: button element)."""


def draft_button(words: str, action: str, draft: RequestDraft) -> ActionsBlock:
    """Return a block with the button. A draft that doesn't fit opens the form to complete it."""
    if not _fits_a_button(draft):
        action, draft = OPEN_FORM, _truncate(draft)
    button = ButtonElement(text=words, action_id=action, value=draft.to_json())
    return ActionsBlock(elements=[button])


def _truncate(draft: RequestDraft) -> RequestDraft:
    """Keep as much of the reason as fits, or none and as many roles as fit."""
    bare = RequestDraft(
        allow_duplicate=draft.allow_duplicate,
        allow_shorter=draft.allow_shorter,
        any_reviewers=draft.any_reviewers,
        truncated=True,
        start=draft.start,
        until=draft.until,
        duration=draft.duration,
        expires=draft.expires,
        session=draft.session,
    )
    beginning = _longest(
        lambda n: replace(draft, truncated=True, reason=draft.reason[:n]), len(draft.reason)
    )
    return (
        beginning
        or _longest(lambda n: replace(bare, roles=draft.roles[:n]), len(draft.roles))
        or bare
    )


def _longest(cut_to: Callable[[int], RequestDraft], whole: int) -> RequestDraft | None:
    """Return the longest cut that fits a button, None if none does."""
    too_long = bisect_left(range(whole + 1), 1, key=lambda n: not _fits_a_button(cut_to(n)))
    return cut_to(too_long - 1) if too_long else None


def _fits_a_button(draft: RequestDraft) -> bool:
    return slack_length(draft.to_json()) <= _VALUE_LIMIT
