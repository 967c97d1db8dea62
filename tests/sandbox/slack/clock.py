"""Time in the tests."""

import time
from dataclasses import dataclass, field


@dataclass
class Clock:
    """A clock that a test sets forward."""

    at: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += seconds
