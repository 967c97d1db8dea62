"""People act: all that somebody can type or click. Nothing in here posts or changes a card."""

from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp

from commands import pending_command, request_command, request_form, review_command
from commands.interaction import from_click, from_command
from commands.listener import Listeners
from workspace.views import card, pending_list, request_answers, review_form
from workspace.views import request_form as request_form_view


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """What Slack has to know of a command, for the app's manifest."""

    name: str
    description: str
    usage_hint: str


COMMANDS = (
    SlashCommand(
        request_command.NAME,
        "Ask for access to Teleport roles",
        "staging for 2h because … | help",
    ),
    SlashCommand(
        pending_command.NAME, "See access requests that wait", "[mine | reviewable | all | help]"
    ),
    SlashCommand(
        review_command.APPROVE_COMMAND, "Approve an access request", "[id] [reason] | help"
    ),
    SlashCommand(review_command.DENY_COMMAND, "Deny an access request", "[id] [reason] | help"),
)


def register(app: AsyncApp, listeners: Listeners) -> None:
    """List everything that Slack can trigger."""
    for name, work in {
        request_command.NAME: request_command.command,
        pending_command.NAME: pending_command.command,
        review_command.APPROVE_COMMAND: review_command.command(approve=True),
        review_command.DENY_COMMAND: review_command.command(approve=False),
    }.items():
        app.command(name)(listeners.acting(from_command, work))

    for action_id, work in {
        card.APPROVE: review_command.button(approve=True),
        card.DENY: review_command.button(approve=False),
        pending_list.OLDER: pending_command.turn_page,
        pending_list.NEWER: pending_command.turn_page,
        request_answers.ASK_ANYWAY: request_command.ask_anyway,
        request_answers.FILL_IN: request_command.fill_in,
    }.items():
        app.action(action_id)(listeners.acting(from_click, work))

    app.options(request_form_view.ROLES)(listeners.suggesting(request_form.suggest_roles))
    app.view(request_form_view.CALLBACK)(
        listeners.submitting(request_form.check, otherwise=request_form.submit)
    )
    app.view(review_form.CALLBACK)(
        listeners.submitting(review_command.check_form, otherwise=review_command.submit_form)
    )
