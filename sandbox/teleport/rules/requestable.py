"""The roles that a user can request, and the conditions."""

from collections.abc import Iterable, Iterator

from sandbox.teleport.errors import BadParameter
from sandbox.teleport.go_text import quoted
from sandbox.teleport.rules.accounts import Account, Traits
from sandbox.teleport.rules.patterns import Matcher, claimed, matcher
from sandbox.teleport.state.resources import plain
from teleport_client._proto.types_pb2 import (
    AccessRequestConditions,
    AccessRequestSpecV3,
    RoleV6,
)


def offers(held: RoleV6, role: str, traits: Traits) -> bool:
    """Return whether a role allows requesting another one, before denials."""
    conditions = held.Spec.Allow.Request
    return role in conditions.SearchAsRoles or _any(_matchers(conditions, traits), role)


def may_request(account: Account, role: str) -> bool:
    """Return whether the user can request the role by name."""
    if _denied(account, role):
        return False
    return any(
        _any(_matchers(held.Spec.Allow.Request, account.traits), role) for held in account.roles
    )


def may_search_as(account: Account, role: str) -> bool:
    """Return whether the user can request the role for resources."""
    if _denied(account, role) or any(
        role in held.Spec.Deny.Request.SearchAsRoles for held in account.roles
    ):
        return False
    return any(role in held.Spec.Allow.Request.SearchAsRoles for held in account.roles)


def requestable_roles(account: Account, existing: Iterable[str]) -> list[str]:
    """Return the existing roles that the user can request and doesn't hold, sorted."""
    return sorted(
        role for role in existing if role not in account.role_names and may_request(account, role)
    )


def search_as_roles(account: Account) -> list[str]:
    named = {role for held in account.roles for role in held.Spec.Allow.Request.SearchAsRoles}
    return sorted(role for role in named if may_search_as(account, role))


def suggested_reviewers(account: Account) -> list[str]:
    named = {it for held in account.roles for it in held.Spec.Allow.Request.SuggestedReviewers}
    return sorted(named)


def system_annotations(account: Account) -> dict[str, list[str]]:
    """Return the annotations that the user's roles add to requests, for other programs."""
    found: dict[str, set[str]] = {}
    for held in account.roles:
        for key, values in plain(held.Spec.Allow.Request.Annotations).items():
            found.setdefault(key, set()).update(values)
    for held in account.roles:
        for key, values in plain(held.Spec.Deny.Request.Annotations).items():
            found.get(key, set()).difference_update(values)
    return {key: sorted(values) for key, values in found.items() if values}


def needs_reason(account: Account, roles: Iterable[str]) -> bool:
    """Return whether the user's request for these roles must have a reason."""
    return _reason_cause(account, roles) is not None


def require_reason(account: Account, request: AccessRequestSpecV3, *, with_prompts: bool) -> None:
    """Raise BadParameter if a required reason is missing."""
    cause = _reason_cause(account, request.Roles)
    if cause is None or request.RequestReason.strip():
        return
    prompts = reason_prompts(account, request.Roles) if with_prompts else []
    raise BadParameter("\n".join([f"request reason must be specified ({cause})", *prompts]))


def reason_prompts(account: Account, roles: Iterable[str]) -> list[str]:
    """Return the user's prompts for the reason of these roles, sorted."""
    wanted = tuple(roles)
    prompts = {held.Spec.Options.RequestPrompt for held in account.roles}
    prompts |= {
        held.Spec.Allow.Request.Reason.Prompt
        for held in account.roles
        if any(offers(held, role, account.traits) for role in wanted)
    }
    return sorted(prompts - {""})


def longest_access(account: Account, role: str) -> int:
    """Return the largest `max_duration` of the rules that offer the role, in nanoseconds.

    Zero if no rule sets one.
    """
    return max(
        (
            held.Spec.Allow.Request.MaxDuration
            for held in account.roles
            if offers(held, role, account.traits)
        ),
        default=0,
    )


def _reason_cause(account: Account, roles: Iterable[str]) -> str | None:
    """Return why a reason is required, or an empty text.

    Names in a role's `allow.request` are compared literally: a pattern requires no reason for the
    roles that it matches.
    """
    if any(held.Spec.Options.RequestAccess == "reason" for held in account.roles):
        return "required request_access option in one of the roles"
    demanding = {
        name
        for held in account.roles
        if held.Spec.Allow.Request.Reason.Mode == "required"
        for name in (*held.Spec.Allow.Request.Roles, *held.Spec.Allow.Request.SearchAsRoles)
    }
    role = next((role for role in roles if role in demanding), None)
    return None if role is None else f"required for role {quoted(role)}"


def _denied(account: Account, role: str) -> bool:
    return any(
        _any(_matchers(held.Spec.Deny.Request, account.traits), role) for held in account.roles
    )


def _matchers(conditions: AccessRequestConditions, traits: Traits) -> Iterator[Matcher]:
    yield from map(matcher, conditions.Roles)
    yield from claimed(conditions.ClaimsToRoles, traits)


def _any(matchers: Iterable[Matcher], role: str) -> bool:
    return any(matches(role) for matches in matchers)
