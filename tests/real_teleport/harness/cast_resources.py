"""The cast's users and roles, as `tctl create` takes them."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.cast import PEOPLE
from tests.real_teleport.harness.accounts import Account

ACCOUNTS: Mapping[str, Account] = {
    person.name: Account(person.name, person.roles, person.slack_user_id if person.mapped else "")
    for person in PEOPLE
    if person.roles and not person.locked
}
"""erin is not linked."""
_LABELED = ("node", "app", "kubernetes", "windows_desktop")


def role(name: str, *, tier: str = "", **allow: Any) -> dict[str, Any]:
    """Return a role with access to the resources of a tier."""
    access: dict[str, Any] = {}
    if tier:
        access = {f"{kind}_labels": {"tier": tier} for kind in _LABELED}
        access["logins"] = ["{{internal.logins}}"]
    return {
        "kind": "role",
        "version": "v7",
        "metadata": {"name": name},
        "spec": {"allow": access | allow},
    }


def roles(*, advanced: bool) -> Iterator[dict[str, Any]]:
    """Yield the roles of the cast.

    A request for prod takes two approvals where the server has thresholds.
    """
    searching = {"search_as_roles": ["staging"]} if advanced else {}
    two = {"thresholds": [{"name": "two people", "approve": 2, "deny": 1}]} if advanced else {}
    yield role("staging", tier="staging")
    yield role("prod", tier="prod")
    yield role("admin", tier="*", rules=[{"resources": ["*"], "verbs": ["*"]}])
    yield role("dev", tier="dev", request={"roles": ["staging"]} | searching)
    yield role("prod-requester", request={"roles": ["prod"]} | two)
    if advanced:
        yield role("reviewer", review_requests={"roles": ["staging", "prod"]})
    else:
        yield role("reviewer")
