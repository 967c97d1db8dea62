"""Allow and deny rules of roles.

`checkAccessToRuleImpl` in lib/services/role.go: one matching deny rule overrides all allow
rules; `*` matches every resource or verb. A rule's `where` can't be evaluated here, so
such a rule denies and never allows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from teleport_client.model.user import Conditions, Role, Rule


@dataclass(frozen=True, slots=True)
class Denial:
    """A deny rule that matches."""

    role: str
    """Name of the role that has the rule."""
    conditional: bool
    """The rule has a `where`, so Teleport might not apply it."""


def find_denial(roles: Sequence[Role], resource: str, verb: str) -> Denial | None:
    """Return a matching deny rule, one without a condition first, or None."""
    found = [
        Denial(role.name, conditional=bool(rule.where))
        for role in roles
        for rule in _match_rules(role.deny, resource, verb)
    ]
    return min(found, key=lambda each: each.conditional, default=None)


def has_verb(roles: Sequence[Role], resource: str, verb: str) -> bool:
    """Return whether the roles allow a verb on a kind of resource under all conditions."""
    allowed = any(
        not rule.where for role in roles for rule in _match_rules(role.allow, resource, verb)
    )
    return allowed and find_denial(roles, resource, verb) is None


def is_denied(roles: Sequence[Role], resource: str, verb: str) -> bool:
    """Return whether the roles deny a verb under all conditions, or no rule allows it."""
    found = find_denial(roles, resource, verb)
    if found is not None and not found.conditional:
        return True
    return not any(True for role in roles for _ in _match_rules(role.allow, resource, verb))


_LIST_REQUESTS = ("list", "read")


def can_list_requests(roles: Sequence[Role]) -> bool:
    """Return whether the roles show every user's access requests.

    Without the permission, Teleport lists only the caller's own requests instead of an error.
    """
    return all(has_verb(roles, "access_request", verb) for verb in _LIST_REQUESTS)


def verbs_missing_for_requests(roles: Sequence[Role]) -> tuple[str, ...]:
    """Return the verbs without which Teleport doesn't show every user's access requests.

    A verb that depends on a condition isn't missing, because the condition can hold.
    """
    return tuple(verb for verb in _LIST_REQUESTS if is_denied(roles, "access_request", verb))


def can_submit_on_behalf(roles: Sequence[Role]) -> bool:
    """Return whether the roles allow reviews on behalf of users (`submit_for_users`)."""
    return any(role.allow.review.submit_for for role in roles)


def can_list_hosts(roles: Sequence[Role]) -> bool:
    """Return whether the roles show hosts, and so their names.

    Without the permission, Teleport lists none instead of an error. Each user has the verb list on
    `node` (DefaultImplicitRules in lib/services/role.go).
    """
    return any(role.allow.selects_nodes or role.allow.review.preview_as for role in roles)


def can_preview_resources(roles: Sequence[Role]) -> bool:
    """Return whether the roles show resources without giving access (`preview_as_roles`)."""
    return any(role.allow.review.preview_as for role in roles)


def can_list_desktops(roles: Sequence[Role]) -> bool:
    """Return whether the roles show desktops, which Teleport's role for previews doesn't."""
    return any("windows_desktop" in role.allow.selectors for role in roles)


def _match_rules(conditions: Conditions, resource: str, verb: str) -> Iterator[Rule]:
    for rule in conditions.rules:
        if {resource, "*"} & set(rule.resources) and {verb, "*"} & set(rule.verbs):
            yield rule
