"""The buttons `Request again` and `Extend`, which request the same access again."""

from commands.interactions.button_value import request_id_of
from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.request_outcomes import open_form, respond, typed_command
from commands.use_cases.drafts.requests_enabled import ensure_requests_enabled
from commands.use_cases.repeat_request import OnlyRecorded, repeat_request
from commands.use_cases.services import Services
from workspace.text.names import it_or_them, list_names
from workspace.views.parts.message import text_message

_INCOMPLETE = "Teleport has deleted the old request, so check what is left of it."
_NO_DURATION = "Its duration isn't recorded: choose one."


async def repeat(services: Services, interaction: Interaction, responder: Responder) -> None:
    ensure_requests_enabled(services)
    request_id = request_id_of(interaction.value)
    repeated = await repeat_request(services, interaction.slack_user_id, request_id)
    if isinstance(repeated, OnlyRecorded):
        note = _INCOMPLETE if repeated.draft.duration else f"{_INCOMPLETE} {_NO_DURATION}"
        if not await open_form(services, repeated.draft, responder, note=note):
            text = f"The form didn't open. {note}"
            command = typed_command(repeated.draft)
            await responder.respond(text_message(text, preformatted=command))
        return
    await respond(services, repeated.outcome, responder)
    if repeated.left_out:
        roles = list_names(repeated.left_out)
        await responder.respond(
            text_message(
                f"You can't request {roles} any more, so the request doesn't contain"
                f" {it_or_them(repeated.left_out)}."
            )
        )
