"""Trigger IDs: each opens one modal, within three seconds after a user action."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.slack.errors import SlackError
from sandbox.slack.workspace.identifiers import Identifiers

_LIFE = 3.0


@dataclass
class _Trigger:
    user: str
    made_at: float
    exchanged: bool = False


class Triggers:
    """Issues trigger IDs. Each works once."""

    def __init__(self, ids: Identifiers, now: Callable[[], float]) -> None:
        self._ids = ids
        self._now = now
        self._triggers: dict[str, _Trigger] = {}

    def issue(self, user: str) -> str:
        """Return a trigger ID for an action of `user`."""
        trigger_id = self._ids.trigger()
        self._triggers[trigger_id] = _Trigger(user, self._now())
        return trigger_id

    def exchange(self, trigger_id: str) -> str:
        """Return the user of a trigger ID.

        Raises SlackError if it is unknown, expired or already exchanged.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.exchanged:
            raise SlackError("exchanged_trigger_id")
        if self._now() - trigger.made_at > _LIFE:
            raise SlackError("expired_trigger_id")
        trigger.exchanged = True
        return trigger.user
