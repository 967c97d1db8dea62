"""The `teleport-role` command that prints the role for these choices."""

from bot.features.feature import Choices
from workspace.requests.review_policy import ReviewMode


def role_command(choices: Choices) -> str:
    mode = ReviewMode.NOTIFY if choices.mode is ReviewMode.OFF else choices.mode
    return (
        f"teleport-chatops teleport-role --mode {mode}{'' if choices.requests else ' --no-asking'}"
    )


def role_hint(choices: Choices) -> str:
    return f"Assign the role that `{role_command(choices)}` prints to the bot."
