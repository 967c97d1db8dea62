"""Trigger ids: the right to open one modal, for three seconds after somebody did something."""

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
    """Issues trigger ids and exchanges each of them once."""

    def __init__(self, ids: Identifiers, now: Callable[[], float]) -> None:
        self._ids = ids
        self._now = now
        self._triggers: dict[str, _Trigger] = {}

    def issue(self, user: str) -> str:
        """A trigger for something that `user` did."""
        trigger_id = self._ids.trigger()
        self._triggers[trigger_id] = _Trigger(user, self._now())
        return trigger_id

    def exchange(self, trigger_id: str) -> str:
        """The user whose trigger it is.

        Raises SlackError when it is unknown, too old, or was exchanged before.
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
