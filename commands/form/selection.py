"""Ask Teleport about the resources that a user has just selected in the form.

The form immediately shows the roles for these resources, and those that the user can't request.
An error here leaves the form as it is: Teleport checks the selection again on submit.
"""

from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.use_cases.acting_user.authorized_user import FILL_IN_REQUEST
from commands.use_cases.offers.resources import rejected_resources, roles_by_resource
from commands.use_cases.services import Services
from teleport_client.errors import TeleportError
from workspace.requests.user_error import UserError
from workspace.sending.slack_failure import SLACK_ERRORS
from workspace.text.names import it_or_them, list_names
from workspace.views.modals.request_input import RESOURCES, ROLES, selected_values
from workspace.views.modals.request_notes import with_resource_note
from workspace.views.options import resource_option


async def check_selection(
    services: Services, interaction: Interaction, responder: Responder
) -> None:
    """Show a note about the selected resources in the open form."""
    form = interaction.open_form
    if form is None:
        return
    try:
        note = await _note(services, interaction)
    except (LookupError, UserError, TeleportError, *SLACK_ERRORS):
        return
    changed = with_resource_note(form.view, note)
    if changed["blocks"] != form.view["blocks"]:
        await responder.update_open_form(changed, form.view.get("hash", ""))


async def _note(services: Services, interaction: Interaction) -> str:
    values = interaction.open_form.values if interaction.open_form else {}
    selected = selected_values(values, RESOURCES)
    if not selected:
        return ""
    user = await services.authorize(interaction.slack_user_id, FILL_IN_REQUEST)
    paths = resource_option.paths(selected, services.resource_index.long_paths)
    roles = await roles_by_resource(services, user.name, paths)
    if rejected := rejected_resources(services, roles):
        return (
            f"You can't request {list_names(rejected)}. Remove {it_or_them(rejected)}, or choose"
            " others."
        )
    applicable = sorted({name for names in roles.values() for name in names})
    if len(applicable) > 1 and not selected_values(values, ROLES):
        return (
            f"These roles give access: {list_names(applicable)}. Select those that you need, or"
            " none for all of them."
        )
    return ""
