"""Attribution of a request resolved from Slack, if Teleport and the claim agree."""

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


def resolve(reason: str, state: RequestState = APPROVED) -> AccessRequest:
    return AccessRequest("i", "alice", ("staging",), state, resolve_reason=reason)


def claim(user: str, state: RequestState = APPROVED) -> Claim:
    return Claim(by=user, state=state, at=NOW)


@given(names, texts)
def test_approver_is_shown_when_the_claim_agrees(user: str, reason: str) -> None:
    request = resolve(attributed_reason(APPROVED, user, reason))
    assert attribution(request, claim(user)) == Attribution(user, reason)
    assert is_attributed_to(request, user)


@given(names, names, texts)
def test_unclaimed_name_is_not_shown(written: str, claimed: str, reason: str) -> None:
    """A resolve reason alone doesn't prove a name."""
    request = resolve(attributed_reason(APPROVED, written, reason))
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
def test_other_reasons_stay_unchanged(reason: str) -> None:
    """Cover also a reason that contradicts the state."""
    assert attribution(resolve(reason), claim("bob")) is None


def test_reason_follows_the_signature() -> None:
    """It is shown as the reason, without the signature."""
    forged = resolve("approved by bob from Slack: from Slack: yes")
    assert attribution(forged, None) == Attribution("", "from Slack: yes")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"by": "bob", "state": "approved", "at": "never"}']
)
def test_malformed_claim_is_ignored(text: str) -> None:
    """Other programs can write plugin data too."""
    assert claim_from(text) is None
