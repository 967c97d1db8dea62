"""The list of everything in Slack that triggers the bot: commands, buttons, options and forms."""

from collections.abc import Mapping

from slack_bolt.async_app import AsyncApp

from commands import (
    pending_command,
    request_command,
    request_form,
    review_command,
    review_form,
    slash_commands,
)
from commands.interactions.interaction import from_block_action, from_command
from commands.interactions.listener import FormValidator, Handler, Listeners, OptionsLoader
from workspace.views import card, pending_list, request_responses
from workspace.views.forms import request_form as request_form_view
from workspace.views.forms import review_form as review_form_view

_COMMANDS: Mapping[str, Handler] = {
    slash_commands.REQUEST: request_command.command,
    slash_commands.PENDING: pending_command.command,
    slash_commands.APPROVE: review_command.command(approve=True),
    slash_commands.DENY: review_command.command(approve=False),
}
_BUTTONS: Mapping[str, Handler] = {
    card.APPROVE: review_command.button(approve=True),
    card.DENY: review_command.button(approve=False),
    pending_list.OLDER: pending_command.turn_page,
    pending_list.NEWER: pending_command.turn_page,
    request_responses.REQUEST_ANYWAY: request_command.request_anyway,
    request_responses.OPEN_FORM: request_command.open_prefilled_form,
}
_OPTIONS: Mapping[str, OptionsLoader] = {request_form_view.ROLES: request_form.suggest_roles}
_FORMS: Mapping[str, tuple[FormValidator, Handler]] = {
    request_form_view.CALLBACK: (request_form.check, request_form.submit),
    review_form_view.CALLBACK: (review_form.check, review_form.submit),
}

TRIGGERS = frozenset({*_COMMANDS, *_BUTTONS, *_OPTIONS, *_FORMS})
"""Names of all commands, action IDs and callback IDs."""


def register(app: AsyncApp, listeners: Listeners) -> None:
    for name, work in _COMMANDS.items():
        app.command(name)(listeners.for_action(from_command, work))
    for action_id, work in _BUTTONS.items():
        app.action(action_id)(listeners.for_action(from_block_action, work))
    for action_id, load in _OPTIONS.items():
        app.options(action_id)(listeners.for_options(load))
    for callback_id, (check, work) in _FORMS.items():
        app.view(callback_id)(listeners.for_submission(check, on_timeout=work))
