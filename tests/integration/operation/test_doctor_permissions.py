"""Doctor names the permission that the bot's role lacks, and blames no other one."""

import pytest

from bot.features.feature import Choices
from bot.features.table import FEATURES
from bot.setup.doctor.check import Check, Level
from sandbox.cast import BOT_USER
from teleport_client.services.users import BOT_LABEL
from tests.integration.doctor_setup import Setup

PERMISSIONS = sorted(
    {
        (rule.resource, verb)
        for feature in FEATURES
        if feature.is_on(Choices())
        for rule in feature.rules
        for verb in rule.verbs
    }
    # Teleport accepts the same verb on access_request instead.
    - {("access_plugin_data", "list"), ("access_plugin_data", "read")}
)
"""Resource and verb."""
RESOURCES = {resource for resource, _ in PERMISSIONS}
TITLES = {"watch": "list, read"}
"""Verbs behind a row's title."""


@pytest.mark.parametrize(("resource", "verb"), PERMISSIONS)
async def test_missing_permission_is_the_only_one_to_blame(
    setup: Setup, resource: str, verb: str
) -> None:
    """Some calls need permissions on two resources."""
    setup.forbid(resource, verb)
    blamed = [each for check in await setup.rows() if (each := permissions_of(check))]
    assert blamed
    assert all((resource, verb) in each for each in blamed)


async def test_admin_action_that_needs_mfa_is_not_blamed_on_the_role(setup: Setup) -> None:
    """Only Machine ID bots are exempt, so another role wouldn't help."""
    cluster = setup.teleport.cluster
    cluster.admin_actions_need_mfa = True
    del cluster.user_named(BOT_USER).Metadata.Labels[BOT_LABEL]
    (create,) = [row for row in await setup.rows() if row.name == "access_request: create"]
    assert (create.level, create.exit_code) == (Level.FAILURE, 2)
    assert create.detail.startswith("admin-level API request requires MFA verification; ")
    assert "`teleport-chatops teleport-role --tbot` prints a configuration" in create.hint
    assert "Assign the role" not in create.hint


def permissions_of(check: Check) -> set[tuple[str, str]]:
    """Return the permissions that a row is about. Empty if it is fine."""
    resource, _, title = check.name.partition(": ")
    if check.level is Level.OK or resource not in RESOURCES:
        return set()
    return {(resource, verb) for verb in TITLES.get(title, title).split(", ")}
