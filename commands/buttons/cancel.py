"""The button with which a user cancels their own pending request."""

from typing import assert_never

from commands.interactions.button_value import request_id_of
from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.request_model import request_model
from commands.review_outcomes import resolution
from commands.use_cases.cancel_request import (
    Cancelled,
    CannotDelete,
    NotOwnRequest,
    cancel_request,
)
from commands.use_cases.check_review import RequestClosed
from commands.use_cases.services import Services
from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_name
from workspace.views.responses.request import request_cancelled, request_closed


async def cancel(services: Services, interaction: Interaction, responder: Responder) -> None:
    request_id = request_id_of(interaction.value)
    outcome = await cancel_request(services, interaction.slack_user_id, request_id)
    match outcome:
        case Cancelled(request=request):
            await responder.replace_original(request_cancelled(request_model(services, request)))
        case RequestClosed(request=request):
            how = resolution(services, request)
            model = request_model(services, request)
            await responder.replace_original(request_closed(model, how))
        case NotOwnRequest(request=request):
            raise UserError(
                f"Only {safe_name(request.user)} can cancel this request. Nothing changed.",
                reason="not_own_request",
            )
        case CannotDelete():
            raise UserError(
                "The bot isn't allowed to cancel requests here. Nothing changed. Ask a reviewer to"
                " deny it, let it expire, or ask a Teleport administrator to run:",
                reason="bot_cannot_cancel",
                suggested_command=f"tctl requests rm {request_id}",
            )
        case _:
            assert_never(outcome)
