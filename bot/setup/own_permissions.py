"""Permissions that the bot needs to check a user before it acts on their behalf."""

from collections.abc import Sequence

import structlog

from bot.setup.teleport_role import rules
from teleport_client.model.user import Role
from teleport_client.rules.access_rules import has_verb
from workspace.requests.review_policy import ReviewMode

_RESOURCES = {"user", "role", "user_login_state", "lock"}

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def log_missing_permissions(roles: Sequence[Role]) -> None:
    """Log the verbs that the bot's roles lack; without them it rejects every command."""
    missing = [
        f"{rule.resource}: {verb}"
        for rule in rules(ReviewMode.NOTIFY)
        if rule.resource in _RESOURCES
        for verb in rule.verbs
        if not has_verb(roles, rule.resource, verb)
    ]
    if missing:
        log.error(
            "user_check_permissions_missing",
            permissions=missing,
            hint="give the bot the role that teleport-role prints",
        )
