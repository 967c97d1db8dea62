"""Cancellations: the requester deletes their own pending request from Slack.

Teleport doesn't report who deleted a request, or why it is gone. So the bot records the
cancellation in the request's plugin data before it deletes the request. Plugin data outlives its
request, so every replica can name the requester afterwards, even if the bot crashed in between.
"""

from pydantic import BaseModel, ConfigDict, ValidationError

from workspace.moment import Moment

PLUGIN, KEY = "teleport-chatops", "cancellation"
"""Plugin data of cancellations: one name for the bots of all workspaces."""


class Cancellation(BaseModel):
    model_config = ConfigDict(frozen=True)

    by: str
    at: Moment


def cancellation_from(text: str) -> Cancellation | None:
    """Read a cancellation from plugin data. Return None for an invalid one."""
    try:
        return Cancellation.model_validate_json(text)
    except ValidationError:
        return None
