"""Private responses to a requester."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from workspace.card_model.record import CardModel
from workspace.requests.request_draft import RequestDraft
from workspace.text.names import list_names
from workspace.text.untrusted import fit_text
from workspace.views.cards.actions import actions
from workspace.views.cards.facts import access_times
from workspace.views.cards.own_request_buttons import cancel_button
from workspace.views.parts import markup, rich
from workspace.views.parts.footer import DOT, footer, footer_of
from workspace.views.parts.message import Message, message
from workspace.views.parts.moments import duration_text
from workspace.views.parts.reason import REQUEST_REASON, quoted_reason
from workspace.views.parts.request_name import request_name, target_names
from workspace.views.responses.draft_button import OPEN_FORM, REQUEST_ANYWAY, draft_button

_DM_PROMISED = "You'll get a DM when it's reviewed."
_NO_DM = "The bot can't send you DMs. Run /teleport-pending to follow your request."
_WHY = 1_000
"""Length of Teleport's explanation of the required reason."""
_REASON_ROOM = 300
_BUTTON_LENGTH = 75
"""Slack's limit on the text of a button."""
_PROBLEMS, _PROBLEM_LENGTH = 10, 200


def request_created(
    draft: RequestDraft,
    card_model: CardModel,
    created: datetime | None,
    *,
    gets_messages: bool,
    can_cancel: bool,
    active_until: datetime | None = None,
    session: timedelta | None = None,
) -> Message:
    """Confirm a request in one line, and state a shorter duration if Teleport limits it.

    `gets_messages` promises a message about the outcome. `can_cancel` adds a button that cancels
    the request. `active_until` is the end of the same access, which the user has now.
    `session` is the longest session, if the user limited it.
    """
    return message(
        rich.lines((*_requested(card_model), *_longest_session(session))),
        *quoted_reason(draft.reason, label=REQUEST_REASON, limit=_REASON_ROOM),
        rich.lines(
            *_limit(draft, card_model, created),
            *_active(card_model, active_until),
            (_DM_PROMISED if gets_messages else _NO_DM,),
        ),
        *(actions(cancel_button(card_model)) if can_cancel else ()),
        footer(card_model),
    )


def _requested(card_model: CardModel) -> Iterator[rich.Part | str]:
    """Repeat everything that Teleport stored, except the reason."""
    yield rich.bold(f"You requested {request_name(card_model)}.")
    if card_model.resources and card_model.roles:
        yield f" Roles: {list_names(card_model.roles)}."
    for fact in access_times(card_model):
        yield f" {fact.name} "
        yield rich.moment(fact.value) if isinstance(fact.value, datetime) else fact.value
        yield "."
    if card_model.reviewers:
        yield f" Suggested reviewers: {list_names(card_model.reviewers)}."


def _longest_session(session: timedelta | None) -> Iterator[str]:
    if session is not None:
        yield f" Longest session: {duration_text(session)}."


def _limit(
    draft: RequestDraft, card_model: CardModel, created: datetime | None
) -> Iterator[rich.Line]:
    if created and draft.is_longer_than(card_model.access_until, created):
        yield ("You asked for access ", *_wanted(draft), ", which is longer than Teleport allows.")


def _active(card_model: CardModel, until: datetime | None) -> Iterator[rich.Line]:
    if until is not None:
        yield (f"You already have {target_names(card_model)} until ", rich.moment(until), ".")


def _not_allowed(names: str, draft: RequestDraft) -> Sequence[rich.Part | str]:
    refused = f"Teleport doesn't allow {names} "
    if draft.duration is not None:
        return (rich.bold(f"{refused}for {duration_text(draft.duration)}."),)
    return (rich.bold(refused), *_wanted(draft), ".")


def _wanted(draft: RequestDraft) -> Iterator[rich.Part | str]:
    if draft.duration is not None:
        yield f"for {duration_text(draft.duration)}"
    elif draft.until is not None:
        yield "until "
        yield rich.moment(draft.until)


def request_cancelled(card_model: CardModel) -> Message:
    """Confirm the cancellation in place of the message with the button."""
    headline = f"You cancelled your request for {request_name(card_model)}."
    return message(
        rich.lines((rich.bold(headline),), ("Reviewers can't approve it any more.",)),
        footer(card_model),
    )


def request_closed(card_model: CardModel, how: str) -> Message:
    """Report a resolved request in place of the message with the button that cancels it."""
    headline = f"Your request for {request_name(card_model)} was already {how}."
    return message(
        rich.lines((rich.bold(headline),), ("Nothing was cancelled.",)), footer(card_model)
    )


def duplicate_found(draft: RequestDraft, existing: CardModel, created: datetime | None) -> Message:
    """Report that an equal request is pending."""
    headline = f"You've already requested {request_name(existing)}, and it's still pending."
    return message(
        rich.lines((rich.bold(headline),), ("No new request was created.",)),
        draft_button("Request anyway", REQUEST_ANYWAY, replace(draft, allow_duplicate=True)),
        footer_of(existing.id, *([markup.ago(created, f"{DOT}requested ")] if created else [])),
    )


def shorter_offer(
    draft: RequestDraft, tried: CardModel, *, limited_by_bot_certificate: bool
) -> Message:
    """State the shorter duration that Teleport allows, before the request is created."""
    if tried.access_until is None:
        raise ValueError("a shorter offer needs an end of access")
    why = "This limit comes from your roles or the requested roles."
    if draft.session is not None:
        why = "This limit comes from your roles, the requested roles or --session-ttl."
    if limited_by_bot_certificate:
        why = "The bot's certificate expires then. Its operator can extend it."
    return message(
        rich.lines(
            _not_allowed(target_names(tried), draft),
            ("If you request it now, access ends ", rich.moment(tried.access_until), ". ", why),
            ("Nothing was requested yet.",),
        ),
        draft_button("Request until then", REQUEST_ANYWAY, replace(draft, allow_shorter=True)),
    )


def corrections_offer(problem: str, corrections: Sequence[RequestDraft]) -> Message:
    """Offer to request corrected roles."""
    return message(
        rich.lines((rich.bold(fit_text(problem, _WHY)),)),
        *(
            draft_button(
                fit_text(f"Request {list_names(each.roles)}", _BUTTON_LENGTH), REQUEST_ANYWAY, each
            )
            for each in corrections
        ),
    )


def reviewer_problems(draft: RequestDraft, problems: Sequence[str]) -> Message:
    """Name the suggested reviewers who can't review the request, before it is created."""
    headline = "Check your suggested reviewers."
    shown = problems[:_PROBLEMS]
    more = len(problems) - len(shown)
    return message(
        rich.lines(
            (rich.bold(headline),),
            *((fit_text(problem, _PROBLEM_LENGTH),) for problem in shown),
            *([(f"And {more} more.",)] if more else []),
            ("Nothing was requested yet.",),
        ),
        draft_button("Request anyway", REQUEST_ANYWAY, replace(draft, any_reviewers=True)),
    )


def request_rejected(draft: RequestDraft, text: str) -> Message:
    """Explain why the draft of a closed form was rejected, and offer to open the form again."""
    return message(
        rich.lines((fit_text(text, _WHY),)), draft_button("Open the form again", OPEN_FORM, draft)
    )


def reason_prompt(draft: RequestDraft, why: str) -> Message:
    """Prompt for a reason after it is too late to open a form."""
    headline = f"Add a reason to request {list_names([*draft.resources, *draft.roles])}."
    return message(
        rich.lines((rich.bold(headline),), (fit_text(why, _WHY),), ("Nothing was requested yet.",)),
        draft_button("Add a reason", OPEN_FORM, draft),
    )
