"""The `teleport-role` command that prints the role for these choices."""

from bot.features.feature import Choices
from workspace.requests.review_policy import ReviewMode


def role_command(choices: Choices, option: str = "") -> str:
    """`option` adds the permissions of an opt-in feature."""
    mode = ReviewMode.NOTIFY if choices.mode is ReviewMode.OFF else choices.mode
    options = [f"--mode {mode}", "" if choices.requests else "--no-asking", option]
    return " ".join(["teleport-chatops teleport-role", *filter(None, options)])


def role_hint(choices: Choices, option: str = "") -> str:
    return f"Assign the role that `{role_command(choices, option)}` prints to the bot."
