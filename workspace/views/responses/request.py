"""Private responses to a requester."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from slack_sdk.models.blocks import ActionsBlock, ButtonElement

from workspace.card_model.record import CardModel
from workspace.requests.request_draft import RequestDraft
from workspace.text.names import list_names
from workspace.text.untrusted import fit_text, safe_line, slack_length
from workspace.views.parts import rich
from workspace.views.parts.message import Message, message
from workspace.views.parts.request_name import short_id, target_names

REQUEST_ANYWAY = "ask_anyway"
OPEN_FORM = "fill_in_request"
"""Action ids; the value is a packed ask."""
_VALUE_LIMIT = 2000
"""Characters that a button carries (docs.slack.dev: button element)."""
_DM_PROMISED = "You'll get a DM when it's reviewed."
_NO_DM = "The bot can't send you DMs. Run /teleport-pending to follow your request."
_WHY = 1_000
"""Length of Teleport's explanation of the required reason."""
_PROBLEMS, _PROBLEM_LENGTH = 10, 200


def request_created(
    draft: RequestDraft, card_model: CardModel, created: datetime | None, *, gets_messages: bool
) -> Message:
    """Confirm a request, and state a shorter duration if Teleport limits it.

    `gets_messages` promises a message about the outcome.
    """
    wanted = target_names(card_model)
    headline = f"You requested {wanted}."
    rows: list[rich.Line] = [
        (rich.bold(headline), " Request ", rich.code(short_id(card_model.id)), "."),
        (_DM_PROMISED if gets_messages else _NO_DM,),
    ]
    if draft.duration:
        rows.insert(1, (f"Duration: {rich.duration(draft.duration)}.",))
    if reason := safe_line(draft.reason, 300):
        rows.insert(1, (f"Reason: {reason}",))
    if (
        created
        and card_model.access_until
        and draft.is_longer_than(card_model.access_until, created)
    ):
        rows.append(
            (
                "That's longer than Teleport allows. Access ends ",
                rich.moment(card_model.access_until),
                ".",
            )
        )
    return message(headline, rich.lines(*rows))


def duplicate_found(draft: RequestDraft, existing: CardModel, created: datetime | None) -> Message:
    """Report that an equal request is pending."""
    wanted = target_names(existing)
    headline = f"You've already requested {wanted}, and it's still pending."
    rows: list[rich.Line] = [(rich.bold(headline),)]
    row: list[rich.Part | str] = ["Request ", rich.code(short_id(existing.id))]
    if created is not None:
        row += [" · requested ", rich.ago(created)]
    rows += [row, ("No new request was created.",)]
    button = _button("Request anyway", REQUEST_ANYWAY, replace(draft, allow_duplicate=True))
    return message(headline, rich.lines(*rows), ActionsBlock(elements=[button]))


def shorter_offer(
    draft: RequestDraft, tried: CardModel, *, limited_by_bot_certificate: bool
) -> Message:
    """State the shorter duration that Teleport allows, before the request is created."""
    if draft.duration is None or tried.access_until is None:
        raise ValueError("a shorter offer needs a requested duration and an end of access")
    headline = f"Teleport doesn't allow {target_names(tried)} for {rich.duration(draft.duration)}."
    why = (
        "The bot's certificate expires then. Its operator can extend it."
        if limited_by_bot_certificate
        else "This limit comes from your roles or the requested roles."
    )
    return message(
        headline,
        rich.lines(
            (rich.bold(headline),),
            ("If you request it now, access ends ", rich.moment(tried.access_until), ". ", why),
            ("Nothing was requested yet.",),
        ),
        ActionsBlock(
            elements=[
                _button("Request until then", REQUEST_ANYWAY, replace(draft, allow_shorter=True))
            ]
        ),
    )


def reviewer_problems(draft: RequestDraft, problems: Sequence[str]) -> Message:
    """Name the suggested reviewers who can't review the request, before it is created."""
    headline = "Check your suggested reviewers."
    shown = problems[:_PROBLEMS]
    more = len(problems) - len(shown)
    return message(
        headline,
        rich.lines(
            (rich.bold(headline),),
            *((fit_text(problem, _PROBLEM_LENGTH),) for problem in shown),
            *([(f"And {more} more.",)] if more else []),
            ("Nothing was requested yet.",),
        ),
        ActionsBlock(
            elements=[_button("Request anyway", REQUEST_ANYWAY, replace(draft, any_reviewers=True))]
        ),
    )


def reason_prompt(draft: RequestDraft, why: str) -> Message:
    """Prompt for a reason after it is too late to open a form."""
    headline = f"Add a reason to request {list_names(draft.roles)}."
    return message(
        headline,
        rich.lines((rich.bold(headline),), (fit_text(why, _WHY),), ("Nothing was requested yet.",)),
        ActionsBlock(elements=[_button("Add a reason", OPEN_FORM, draft)]),
    )


def _button(words: str, action: str, draft: RequestDraft) -> ButtonElement:
    """Carry the ask; one too long for a button opens the form, to be completed there."""
    if not _fits_a_button(draft):
        action, draft = OPEN_FORM, _truncate(draft)
    return ButtonElement(text=words, action_id=action, value=draft.to_json())


def _truncate(draft: RequestDraft) -> RequestDraft:
    """Keep as much of the reason as fits, or none and as many roles as fit."""
    bare = RequestDraft(
        allow_duplicate=draft.allow_duplicate,
        allow_shorter=draft.allow_shorter,
        any_reviewers=draft.any_reviewers,
        truncated=True,
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
