"""The fields of every log line about an interaction: what it is, and who acts."""

from structlog.contextvars import bind_contextvars, get_contextvars

_SLACK_USER, _TELEPORT_USER = "slack_user", "teleport_user"


def bind_interaction(name: str, slack_user_id: str) -> None:
    """Name the interaction in every later line of this task and the tasks that it starts."""
    bind_contextvars(interaction=name, **{_SLACK_USER: slack_user_id})


def bind_teleport_user(slack_user_id: str, name: str) -> None:
    """Name the Teleport user of the Slack user who acts. A reviewer who is looked up isn't one."""
    if get_contextvars().get(_SLACK_USER) == slack_user_id:
        bind_contextvars(**{_TELEPORT_USER: name})
