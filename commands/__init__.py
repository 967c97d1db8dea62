"""People act: all that somebody can type or click. Nothing in here posts or changes a card."""

from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp

from commands import decision, pending, request, request_form
from commands.act import from_click, from_command
from commands.listener import Listeners
from workspace.views import asked, card, decision_form, pending_list
from workspace.views import request_form as request_form_view


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """What Slack has to know of a command, for the app's manifest."""

    name: str
    description: str
    usage_hint: str


COMMANDS = (
    SlashCommand(
        request.NAME,
        "Ask for access to Teleport roles",
        "staging for 2h because … | help",
    ),
    SlashCommand(pending.NAME, "See access requests that wait", "[mine | reviewable | all | help]"),
    SlashCommand(decision.APPROVE_COMMAND, "Approve an access request", "[id] [reason] | help"),
    SlashCommand(decision.DENY_COMMAND, "Deny an access request", "[id] [reason] | help"),
)


def register(app: AsyncApp, listeners: Listeners) -> None:
    """List everything that Slack can trigger."""
    for name, work in {
        request.NAME: request.command,
        pending.NAME: pending.command,
        decision.APPROVE_COMMAND: decision.command(approve=True),
        decision.DENY_COMMAND: decision.command(approve=False),
    }.items():
        app.command(name)(listeners.acting(from_command, work))

    for action_id, work in {
        card.APPROVE: decision.button(approve=True),
        card.DENY: decision.button(approve=False),
        pending_list.OLDER: pending.turn_page,
        pending_list.NEWER: pending.turn_page,
        asked.ASK_ANYWAY: request.ask_anyway,
        asked.FILL_IN: request.fill_in,
    }.items():
        app.action(action_id)(listeners.acting(from_click, work))

    app.options(request_form_view.ROLES)(listeners.suggesting(request_form.suggest_roles))
    app.view(request_form_view.CALLBACK)(
        listeners.submitting(request_form.check, otherwise=request_form.submit)
    )
    app.view(decision_form.CALLBACK)(
        listeners.submitting(decision.check_form, otherwise=decision.submit_form)
    )
