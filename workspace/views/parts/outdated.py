"""Responses to buttons and forms with values that this version of the bot can't read."""

from collections.abc import Iterator
from contextlib import contextmanager

from workspace.requests.user_error import UserError

_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError)
ANY_COMMAND = "/teleport-request or /teleport-pending"


def outdated_button(command: str = ANY_COMMAND) -> UserError:
    """Return the response to a button. `command` shows the button of this version."""
    return UserError(
        f"This button is from an older version of the bot. Nothing changed. Run {command} again.",
        reason="outdated_button",
    )


def outdated_form(command: str = ANY_COMMAND) -> UserError:
    """Return the response to a form. `command` opens the form of this version."""
    return UserError(
        f"This form is from an older version of the bot. Nothing changed. Run {command} again.",
        reason="outdated_form",
    )


@contextmanager
def reading(otherwise: UserError) -> Iterator[None]:
    """Raise `otherwise` if the block can't read a value, which another version may have written."""
    try:
        yield
    except _UNREADABLE as error:
        raise otherwise from error
