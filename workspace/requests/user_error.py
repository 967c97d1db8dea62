"""An error with a text for the user: the reason and the next step."""


class UserError(Exception):
    """Shown to the user privately and unchanged. `reason` is a fixed word for the log."""

    def __init__(self, text: str, *, reason: str, suggested_command: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.reason = reason
        self.suggested_command = suggested_command
        """Command line that helps, shown separately for copying."""
