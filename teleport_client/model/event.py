"""Events of a watch."""

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

Resource = TypeVar("Resource")


@dataclass(frozen=True, slots=True)
class Put(Generic[Resource]):
    """A resource was created or changed: its whole new state."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class Deleted:
    """A resource was deleted, for a reason that Teleport doesn't report."""

    name: str


WatchEvent: TypeAlias = Put[Resource] | Deleted
