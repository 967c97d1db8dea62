"""The options of a menu with type-ahead."""

from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import Option

from workspace.views.parts.plain import plain

MOST_OPTIONS = 100
"""Slack's limit (docs.slack.dev: block_suggestion payload)."""


def menu(options: Sequence[Option], total: int) -> dict[str, Any]:
    """Return the response with the best options. `total` is the number of all matches.

    If more match, the label of the only group shows the numbers.
    """
    shown = [plain(each) for each in options[:MOST_OPTIONS]]
    if total <= len(shown):
        return {"options": shown}
    label = f"The best {len(shown)} of {total:,} matches. Type more to see others."
    return {"option_groups": [{"label": {"type": "plain_text", "text": label}, "options": shown}]}
