"""The private response to a review of several requests: one line for each."""

from collections.abc import Collection
from dataclasses import dataclass

from workspace.text.untrusted import fit_text, safe_line
from workspace.views.parts import rich
from workspace.views.parts.message import Message, message
from workspace.views.parts.request_name import short_id

_LABEL, _RESULT, _REASON = 80, 220, 2_000
"""Lengths. Thirty lines and the reason fit into a message."""


@dataclass(frozen=True, slots=True)
class BulkResult:
    """The result of one review."""

    request_id: str
    label: str
    """Requester and requested access."""
    text: str
    done: bool = False
    """Whether Teleport has recorded the review."""
    retry: bool = False
    """Whether the same review can succeed later."""


def bulk_review_message(
    results: Collection[BulkResult], *, approve: bool, unsent_reason: str = ""
) -> Message:
    """List the results. `unsent_reason` is the typed reason if a review has to be repeated."""
    verb = "approved" if approve else "denied"
    done = sum(each.done for each in results)
    requests = "request" if len(results) == 1 else "requests"
    count = str(done) if done == len(results) else f"{done} of {len(results)}"
    rows = (
        (
            rich.bold(f"{'✓' if each.done else '✗'} {safe_line(each.label, _LABEL)}"),
            f" ({short_id(each.request_id)}): {fit_text(each.text, _RESULT)}",
        )
        for each in results
    )
    kept = (
        [rich.lines(("Your reason:",)), rich.preformatted(fit_text(unsent_reason, _REASON))]
        if unsent_reason
        else []
    )
    return message(
        rich.lines((rich.bold(f"You {verb} {count} {requests}."),)), rich.bullets(*rows), *kept
    )
