"""Component conditions: which parts of the bot work now, and why the others don't.

A condition is Kubernetes' term: a name, a status, a reason and the time of the last transition.
The composition root registers each condition once. Readiness and metrics read all of them and know
none by name, so a new component needs no change there. A condition has one of two sources:

- A component reports its own state, as soon as it changes, to the `Component` that it got.
- A function computes the state whenever the condition is read. Use it where the state changes with
  time, such as a certificate that expires, or belongs to a package that can't import this one.

Several conditions can belong to one readiness part. The part is ready if all of them are, and shows
the reason of the first one that isn't, in the order of registration. Reasons name the cause and the
next step for the operator; the empty reason means ready.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from workspace.moment import utc_now


class ConditionStatus(StrEnum):
    READY = "ready"
    WARNING = "warning"
    """Works, but needs the operator's attention."""
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class Condition:
    name: str
    part: str
    """Readiness part that the condition belongs to."""
    optional: bool
    """Whether the bot is ready without this component."""
    since: datetime
    """Last change of the status."""
    status: ConditionStatus = ConditionStatus.READY
    reason: str = ""
    """Empty if ready."""

    @property
    def fails_readiness(self) -> bool:
        return self.status is ConditionStatus.NOT_READY and not self.optional


class Component:
    """Reports the condition of one component. Ready until the first report."""

    def __init__(self, condition: Condition, now: Callable[[], datetime]) -> None:
        self._now = now
        self.condition = condition

    @property
    def is_ready(self) -> bool:
        return self.condition.status is ConditionStatus.READY

    @property
    def reason(self) -> str:
        return self.condition.reason

    def ready(self) -> None:
        self._report(ConditionStatus.READY, "")

    def warn(self, reason: str) -> None:
        self._report(ConditionStatus.WARNING, reason)

    def not_ready(self, reason: str) -> None:
        self._report(ConditionStatus.NOT_READY, reason)

    def _report(self, status: ConditionStatus, reason: str) -> None:
        since = self.condition.since if status is self.condition.status else self._now()
        self.condition = replace(self.condition, status=status, reason=reason, since=since)


class Conditions:
    """Registry of all conditions, in the order of registration."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._conditions: dict[str, Callable[[], Condition]] = {}

    def __iter__(self) -> Iterator[Condition]:
        return iter([read() for read in self._conditions.values()])

    def __getitem__(self, name: str) -> Condition:
        return self._conditions[name]()

    def component(self, name: str, *, part: str = "", optional: bool = False) -> Component:
        """Register a condition that a component reports. Raises ValueError if the name is taken."""
        if name in self._conditions:
            raise ValueError(f"the condition {name} is already registered")
        condition = Condition(name, part or name, optional, since=self._now())
        component = Component(condition, self._now)
        self._conditions[name] = lambda: component.condition
        return component

    def computed(
        self, name: str, reason: Callable[[], str], *, part: str = "", optional: bool = False
    ) -> None:
        """Register a condition that is computed when read: ready while `reason` returns "".

        With a reason, an optional component has a warning, and any other one isn't ready.
        """
        component = self.component(name, part=part, optional=optional)
        report = component.warn if optional else component.not_ready

        def read() -> Condition:
            if found := reason():
                report(found)
            else:
                component.ready()
            return component.condition

        self._conditions[name] = read

    def remove(self, name: str) -> None:
        """Remove the condition of a component that no longer exists."""
        del self._conditions[name]
