"""Explanations for Slack users of Teleport's reasons to reject a draft."""

import re
from collections.abc import Sequence

from commands.parsing.grammar import FILLERS
from commands.parsing.role_names import MOST_NAMED, alternatives, correct, is_prose, misspelled
from commands.slash_commands import REQUEST
from commands.use_cases.acting_user.authorized_user import AuthorizedUser
from commands.use_cases.drafts.rejected import DraftField, ReasonNeeded, Rejected
from commands.use_cases.drafts.requests_enabled import bot_cannot_create
from commands.use_cases.drafts.resolve_resources import no_resource_requests
from commands.use_cases.drafts.times import explain_expiry, explain_session, explain_start
from commands.use_cases.services import Services
from teleport_client.errors import InvalidArgument, NotFound, PermissionDenied, TeleportError
from workspace.requests.request_draft import RequestDraft
from workspace.requests.user_error import UserError
from workspace.text.names import list_names
from workspace.text.untrusted import safe_name

REJECTIONS = (InvalidArgument, NotFound, PermissionDenied)
"""Errors of a create call that `explain_rejection` can explain."""
_REASON_MISSING = "request reason must be specified"
"""Teleport's error for a request without a reason, followed by the prompts of its roles on lines of
their own (lib/services/access_request.go)."""
_NO_VERB = 'access denied to perform action "create"'
"""Teleport's error for a caller without the verb in its roles."""
_FORBIDDEN_ROLE = re.compile(r'can not request role "([^"]*)"')
_MISSING_ROLE = re.compile(r"role (.{1,300}?) (?:is )?not found")
_NO_SEARCH_ROLES = (
    'Resource Access Requests require usable "search_as_roles"',
    'no roles configured in the "search_as_roles"',
)
"""Teleport's errors for a user without `search_as_roles`, and for resources outside of these roles
(lib/services/access_request.go)."""


_TIMES = (
    (DraftField.START, explain_start),
    (DraftField.EXPIRY, explain_expiry),
    (DraftField.END, explain_session),
)


async def explain_rejection(
    services: Services, user: AuthorizedUser, draft: RequestDraft, error: TeleportError
) -> ReasonNeeded | Rejected:
    """Return the reason for a rejection. Raises `error` if Teleport's own text explains it best."""
    if _REASON_MISSING in error.text:
        return ReasonNeeded(draft, tuple(error.text.splitlines()[1:]))
    if isinstance(error, NotFound) and _is_about_user(error.text, user.name):
        return Rejected(_user_gone(user.name))
    if _NO_VERB in error.text:
        return Rejected(bot_cannot_create())
    if any(text in error.text for text in _NO_SEARCH_ROLES):
        return Rejected(no_resource_requests(services), DraftField.RESOURCES)
    for field, explain in _TIMES:
        if explained := explain(error):
            return Rejected(explained, field)
    if _is_about_roles(error) and (rejected := await _explain_roles(services, user, draft, error)):
        return rejected
    raise error


def _user_gone(name: str) -> UserError:
    return UserError(
        f"Teleport can't find the user {safe_name(name)}, so nothing was requested. Single"
        " sign-on users expire with their login: log in to Teleport with tsh or the web UI, then"
        " try again.",
        reason="user_gone",
    )


async def _explain_roles(
    services: Services, user: AuthorizedUser, draft: RequestDraft, error: TeleportError
) -> Rejected | None:
    """Name the words that aren't roles the user can request. Return None if all of them are.

    Misspelled roles get corrections. A role that the user could never request gets the same
    explanation as a nonexistent role, so that it doesn't reveal the roles of the cluster.
    """
    missing = _MISSING_ROLE.search(error.text)
    if draft.resources and missing and missing[1] not in draft.roles:
        return Rejected(_missing_search_role(missing[1]), DraftField.RESOURCES)
    forbidden = _FORBIDDEN_ROLE.search(error.text)
    requestable = (await services.permissions.capabilities(user.name)).requestable_roles
    # Teleport's answer is newer than the list, which can be a minute old.
    lost = {forbidden[1]} if forbidden and not draft.resources else set[str]()
    allowed = [role for role in requestable if role not in lost]
    known = set(allowed).intersection(draft.roles)
    unknown = [role for role in draft.roles if role not in known]
    if not unknown:
        resources = forbidden if draft.resources else None
        return Rejected(_not_for_resources(resources[1])) if resources else None
    corrections = correct(draft, unknown, allowed)
    if corrections and FILLERS.isdisjoint(map(str.lower, unknown)):
        return Rejected(misspelled(draft, unknown, corrections), corrections=corrections)
    words = [word for word in unknown if is_prose(word) and word not in requestable][:MOST_NAMED]
    if words:
        return Rejected(_not_understood(words, sorted(known), allowed))
    return Rejected(
        UserError(
            f"You can't request {list_names(unknown)}, so nothing was requested."
            f" {alternatives(unknown, allowed)}",
            reason="role_not_requestable",
        )
    )


def _is_about_user(text: str, name: str) -> bool:
    return any(f"user {each} not found" in text for each in (name, f'"{name}"'))


def _is_about_roles(error: TeleportError) -> bool:
    """Return whether the error is about roles, in linear time: it quotes typed text."""
    _, found, after = error.text.partition("role ")
    return bool(found) and ("can not request role" in error.text or "not found" in after)


def _not_for_resources(role: str) -> UserError:
    return UserError(
        f"You can't request {safe_name(role)} for single resources, so nothing was requested."
        " Request the role and the resources separately, or leave the role out: Teleport then"
        " selects the roles for the resources.",
        reason="role_not_for_resources",
    )


def _missing_search_role(role: str) -> UserError:
    return UserError(
        f"One of your Teleport roles has {safe_name(role)} in search_as_roles, and Teleport has no"
        " such role: patterns don't count there. Nothing was requested. Ask a Teleport"
        " administrator to correct it.",
        reason="search_role_missing",
    )


def _not_understood(
    words: Sequence[str], known: Sequence[str], allowed: Sequence[str]
) -> UserError:
    """Name the words that are neither roles nor keywords. `known` roles were typed."""
    quoted = [f"“{word}”" for word in words]
    role = safe_name(next(iter((*known, *allowed)), "staging"))
    hint = "" if known else f" {alternatives((), allowed)}"
    return UserError(
        f"{_neither(quoted)}, so nothing was requested.{hint} Write only roles before “for” and"
        " “because”, such as:",
        reason="word_not_understood",
        suggested_command=f"{REQUEST} {role} for 2h because …",
    )


def _neither(quoted: Sequence[str]) -> str:
    named = list_names(quoted)
    if len(quoted) == 1:
        return f"{named} isn't a role that you can request, or a word that this command understands"
    return f"{named} aren't roles that you can request, or words that this command understands"
