"""User objects from Slack."""

from typing import Any

import pytest

from workspace.directory.slack_account import account_from, names_from

TEAM = "T0HOME0001"
MEMBERS: dict[str, dict[str, Any]] = {
    "ordinary": {"id": "U012ABC", "team_id": TEAM, "profile": {"email": "bob@example.com"}},
    "no profile": {"id": "U012ABC", "team_id": TEAM, "profile": None},
    "no workspace": {"id": "U012ABC", "profile": {}},
    "empty fields": {
        "id": "U012ABC", "team_id": TEAM, "real_name": None, "name": None, "enterprise_user": None,
    },
    "of an organization": {
        "id": "W012ABC",
        "team_id": "E0ORG00001",
        "enterprise_user": {"id": "W012ABC", "enterprise_id": "E0ORG00001", "teams": [TEAM]},
    },
    "of another workspace too": {
        "id": "W012ABC",
        "team_id": "T0OTHER001",
        "enterprise_user": {"teams": ["T0OTHER001", TEAM]},
    },
}  # fmt: skip
STRANGERS: dict[str, dict[str, Any]] = {
    "of another workspace": {"id": "U012ABC", "team_id": "T0OTHER001"},
    "of a shared channel": {"id": "U012ABC", "is_stranger": True},
    "of the organization alone": {
        "id": "W012ABC", "team_id": "E0ORG00001", "enterprise_user": {"teams": ["T0OTHER001"]},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", MEMBERS)
def test_unusual_member_belongs_to_the_workspace(name: str) -> None:
    user = MEMBERS[name]
    assert account_from(user).barred_from(TEAM) == ""
    assert isinstance(names_from(user), frozenset)


@pytest.mark.parametrize("name", STRANGERS)
def test_member_of_another_workspace_is_external(name: str) -> None:
    assert account_from(STRANGERS[name]).barred_from(TEAM) == "stranger"
