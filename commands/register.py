"""The list of everything in Slack that triggers the bot: commands, buttons, forms and events.

A new slash command or shortcut also needs an entry in `slash_commands.py`, for the Slack app's
manifest.
"""

from commands import (
    app_home,
    pending_command,
    request_command,
    review_command,
    review_form,
    slash_commands,
)
from commands.buttons import cancel, details, lock, repeat
from commands.form import menus, selection, submission
from commands.interactions.bolt_registration import Handlers
from commands.reviews import bulk_submission
from workspace.views.cards import buttons, own_request_buttons
from workspace.views.home import home_tab
from workspace.views.modals import (
    bulk_review_modal,
    request_input,
    request_modal,
    review_modal,
)
from workspace.views.requests import details_pages
from workspace.views.responses import draft_button, pending_list

HANDLERS = Handlers(
    commands={
        slash_commands.REQUEST: request_command.command,
        slash_commands.PENDING: pending_command.command,
        slash_commands.APPROVE: review_command.command(approve=True),
        slash_commands.DENY: review_command.command(approve=False),
    },
    shortcuts={
        slash_commands.REQUEST_SHORTCUT: request_command.shortcut,
        slash_commands.REQUEST_FOR_MESSAGE: request_command.shortcut,
    },
    buttons={
        buttons.APPROVE: review_command.button(approve=True),
        buttons.DENY: review_command.button(approve=False),
        buttons.APPROVE_WITH: review_command.approve_with,
        buttons.DETAILS: details.show,
        details_pages.DETAILS_BACK: details.turn_page,
        details_pages.DETAILS_NEXT: details.turn_page,
        pending_list.OLDER: pending_command.turn_page,
        pending_list.NEWER: pending_command.turn_page,
        home_tab.MORE: pending_command.turn_page,
        draft_button.REQUEST_ANYWAY: request_command.request_anyway,
        draft_button.OPEN_FORM: request_command.open_prefilled_form,
        buttons.LOCK: lock.lock,
        own_request_buttons.CANCEL: cancel.cancel,
        own_request_buttons.DONE: lock.lock,
        own_request_buttons.REQUEST_AGAIN: repeat.repeat,
        own_request_buttons.EXTEND: repeat.repeat,
    },
    selections={request_input.RESOURCES: selection.check_selection},
    options={
        request_input.ROLES: menus.suggest_roles,
        request_input.RESOURCES: menus.suggest_resources,
        request_input.REVIEWERS: menus.suggest_reviewers,
    },
    forms={
        request_modal.CALLBACK: (submission.check, submission.submit),
        review_modal.CALLBACK: (review_form.check, review_form.submit),
        bulk_review_modal.CALLBACK: (bulk_submission.check, bulk_submission.submit),
    },
    events={slash_commands.HOME_OPENED: app_home.opened},
)
