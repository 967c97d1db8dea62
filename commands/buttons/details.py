"""The button `Details`, and the pages of the details.

The details are in a modal, or in a private message if the click was too long ago for a modal. Each
click reads the request again.
"""

from commands.interactions.button_value import request_id_of
from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.request_model import request_model
from commands.slash_commands import PENDING
from commands.use_cases.details.read_details import read_details
from commands.use_cases.services import Services
from workspace.views.modals.details_modal import details_view
from workspace.views.modals.loading import loading_details
from workspace.views.parts.message import Message
from workspace.views.parts.request_name import short_id
from workspace.views.requests.details_pages import details_message, page_from


async def show(services: Services, interaction: Interaction, responder: Responder) -> None:
    request_id = request_id_of(interaction.value)
    page = await responder.with_placeholder(
        _page(services, interaction, request_id, 0), loading_details(), typed=_typed(request_id)
    )
    view = details_view(page)
    if not await responder.fill_form(view, typed=_typed(request_id)):
        await responder.respond(page)


async def turn_page(services: Services, interaction: Interaction, responder: Responder) -> None:
    """Show another page in the same modal, or in place of the same message."""
    value, number = page_from(interaction.value)
    request_id = request_id_of(value)
    page = await _page(services, interaction, request_id, number)
    if not interaction.view_id:
        await responder.replace_original(page)
    elif not await responder.fill_form(details_view(page), typed=_typed(request_id)):
        await responder.respond(page)


async def _page(
    services: Services, interaction: Interaction, request_id: str, number: int
) -> Message:
    details = await read_details(
        services, interaction.slack_user_id, request_id, on_card=interaction.on_card
    )
    return details_message(request_model(services, details.request), details, number)


def _typed(request_id: str) -> str:
    return f"{PENDING} {short_id(request_id)}"
