"""Notations of recipients in the settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.routing.recipient_names import is_email, parse_recipient


@pytest.mark.parametrize(
    ("text", "recipient"),
    [
        ("access-requests", "access-requests"),
        ("#access-requests", "access-requests"),
        ("Access_Requests", "access_requests"),
        ("zugriff-für-alle", "zugriff-für-alle"),
        ("c1", "c1"),
        ("C0ACCESS01", "C0ACCESS01"),
        ("G0SECURE01", "G0SECURE01"),
        ("D0BOB00001", "D0BOB00001"),
        ("U0BOB00001", "U0BOB00001"),
        ("W012A3CDE45", "W012A3CDE45"),
        ("@bob", "@bob"),
        ("@bob.brown", "@bob.brown"),
        ("bob@example.com", "bob@example.com"),
        ("https://example.slack.com/archives/C0ACCESS01", "C0ACCESS01"),
        ("https://example.slack.com/archives/C0ACCESS01/p1700000000000100?thread=1", "C0ACCESS01"),
        ("https://example.enterprise.slack.com/archives/C0ACCESS01", "C0ACCESS01"),
        ("https://app.slack.com/client/T0SANDBOX1/C0ACCESS01", "C0ACCESS01"),
        ("https://example.slack.com/team/U0BOB00001", "U0BOB00001"),
        ("<#C0ACCESS01|access-requests>", "C0ACCESS01"),
        ("<#C0ACCESS01>", "C0ACCESS01"),
        ("<@U0BOB00001>", "U0BOB00001"),
        ("<@U0BOB00001|bob>", "U0BOB00001"),
    ],
)
def test_recipient_is_parsed_in_every_copied_form(text: str, recipient: str) -> None:
    assert parse_recipient(text) == recipient


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("S0GROUP0001", "is a user group, which can't get messages"),
        ("<!subteam^S0GROUP0001>", "is a user group, which can't get messages"),
        ("T0SANDBOX1", "is neither a channel nor a user"),
        ("https://example.slack.com/archives/general", "is neither a channel nor a user"),
        ("https://example.slack.com/", "isn't a recipient"),
        ("https://example.com/archives/C0ACCESS01", "isn't a recipient"),
        ("@here", "mentions a whole channel"),
        ("@channel", "mentions a whole channel"),
        ("<!channel>", "is neither a channel nor a user"),
        ("access requests", "isn't a recipient"),
        ("*=one", "isn't a recipient"),
        ("bob@", "isn't a recipient"),
        ("@", "isn't a recipient"),
        ("#", "isn't a recipient"),
        ("", "isn't a recipient"),
    ],
)
def test_recipient_without_messages_is_rejected_with_a_reason(text: str, reason: str) -> None:
    """The error also lists all valid notations."""
    with pytest.raises(ValueError, match=reason) as refused:
        parse_recipient(text)
    assert "write a channel's name or ID" in str(refused.value)


@given(st.text(max_size=40))
def test_parsed_recipient_stays_as_it_is(text: str) -> None:
    try:
        parsed = parse_recipient(text)
    except ValueError:
        return
    assert parse_recipient(parsed) == parsed
    assert is_email(parsed) <= ("@" in text)
