"""From what Teleport answered to a sentence that helps the person who asked."""

from collections.abc import Callable

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
from workspace.views.parts.untrusted import safe_name, safe_text

_TEXT_LIMIT = 300
_MAY_NOT_REVIEW = (
    "Your Teleport roles do not let you review this request, so nothing was done. Ask somebody who"
    " may, or a Teleport administrator for review_requests on these roles."
)


def explain(error: TeleportError) -> UserError:
    """Say what happened, what became of it, and what to do next."""
    for kind, words in _SENTENCES.items():
        if isinstance(error, kind):
            return UserError(words(error), reason=f"teleport_{kind.__name__}")
    return UserError(_unexpected(error), reason="teleport_unexpected")


def _unreachable(error: TeleportError) -> str:
    if error.sent is Sent.NO or error.retry_safe:
        return "Teleport does not answer right now. Nothing was done; try again in a minute."
    return (
        "Teleport stopped answering before it said whether this was done. Look again in a minute;"
        " trying again does no harm."
    )


def _said(error: TeleportError) -> str:
    return safe_text(error.text, _TEXT_LIMIT, lines=4).rstrip(".")


def _unexpected(error: TeleportError) -> str:
    done = "Nothing was done" if error.method in READS else "It may have been done, so look again"
    return (
        f"Teleport answered: {_said(error)}. {done}; if this stays so, show it to a Teleport"
        " administrator."
    )


_SENTENCES: dict[type[TeleportError], Callable[[TeleportError], str]] = {
    Unreachable: _unreachable,
    OwnRequest: lambda _: "This is your own request; somebody else has to decide it.",
    ReviewNotAllowed: lambda _: _MAY_NOT_REVIEW,
    OnBehalfNotAllowed: lambda error: (
        "Teleport does not let the bot hand in reviews for you, so nothing was done. Decide with"
        f" tsh or on Teleport's web page, and show this to an administrator: {_said(error)}."
    ),
    AdminMfaRequired: lambda _: (
        "This cluster asks for MFA here, which only a Machine ID identity is spared. Nothing was"
        " done; a Teleport administrator has to run the bot with tbot."
    ),
    PermissionDenied: lambda error: (
        f"Teleport does not allow it: {_said(error)}. Nothing was done; a Teleport administrator"
        " can say whether your roles or the bot's are missing something."
    ),
    AlreadyReviewed: lambda _: "You have already reviewed this request; a review is final.",
    AlreadyResolved: lambda _: "This request is already closed. Nothing changed.",
    NotFound: lambda error: (
        f"Teleport does not know it (any more): {_said(error)}. Nothing was done."
    ),
    InvalidArgument: lambda error: (
        f"Teleport refuses this: {_said(error)}. Nothing was done; change it and try again."
    ),
    Conflict: lambda _: (
        "Somebody else changed this at the same moment. Nothing was done; try again."
    ),
    LimitExceeded: lambda error: (
        f"That is more than Teleport takes: {_said(error)}. Nothing was done."
    ),
    NotSupported: lambda error: (
        f"This Teleport server is too old for that: {_said(error)}. Nothing was done."
    ),
}


def may_not_review() -> UserError:
    return UserError(_MAY_NOT_REVIEW, reason="may_not_review")


def no_such_request(request_id: str, cluster: str) -> UserError:
    return UserError(
        f"There is no request {safe_name(request_id)} in the cluster {safe_name(cluster)}. It may"
        " have ended, or belong to another cluster. See what is open with /teleport-pending.",
        reason="no_such_request",
    )
