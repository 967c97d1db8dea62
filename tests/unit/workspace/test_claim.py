"""Who resolved a request from Slack, as far as Teleport and the claim agree."""

from datetime import UTC, datetime

import pytest
from hypothesis import given

from teleport_client.model.access_request import AccessRequest, RequestState
from tests.strategies import names, texts
from workspace.requests.claim import (
    Attribution,
    Claim,
    attributed_reason,
    attribution,
    claim_from,
    is_attributed_to,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
APPROVED = RequestState.APPROVED


def resolved(reason: str, state: RequestState = APPROVED) -> AccessRequest:
    return AccessRequest("i", "alice", ("staging",), state, resolve_reason=reason)


def claim(user: str, state: RequestState = APPROVED) -> Claim:
    return Claim(by=user, state=state, at=NOW)


@given(names, texts)
def test_an_approver_is_named_when_the_claim_agrees(user: str, reason: str) -> None:
    """Whatever they are called, and whatever they wrote."""
    request = resolved(attributed_reason(APPROVED, user, reason))
    assert attribution(request, claim(user)) == Attribution(user, reason)
    assert is_attributed_to(request, user)


@given(names, names, texts)
def test_only_the_claimed_name_is_shown(written: str, claimed: str, reason: str) -> None:
    """A resolve reason alone names nobody."""
    request = resolved(attributed_reason(APPROVED, written, reason))
    shown = attribution(request, claim(claimed))
    assert shown is not None
    assert shown.user in {"", claimed}
    assert attribution(request, claim(written, RequestState.DENIED)) == attribution(request, None)


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "looks fine",
        "denied by bob from Slack",
        "approved by bob",
        "approved by bob from Slackware",
    ],
)
def test_other_reasons_stay_as_they_are(reason: str) -> None:
    """Also one that contradicts the state."""
    assert attribution(resolved(reason), claim("bob")) is None


def test_the_reason_follows_the_signature() -> None:
    """It is shown as the reason, without who and where."""
    forged = resolved("approved by bob from Slack: from Slack: yes")
    assert attribution(forged, None) == Attribution("", "from Slack: yes")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"by": "bob", "state": "approved", "at": "never"}']
)
def test_a_text_that_is_no_claim_is_nobodys(text: str) -> None:
    """Others can write plugin data too."""
    assert claim_from(text) is None
