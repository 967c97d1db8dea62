"""The reason of a request or a review, as a quote."""

from collections.abc import Iterator

from slack_sdk.models.blocks import RichTextElement

from workspace.text.budget import REASON_LIMIT
from workspace.text.untrusted import safe_text
from workspace.views.parts import rich

REQUEST_REASON = "Reason: "
"""Label of the requester's reason, which follows a status with the reviewers' names."""


def quoted_reason(
    reason: str, *, label: str = "", limit: int = REASON_LIMIT
) -> Iterator[RichTextElement]:
    """Yield the quote, nothing for no reason. An invisible reason is marked."""
    if reason.strip():
        text = rich.text(safe_text(reason, limit) or "(no visible text)")
        yield rich.quote(rich.bold(label), text) if label else rich.quote(text)
