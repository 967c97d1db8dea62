"""Something that a person asked for and does not get, said in a sentence that they can act on."""


class UserError(Exception):
    """Said privately, as it is. `reason` is the fixed word for the log."""

    def __init__(self, sentence: str, *, reason: str, command: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.reason = reason
        self.command = command
        """A command line that helps, shown apart so that it can be copied."""
