"""Key of an object that a controller works on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Kind of an object, in Teleport's words, and its name within that kind."""

    kind: str
    name: str
