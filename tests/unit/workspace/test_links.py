"""The links of all users at once: by trait, or by address."""

import pytest

from teleport_client.model.user import User
from workspace.directory.candidates.links import link_all

TRAIT = "slack_uid"


def user(name: str, *slack_user_ids: str, bot: bool = False, locked: bool = False) -> User:
    traits = {TRAIT: slack_user_ids} if slack_user_ids else {}
    return User(name, traits=traits, bot=bot, locked=locked)


def links(*users: User, **emails: str) -> dict[str, str]:
    return {each: linked.name for each, linked in link_all(users, TRAIT, emails).items()}


def test_user_is_linked_by_the_trait() -> None:
    assert links(user("alice", "U1"), user("bob", "U2"), user("carol")) == {
        "U1": "alice",
        "U2": "bob",
    }


def test_account_of_two_users_is_not_linked() -> None:
    assert links(user("alice", "U1"), user("bob", "U1")) == {}


def test_locked_users_and_bots_are_not_linked() -> None:
    users = user("alice", "U1", locked=True), user("bot", "U2", bot=True)
    assert links(*users, U3="alice", U4="bot") == {}


@pytest.mark.parametrize("name", ["bob@example.com", "Bob@Example.com"])
def test_user_named_like_an_address_is_linked(name: str) -> None:
    assert links(user(name), U2="bob@example.com") == {"U2": name}


def test_name_as_it_is_written_comes_before_another_case() -> None:
    users = user("bob@example.com"), user("BOB@example.com")
    assert links(*users, U2="bob@example.com") == {"U2": "bob@example.com"}
    assert links(*users, U2="Bob@example.com") == {}


def test_user_with_an_account_in_each_workspace_is_linked_to_all() -> None:
    assert links(user("alice", "U1", "U2")) == {"U1": "alice", "U2": "alice"}


@pytest.mark.parametrize(
    ("users", "linked"),
    [
        ((user("bob@example.com"), user("robert", "U2")), {"U2": "robert"}),
        ((user("bob@example.com", "U9"),), {"U9": "bob@example.com"}),
        ((user("bob@example.com"), user("robert", "U2"), user("rob", "U2")), {}),
    ],
)
def test_address_never_overrides_an_explicit_link(
    users: tuple[User, ...], linked: dict[str, str]
) -> None:
    """Neither that of the Slack account nor that of the Teleport user."""
    assert links(*users, U2="bob@example.com") == linked
