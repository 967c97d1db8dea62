"""The list of everything in Slack that triggers the bot: commands, buttons, options and forms.

A new slash command also needs an entry in `slash_commands.py`, for the Slack app's manifest.
"""

from commands import (
    pending_command,
    request_command,
    request_form,
    review_command,
    review_form,
    slash_commands,
)
from commands.interactions.triggers import Triggers
from workspace.views import pending_list, request_responses
from workspace.views.cards import buttons
from workspace.views.forms import request_form as request_form_view
from workspace.views.forms import review_form as review_form_view

TRIGGERS = Triggers(
    commands={
        slash_commands.REQUEST: request_command.command,
        slash_commands.PENDING: pending_command.command,
        slash_commands.APPROVE: review_command.command(approve=True),
        slash_commands.DENY: review_command.command(approve=False),
    },
    buttons={
        buttons.APPROVE: review_command.button(approve=True),
        buttons.DENY: review_command.button(approve=False),
        pending_list.OLDER: pending_command.turn_page,
        pending_list.NEWER: pending_command.turn_page,
        request_responses.REQUEST_ANYWAY: request_command.request_anyway,
        request_responses.OPEN_FORM: request_command.open_prefilled_form,
    },
    options={request_form_view.ROLES: request_form.suggest_roles},
    forms={
        request_form_view.CALLBACK: (request_form.check, request_form.submit),
        review_form_view.CALLBACK: (review_form.check, review_form.submit),
    },
)
