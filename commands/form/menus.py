"""The menus of the request form: roles, resources and reviewers that match the typed text.

The options of a menu are a fast estimate. Teleport decides when the user submits the form.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from commands.interactions.interaction import Interaction
from commands.use_cases.acting_user.authorized_user import FILL_IN_REQUEST
from commands.use_cases.offers.resources import roles_by_resource, search_resources
from commands.use_cases.offers.reviewers import possible_reviewers
from commands.use_cases.services import Services
from teleport_client.rules.resource_paths import resource_path
from workspace.directory.candidates.linked_users import Linked
from workspace.directory.candidates.matching import Entry, Searchable, entry
from workspace.views.modals.request_input import RESOURCES, ROLES, selected_values
from workspace.views.options import resource_option, role_option
from workspace.views.options.menu import MOST_OPTIONS, menu
from workspace.views.options.reviewer_option import reviewer_option


async def suggest_roles(services: Services, interaction: Interaction) -> Mapping[str, Any]:
    """Offer the roles that this user can request, or those that apply to selected resources."""
    user = await services.authorize(interaction.slack_user_id, FILL_IN_REQUEST)
    names: Sequence[str]
    if selected_values(_values(interaction), RESOURCES):
        names = await _resource_roles(services, user.name, interaction)
    else:
        names = (await services.permissions.capabilities(user.name)).requestable_roles
    found = await Searchable(entry(name, name) for name in names).search(
        interaction.text, limit=MOST_OPTIONS
    )
    return menu([role_option.option(name) for name in found.items], found.total)


async def suggest_resources(services: Services, interaction: Interaction) -> Mapping[str, Any]:
    """Offer the resources that the user's `search_as_roles` might allow."""
    user = await services.authorize(interaction.slack_user_id, FILL_IN_REQUEST)
    found = await search_resources(services, user, interaction.text, limit=MOST_OPTIONS)
    index = services.resource_index
    options = [
        resource_option.option(resource_path(index.id_of(each)), each) for each in found.items
    ]
    return menu(options, found.total)


async def suggest_reviewers(services: Services, interaction: Interaction) -> Mapping[str, Any]:
    """Offer the possible reviewers among the linked users, suggested reviewers first.

    Selected roles, or else the roles of selected resources, narrow the offer. Before a selection
    it contains every reviewer, so that the order of the fields doesn't matter.
    """
    user = await services.authorize(interaction.slack_user_id, FILL_IN_REQUEST)
    capabilities = await services.permissions.capabilities(user.name)
    roles: Sequence[str] = role_option.known_names(
        selected_values(_values(interaction), ROLES), capabilities.requestable_roles
    )
    if not roles:
        roles = await _resource_roles(services, user.name, interaction)
    reviewers = await possible_reviewers(services, user.name, roles)
    found = await Searchable(map(_entry, reviewers)).search(interaction.text, limit=len(reviewers))
    suggested = frozenset(capabilities.suggested_reviewers)
    first = sorted(found.items, key=lambda each: each.name not in suggested)
    options = [
        reviewer_option(
            each.slack_user_id, each.name, each.slack_name, suggested=each.name in suggested
        )
        for each in first[:MOST_OPTIONS]
    ]
    return menu(options, found.total)


async def _resource_roles(services: Services, user: str, interaction: Interaction) -> list[str]:
    """Return the roles that apply to the selected resources, none without a selection."""
    selected = selected_values(_values(interaction), RESOURCES)
    try:
        paths = resource_option.paths(selected, services.resource_index.long_paths)
    except LookupError:
        return []  # the submission names the resource that is gone
    roles = await roles_by_resource(services, user, paths)
    return sorted({name for each in roles.values() for name in each})


def _entry(linked: Linked) -> Entry[Linked]:
    return entry(linked, linked.name, (linked.slack_name,))


def _values(interaction: Interaction) -> Mapping[str, Mapping[str, Any]]:
    return interaction.form.values if interaction.form else {}
