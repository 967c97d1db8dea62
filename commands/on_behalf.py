"""Whether Teleport takes the reviews that the bot hands in for people, as it last answered."""

from time import monotonic

_TOLD_FOR = 600.0
"""Seconds; it may concern one person alone, and who else clicks comes when they come."""


class OnBehalf:
    """The mode does not change while the bot runs: somebody has to mend the bot's role."""

    def __init__(self) -> None:
        self.refusals = 0
        self._words = ""
        self._until = 0.0

    @property
    def trouble(self) -> str:
        """Teleport's words, until it takes a review again, or for ten minutes."""
        return self._words if monotonic() < self._until else ""

    def refused(self, text: str) -> None:
        self.refusals += 1
        self._words = f"Teleport takes no reviews from the bot: {text}"
        self._until = monotonic() + _TOLD_FOR

    def taken(self) -> None:
        self._until = 0.0
