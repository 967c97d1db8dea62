"""People act: all that somebody can type or click. Nothing in here posts or changes a card."""

from collections.abc import Mapping
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp

from commands import pending_command, request_command, request_form, review_command
from commands.interactions.interaction import from_block_action, from_command
from commands.interactions.listener import FormValidator, Handler, Listeners, Suggest
from workspace.views import card, pending_list
from workspace.views import request_responses as request_answers
from workspace.views.forms import request_form as request_form_view
from workspace.views.forms import review_form


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


_COMMANDS: Mapping[str, Handler] = {
    request_command.NAME: request_command.command,
    pending_command.NAME: pending_command.command,
    review_command.APPROVE_COMMAND: review_command.command(approve=True),
    review_command.DENY_COMMAND: review_command.command(approve=False),
}
_ACTIONS: Mapping[str, Handler] = {
    card.APPROVE: review_command.button(approve=True),
    card.DENY: review_command.button(approve=False),
    pending_list.OLDER: pending_command.turn_page,
    pending_list.NEWER: pending_command.turn_page,
    request_answers.REQUEST_ANYWAY: request_command.request_anyway,
    request_answers.OPEN_FORM: request_command.open_prefilled_form,
}
_OPTIONS: Mapping[str, Suggest] = {request_form_view.ROLES: request_form.suggest_roles}
_FORMS: Mapping[str, tuple[FormValidator, Handler]] = {
    request_form_view.CALLBACK: (request_form.check, request_form.submit),
    review_form.CALLBACK: (review_command.check_form, review_command.submit_form),
}

TRIGGERS = frozenset({*_COMMANDS, *_ACTIONS, *_OPTIONS, *_FORMS})
"""Names of everything that Slack can trigger."""


def register(app: AsyncApp, listeners: Listeners) -> None:
    for name, work in _COMMANDS.items():
        app.command(name)(listeners.for_action(from_command, work))
    for action_id, work in _ACTIONS.items():
        app.action(action_id)(listeners.for_action(from_block_action, work))
    for action_id, suggest in _OPTIONS.items():
        app.options(action_id)(listeners.for_options(suggest))
    for callback_id, (check, work) in _FORMS.items():
        app.view(callback_id)(listeners.for_submission(check, on_timeout=work))
