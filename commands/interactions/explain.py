"""Explain an error of Teleport to the user that caused it."""

from collections.abc import Callable

from commands.use_cases.check_review import cannot_review
from teleport_client.errors import (
    READS,
    AdminMfaRequired,
    AlreadyResolved,
    AlreadyReviewed,
    Conflict,
    InvalidArgument,
    LimitExceeded,
    NotFound,
    NotSupported,
    OnBehalfNotAllowed,
    OwnRequest,
    PermissionDenied,
    ReviewNotAllowed,
    Sent,
    TeleportError,
    Unreachable,
)
from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_text

_TEXT_LIMIT = 300


def explain(error: TeleportError) -> UserError:
    """Return an explanation: the error, its effect and the next step."""
    for kind, words in _SENTENCES.items():
        if isinstance(error, kind):
            return UserError(words(error), reason=f"teleport_{kind.__name__}")
    return UserError(_unexpected(error), reason="teleport_unexpected")


def _unreachable(error: TeleportError) -> str:
    if error.sent is Sent.NO or error.retry_safe:
        return "Teleport isn't responding. Nothing changed. Try again in a minute."
    return (
        "Teleport stopped responding before it confirmed this. Check again in a minute; it's safe"
        " to retry."
    )


def _quoted(error: TeleportError) -> str:
    return safe_text(error.text, _TEXT_LIMIT, lines=4).rstrip(".")


def _unexpected(error: TeleportError) -> str:
    effect = (
        "Nothing changed"
        if error.method in READS
        else "It may have worked, so check before you retry"
    )
    return (
        f"Teleport returned an error: {_quoted(error)}. {effect}. If this keeps happening, show it"
        " to a Teleport administrator."
    )


_SENTENCES: dict[type[TeleportError], Callable[[TeleportError], str]] = {
    Unreachable: _unreachable,
    OwnRequest: lambda _: "You can't review your own request.",
    ReviewNotAllowed: lambda _: cannot_review().text,
    OnBehalfNotAllowed: lambda error: (
        "Teleport doesn't let the bot submit reviews on your behalf. Nothing changed. Review with"
        " tsh or the Teleport web UI, and show this to a Teleport administrator:"
        f" {_quoted(error)}."
    ),
    AdminMfaRequired: lambda _: (
        "This cluster requires MFA here, which only Machine ID identities can skip. Nothing"
        " changed. Ask a Teleport administrator to run the bot with tbot."
    ),
    PermissionDenied: lambda error: (
        f"Teleport denied this: {_quoted(error)}. Nothing changed. Ask a Teleport administrator"
        " whether your roles or the bot's role lack a permission."
    ),
    AlreadyReviewed: lambda _: "You've already reviewed this request, and reviews are final.",
    AlreadyResolved: lambda _: "This request is already closed. Nothing changed.",
    NotFound: lambda error: f"Teleport couldn't find it: {_quoted(error)}. Nothing changed.",
    InvalidArgument: lambda error: (
        f"Teleport rejected this: {_quoted(error)}. Nothing changed. Edit it and try again."
    ),
    Conflict: lambda _: (
        "Someone else changed this at the same time. Your change wasn't saved. Try again."
    ),
    LimitExceeded: lambda error: (
        f"That's over Teleport's limit: {_quoted(error)}. Nothing changed."
    ),
    NotSupported: lambda error: (
        f"This Teleport version doesn't support that: {_quoted(error)}. Nothing changed."
    ),
}
