"""`/teleport-request`: request access with typed words, or open a form to fill in.

The buttons of its responses carry the draft as JSON, changed so that the same step isn't repeated.
"""

from dataclasses import replace

from commands.form.opening import open_request_form
from commands.interactions.interaction import Interaction
from commands.interactions.responder import Responder
from commands.parsing.grammar import CONJUNCTIONS, parse_request
from commands.parsing.role_names import in_any_case
from commands.parsing.words import wants_help
from commands.request_outcomes import respond
from commands.slash_commands import REQUEST
from commands.use_cases.acting_user.authorized_user import (
    CREATE,
    FILL_IN_REQUEST,
    AuthorizedUser,
)
from commands.use_cases.create_request import request_access
from commands.use_cases.drafts.rejected import Rejected
from commands.use_cases.drafts.resolve_resources import resolve_resources
from commands.use_cases.drafts.resolve_reviewers import resolve_reviewers
from commands.use_cases.services import Services
from teleport_client.errors import NotFound
from workspace.requests.request_draft import RequestDraft, draft_from_json
from workspace.slack_ids import message_link
from workspace.views.parts.outdated import outdated_button, reading
from workspace.views.responses.help import help_message


async def command(services: Services, interaction: Interaction, responder: Responder) -> None:
    if wants_help(interaction.text):
        await responder.respond(help_message(REQUEST))
        return
    if not interaction.text.strip():
        await open_request_form(services, interaction.slack_user_id, RequestDraft(), responder)
        return
    typed = parse_request(interaction.text)
    user = await services.authorize(
        interaction.slack_user_id, FILL_IN_REQUEST if typed.is_empty else CREATE
    )
    timed = typed.resolve(services.now(), user.linked_user.zone)
    named = await _with_role_names(services, user, timed)
    draft = await resolve_reviewers(services, interaction.slack_user_id, named)
    if not isinstance(draft, Rejected):
        draft = await resolve_resources(services, draft, typed.resources)
    if isinstance(draft, Rejected):
        await respond(services, draft, responder)
    elif draft.roles or draft.resources:
        await respond(services, await request_access(services, user, draft), responder)
    else:
        await open_request_form(services, interaction.slack_user_id, draft, responder)


async def shortcut(services: Services, interaction: Interaction, responder: Responder) -> None:
    """Open the form. The reason is a link to the message of a message shortcut."""
    url, ts = services.policy.workspace_url, interaction.message_ts
    link = message_link(url, interaction.channel, ts, interaction.thread_ts) if ts else ""
    draft = RequestDraft(reason=link)
    await open_request_form(services, interaction.slack_user_id, draft, responder)


async def request_anyway(
    services: Services, interaction: Interaction, responder: Responder
) -> None:
    """Create the request after a warning: a button with the draft."""
    draft = _draft(interaction)
    if not draft.roles and not draft.resources:
        raise outdated_button(REQUEST)
    user = await services.authorize(interaction.slack_user_id, CREATE)
    await respond(services, await request_access(services, user, draft), responder)


async def open_prefilled_form(
    services: Services, interaction: Interaction, responder: Responder
) -> None:
    """Open the form to complete a draft: a button with that draft."""
    draft = _draft(interaction)
    await open_request_form(services, interaction.slack_user_id, draft, responder)


def _draft(interaction: Interaction) -> RequestDraft:
    with reading(outdated_button(REQUEST)):
        return draft_from_json(interaction.value)


async def _with_role_names(
    services: Services, user: AuthorizedUser, draft: RequestDraft
) -> RequestDraft:
    """Correct the case of roles. Remove the words between roles that aren't names of roles."""
    if not draft.roles:
        return draft
    try:
        requestable = (await services.permissions.capabilities(user.name)).requestable_roles
    except NotFound:
        # One of the user's `search_as_roles` doesn't exist, which only matters for resources.
        requestable = ()
    words = CONJUNCTIONS.difference(requestable)
    roles = (in_any_case(role, requestable) for role in draft.roles if role not in words)
    return replace(draft, roles=tuple(dict.fromkeys(roles)))
