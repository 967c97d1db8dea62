"""The buttons `Lock access` and `I'm done`, which lock the access of an approved request."""

from dataclasses import replace
from typing import assert_never

from commands.interactions.button_value import request_id_of
from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.request_model import request_model
from commands.use_cases.lock_access import (
    AlreadyLocked,
    CannotLock,
    Locked,
    NameTaken,
    NoAccess,
    NotPermitted,
    RequestDeleted,
    Unlocked,
    lock_access,
)
from commands.use_cases.services import Services
from workspace.card_model.build import card_lock
from workspace.requests.user_error import UserError
from workspace.views.responses.lock import access_locked, already_locked


async def lock(services: Services, interaction: Interaction, responder: Responder) -> None:
    request_id = request_id_of(interaction.value)
    outcome = await lock_access(services, interaction.slack_user_id, request_id)
    match outcome:
        case Locked(request=request, own=own):
            await responder.respond(access_locked(request_model(services, request), own=own))
        case AlreadyLocked(request=request, lock=found):
            model = replace(request_model(services, request), lock=card_lock(found))
            await responder.respond(already_locked(model))
        case _:
            raise _error(outcome, request_id)


def _error(outcome: Unlocked, request_id: str) -> UserError:
    command = f"tctl lock --access-request={request_id}"
    match outcome:
        case NoAccess():
            return UserError(
                "This request gives no access now: it isn't approved, or the access has ended."
                " Nothing was locked.",
                reason="no_access",
            )
        case RequestDeleted():
            return UserError(
                "Teleport has deleted this request, so the bot can't check who can lock it. Nothing"
                " was locked. Certificates issued with it can still be valid. To stop them, a"
                " Teleport administrator can run:",
                reason="request_deleted",
                suggested_command=command,
            )
        case NotPermitted():
            return UserError(
                "You can't lock this access from Slack: only its requester and users who can review"
                " the request can. Nothing was locked. A Teleport administrator can run:",
                reason="cannot_lock",
                suggested_command=command,
            )
        case CannotLock():
            return UserError(
                "The bot isn't allowed to lock access here. Nothing was locked. Ask a Teleport"
                " administrator to run:",
                reason="bot_cannot_lock",
                suggested_command=command,
            )
        case NameTaken():
            return UserError(
                "A lock on something else in Teleport has the name that the bot uses for this"
                " request. The bot didn't replace it, and nothing was locked. A Teleport"
                " administrator can run:",
                reason="lock_name_taken",
                suggested_command=command,
            )
        case _:
            assert_never(outcome)
