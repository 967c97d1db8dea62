"""Open the request form: at once if its data is known, else as a placeholder that fills in.

Slack lets a form open for three seconds after the command. Teleport can need longer, so the
placeholder opens first then, and the form or an error replaces it.
"""

from dataclasses import dataclass, replace

from commands.interactions.responder import Responder
from commands.request_outcomes import form_context, typed_command
from commands.slash_commands import REQUEST
from commands.use_cases.acting_user.authorized_user import FILL_IN_REQUEST, AuthorizedUser
from commands.use_cases.drafts.requests_enabled import ensure_requests_enabled
from commands.use_cases.offers.resources import may_request_resources, search_resources
from commands.use_cases.services import Services
from teleport_client.errors import TeleportError
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.views.modals.loading import loading_request_form
from workspace.views.modals.request_modal import FormContext, request_form
from workspace.views.parts.message import text_message


@dataclass(frozen=True, slots=True)
class _Ready:
    user: AuthorizedUser
    context: FormContext


async def open_request_form(
    services: Services, slack_user_id: str, draft: RequestDraft, responder: Responder
) -> None:
    """Open the form with a draft. Raises UserError for a user who can't request anything."""
    ensure_requests_enabled(services)
    typed = typed_command(draft)
    preparing = _prepare(services, slack_user_id, draft, responder)
    ready = await responder.with_placeholder(preparing, loading_request_form(), typed=typed)
    if not await responder.fill_form(request_form(draft, ready.context), typed=typed):
        text = f"The form didn't open. Run {REQUEST} again, or without the form:"
        await responder.respond(text_message(text, preformatted=typed))
        return
    await _read_ahead(services, ready)


async def _prepare(
    services: Services, slack_user_id: str, draft: RequestDraft, responder: Responder
) -> _Ready:
    user = await services.authorize(slack_user_id, FILL_IN_REQUEST)
    capabilities = await services.permissions.capabilities(user.name)
    has_resources = may_request_resources(services, user)
    if not capabilities.requestable_roles and not has_resources:
        raise UserError(
            "Your Teleport roles don't let you request any access. If you need some, ask a Teleport"
            " administrator.",
            reason="nothing_requestable",
        )
    prompts = {capabilities.request_prompt, *(role.allow.reason_prompt for role in user.roles)}
    context = replace(
        form_context(services, draft, responder),
        prompts=tuple(sorted(filter(None, prompts))),
        has_resources=has_resources,
    )
    return _Ready(user, context)


async def _read_ahead(services: Services, ready: _Ready) -> None:
    """Read the data that the menus need a moment later into the caches."""
    try:
        if ready.context.has_resources:
            await search_resources(services, ready.user, "", limit=1)
        await services.linked_users.all()
    except TeleportError:
        return  # the menus read it again
