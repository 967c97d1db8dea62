"""Errors that end the startup, with a text and an exit code for the operator."""

UNAVAILABLE = 1
"""Exit code: a service didn't respond in time, so a restart may help."""
MISCONFIGURED = 2
"""Exit code: a configuration error, so a restart doesn't help."""


class StartError(Exception):
    """A problem with a hint. `str()` returns both."""

    def __init__(self, problem: str, hint: str = "", *, exit_code: int) -> None:
        super().__init__(f"{problem} {hint}".rstrip())
        self.problem = problem
        self.hint = hint
        self.exit_code = exit_code
