"""Cancellations: the requester deletes their own pending request from Slack.

Teleport doesn't report the author of a deletion, or the reason for it. So the bot records the
cancellation in the request's plugin data before it deletes the request. Plugin data outlives its
request, so every replica can name the requester afterwards, even if the bot crashed in between.
"""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from workspace.moment import Moment

PLUGIN, KEY = "teleport-chatops", "cancellation"
"""Plugin data of cancellations: one name for the bots of all workspaces."""


_LONGEST_ATTEMPT = timedelta(minutes=1)
"""Longer than the deadline of an interaction, and than a server's cache shows a deleted request."""


class Cancellation(BaseModel):
    model_config = ConfigDict(frozen=True)

    by: str
    at: Moment
    """Time just before the attempt to delete the request."""

    def explains_deletion(self, last_seen: datetime | None) -> bool:
        """Return whether the attempt may have deleted a request that was seen last then.

        An attempt can fail without a trace, and another user can delete the request later.
        `last_seen` is None if the bot hasn't seen the request since it started.
        """
        return last_seen is None or last_seen < self.at + _LONGEST_ATTEMPT


def cancellation_from(text: str) -> Cancellation | None:
    """Read a cancellation from plugin data. Return None for an invalid one."""
    try:
        return Cancellation.model_validate_json(text)
    except ValidationError:
        return None
