"""Suggested reviewers: their Teleport users, and why some of them can't review."""

import pytest
import structlog

from commands.use_cases.drafts.resolve_reviewers import (
    ensure_within_limit,
    find_unsuitable,
    with_user_names,
    without_mentions,
)
from tests.samples import request
from tests.unit.commands.memory_services import MemoryServices
from workspace.directory.contacts import NoContact
from workspace.requests.user_error import UserError

BOB = "<@U0BOB00001>"


async def test_mentions_and_addresses_become_users_and_other_names_stay() -> None:
    """Each user is named once. A name without a user stays for the message about it."""
    cases = MemoryServices(
        contacts_by_name={"bob@example.com": "U0BOB00001"}, names={"caz": ["U0CAROL001"]}
    )
    typed = ("carol", BOB, "bob@example.com", "@caz", "<@U0NOBODY01|x>", "x@example.com")
    found = await with_user_names(cases.services, typed)
    assert found == ("carol", "bob", "<@U0NOBODY01|x>", "x@example.com")


async def test_name_stays_when_slack_does_not_respond() -> None:
    cases = MemoryServices(slack_error=TimeoutError())
    with structlog.testing.capture_logs() as logged:
        assert await with_user_names(cases.services, (BOB,)) == (BOB,)
    assert [each["event"] for each in logged] == ["reviewer_lookup_failed"]


def test_reviewers_without_a_name_in_teleport_are_left_out() -> None:
    """An email address can be a Teleport name."""
    typed = ("bob", "<@U0NOBODY01>", "<@W0NOBODY01|x>", "@nobody", "x@example.com")
    assert without_mentions(typed) == ("bob", "x@example.com")


def test_one_user_looks_up_sixty_reviewers_at_once() -> None:
    cases = MemoryServices()
    ensure_within_limit(cases.services, "U0ALICE001", ["bob"] * 60)
    ensure_within_limit(cases.services, "U0BOB00001", ["bob"])
    with pytest.raises(UserError) as raised:
        ensure_within_limit(cases.services, "U0ALICE001", ["bob"])
    assert raised.value.reason == "too_many_lookups"


@pytest.mark.parametrize(
    ("reviewer", "text"),
    [
        ("bob", None),
        ("@bobby", None),
        (BOB, None),
        ("b@example.com", None),
        ("alice", "You can't review your own request."),
        ("nobody", "nobody isn't a Teleport user with a linked Slack account."),
        ("@nobody", "nobody isn't a Teleport user with a linked Slack account."),
        ("henry", "henry isn't a Teleport user with a linked Slack account."),
        ("<@U0NOBODY01>", "Name of U0NOBODY01 isn't linked to a Teleport user."),
        ("robert", "robert shares a Slack account with another Teleport user."),
        ("c@example.com", "carol can't review this request."),
        ("dave", "dave is locked in Teleport."),
        ("erin", "erin can't use Teleport from Slack."),
        ("@two", "@two is the name of 2 Slack users. Run /teleport-request and select one."),
    ],
)
async def test_reviewer_who_cannot_review_is_named_with_the_reason(
    reviewer: str, text: str | None
) -> None:
    cases = MemoryServices(
        unsuitable={"carol"}, names={"bobby": ["U0BOB00001"], "two": ["U1", "U2"]}
    )
    cases.contacts_by_name |= {
        "robert": "U0BOB00001",
        "b@example.com": "U0BOB00001",
        "c@example.com": "U0CAROL001",
        "henry": NoContact("no Slack account"),
        "dave": "U0DAVE0001",
        "erin": "U0ERIN0001",
    }
    cases.linked |= {"U0DAVE0001": "dave", "U0ERIN0001": "erin"}
    cases.errors = {
        "U0DAVE0001": UserError("locked", reason="user_locked"),
        "U0ERIN0001": UserError("other", reason="other"),
    }
    found = await find_unsuitable(cases.services, "alice", (reviewer,), request())
    assert found == ((text,) if text else ())


async def test_teleport_user_with_an_address_as_name_has_its_own_slack_account() -> None:
    """The address of another user's Slack account would reach the wrong person."""
    cases = MemoryServices(contacts_by_name={"carol": "U0BOB00001"})
    found = await find_unsuitable(cases.services, "alice", ("carol",), request())
    assert found == ("carol shares a Slack account with another Teleport user.",)


@pytest.mark.parametrize("is_user", [False, True])
async def test_address_that_names_another_teleport_user_is_not_only_an_address(
    is_user: bool,
) -> None:
    cases = MemoryServices(contacts_by_name={"x@example.com": "U0BOB00001"})
    if is_user:
        cases.teleport_users.add("x@example.com")
    found = await find_unsuitable(cases.services, "alice", ("x@example.com",), request())
    assert bool(found) is is_user


async def test_name_without_an_address_or_mention_is_not_looked_up() -> None:
    """Slack limits lookups for all users together."""
    cases = MemoryServices(contacts_by_name={"robert": "U0BOB00001"})
    cases.linked = {"U0BOB00001": "robert"}
    assert await with_user_names(cases.services, ("bobby", BOB)) == ("bobby", "robert")
    cases.slack_error = AssertionError("looked up")
    assert await with_user_names(cases.services, ("robert",)) == ("robert",)


async def test_reviewer_is_not_reported_when_slack_does_not_respond() -> None:
    cases = MemoryServices(slack_error=TimeoutError())
    with structlog.testing.capture_logs() as logged:
        found = await find_unsuitable(cases.services, "alice", ("bob",), request())
    assert found == ()
    assert [each["event"] for each in logged] == ["reviewer_lookup_failed"]
