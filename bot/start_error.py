"""The bot cannot start, for a reason that is said in one sentence."""

UNAVAILABLE = 1
"""Exit code: something did not answer; starting again may help."""
MISCONFIGURED = 2
"""Exit code: it will never start like this."""


class StartError(Exception):
    """`str()` is the problem, and after it what to do about it, the hint."""

    def __init__(self, problem: str, hint: str = "", *, exit_code: int) -> None:
        super().__init__(f"{problem} {hint}".rstrip())
        self.problem = problem
        self.hint = hint
        self.exit_code = exit_code
