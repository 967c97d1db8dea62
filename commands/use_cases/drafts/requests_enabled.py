"""Whether users can request access from Slack at all."""

from commands.use_cases.services import Services
from workspace.requests.user_error import UserError


def ensure_requests_enabled(services: Services) -> None:
    if not services.policy.requests_enabled:
        raise UserError(
            "Access requests from Slack are turned off. Use tsh request create or the Teleport web"
            " UI.",
            reason="requests_off",
        )
    if not services.can_create():
        raise bot_cannot_create()


def bot_cannot_create() -> UserError:
    return UserError(
        "The bot isn't allowed to create requests for users, so nothing was requested. Ask a"
        " Teleport administrator to add the verb create on access_request to the bot's role. Until"
        " then, use tsh request create.",
        reason="bot_cannot_create",
    )
