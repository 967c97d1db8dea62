"""Context variables of an interaction's log events: its name, the Slack user, the Teleport user."""

from structlog.contextvars import bind_contextvars, get_contextvars

_SLACK_USER, _TELEPORT_USER = "slack_user", "teleport_user"


def bind_interaction(name: str, slack_user_id: str) -> None:
    """Add the interaction to each later event of this task and the tasks that it starts."""
    bind_contextvars(interaction=name, **{_SLACK_USER: slack_user_id})


def bind_teleport_user(slack_user_id: str, name: str) -> None:
    """Add the acting user's Teleport user. Does nothing for another user, such as a reviewer."""
    if get_contextvars().get(_SLACK_USER) == slack_user_id:
        bind_contextvars(**{_TELEPORT_USER: name})
