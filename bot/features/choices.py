"""The choices that the settings make."""

from bot.features.feature import Choices
from bot.settings.settings import Settings
from notifications.routing.recipient_names import is_email
from workspace.requests.review_policy import ReviewMode


def choices_from(settings: Settings, mode: ReviewMode) -> Choices:
    """`mode` is the one that the server supports and the settings select."""
    return Choices(
        mode=mode,
        from_slack=settings.app_token is not None,
        requests=settings.request.enabled,
        locks=settings.review.locks,
        email=settings.review.allow_email_username_match or _has_email(settings),
    )


def _has_email(settings: Settings) -> bool:
    names = [name for names in settings.role_to_recipients.values() for name in names]
    return any(map(is_email, (*names, settings.slack.fallback_channel)))
