"""What the bot can't do where its Slack token lacks a scope.

The app of Teleport's own Slack plugin has chat:write, users:read and users:read.email. They are
enough for cards and direct messages.
"""

from collections.abc import Iterator

from bot.settings.settings import Settings
from notifications.routing.address import is_email

_WITHOUT = {
    "chat:write": "the bot can't post messages",
    "commands": "commands don't reach the bot",
    "users:read": "the bot can't find the users who get direct messages",
    "users:read.email": "the bot can't find users by email address",
    "im:write": "the bot can't open direct messages before it writes to a user",
    "channels:read": "the bot can't check public channels, and posts to them by name",
    "groups:read": "the bot can't check private channels, and posts to them by name",
}


def without(scope: str) -> str:
    """Return in a few words what doesn't work without a scope."""
    return _WITHOUT.get(scope, "the bot wasn't made for this app")


def needed_scopes(settings: Settings) -> Iterator[str]:
    """Yield the scopes without which the bot can't do what these settings ask for."""
    yield from ("chat:write", "users:read")
    if settings.app_token is not None:
        yield "commands"
    recipients = [name for names in settings.role_to_recipients.values() for name in names]
    by_email = any(map(is_email, (*recipients, settings.slack.fallback_channel)))
    if by_email or settings.review.allow_email_username_match:
        yield "users:read.email"
