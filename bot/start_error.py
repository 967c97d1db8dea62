"""The bot cannot start, for a reason that is said in one sentence."""

UNAVAILABLE = 1
"""Exit code: something did not answer; starting again may help."""
MISCONFIGURED = 2
"""Exit code: it will never start like this."""


class StartError(Exception):
    def __init__(self, sentence: str, *, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
