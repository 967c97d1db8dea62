"""Result of one reconciliation: when the queue returns to the key.

An error that a reconciler raises counts as `Retry`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Done:
    """The observed state equals the desired state. Only a change brings the key back."""


@dataclass(frozen=True, slots=True)
class Started:
    """The reconciler started calls that add the key again when they end."""


@dataclass(frozen=True, slots=True)
class AgainAt:
    """Done until a moment of the wall clock."""

    moment: datetime
    high_priority: bool = False


@dataclass(frozen=True, slots=True)
class AgainAfter:
    """Done for so many seconds of the monotonic clock."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Retry:
    """Not done because of an error. The queue returns to the key with backoff."""

    error: Exception


Result: TypeAlias = Done | Started | AgainAt | AgainAfter | Retry
