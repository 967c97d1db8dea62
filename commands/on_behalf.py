"""Whether Teleport takes the reviews that the bot hands in for people, as it last answered."""


class OnBehalf:
    """The mode does not change while the bot runs: somebody has to mend the bot's role."""

    def __init__(self) -> None:
        self.refusals = 0
        self.trouble = ""
        """Teleport's words, until it takes a review again."""

    def refused(self, text: str) -> None:
        self.refusals += 1
        self.trouble = f"Teleport takes no reviews from the bot: {text}"

    def taken(self) -> None:
        self.trouble = ""
