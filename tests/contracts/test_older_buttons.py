"""Buttons that older versions posted, and forms that were open, still work.

The app posts the blocks and opens the views with the Web API, as the older bot did.
"""

import json
from typing import Any

import pytest

from tests.contracts.older_version import COMMITS, OlderVersion, older_version
from tests.contracts.requesting import requested, teleport
from tests.contracts.sandbox_process import Sandbox, buttons, request_id, typed_reason, until, words

_STAGING = {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"}


@pytest.fixture(params=COMMITS)
def older(request: pytest.FixtureRequest) -> OlderVersion:
    return older_version(request.param)


@pytest.fixture
async def card(fast: Sandbox, request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the card of a new request for staging."""
    return await requested(fast, "staging", request.node.name)


def posted(fast: Sandbox, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """Post blocks as the app and return the message."""
    ts = fast.api("chat.postMessage", channel="C0ACCESS01", text="Older", blocks=blocks)["ts"]
    return next(each for each in fast.messages() if each["ts"] == ts)


def opened(fast: Sandbox, person: str, view: dict[str, Any]) -> dict[str, Any]:
    """Open a view for a person and return it."""
    return dict(fast.api("views.open", trigger_id=fast.trigger_id(person), view=view)["view"])


@pytest.mark.parametrize("name", ["card", "list of requests"])
def test_older_approve_button_approves(
    fast: Sandbox, older: OlderVersion, card: dict[str, Any], name: str
) -> None:
    fast.click("bob", posted(fast, older.blocks(name, request_id(card))), "approve")
    assert "approved" in words(fast.closed(card)).lower()


def test_older_deny_button_opens_the_form(
    fast: Sandbox, older: OlderVersion, card: dict[str, Any]
) -> None:
    fast.close_modals("carol")
    fast.click("carol", posted(fast, older.blocks("card", request_id(card))), "deny")
    form = fast.modal("carol", "review_form")
    assert request_id(card) in form["private_metadata"]


@pytest.mark.parametrize(("word", "state"), [("approve", "approved"), ("deny", "denied")])
async def test_older_review_form_is_submitted(
    fast: Sandbox, older: OlderVersion, card: dict[str, Any], word: str, state: str
) -> None:
    form = opened(fast, "bob", older.form(word, request_id(card)))
    fast.act("bob", "submit", view_id=form["id"], values=typed_reason(form, "older-reason"))
    assert state in words(fast.closed(card)).lower()
    async with teleport(fast) as bot:
        (review,) = (await bot.request(request_id(card))).Spec.Reviews
    assert (review.Author, review.Reason) == ("bob", "older-reason")


async def test_older_request_form_is_submitted(fast: Sandbox, older: OlderVersion) -> None:
    """The typed reviewer and the confirmed duplicate are in the form's metadata."""
    why = f"older-form-{older.commit}"
    form = opened(fast, "alice", older.form("request anyway", ""))
    chosen = {"type": "multi_external_select", "selected_options": [_STAGING]}
    values = {**typed_reason(form, why), "roles": {"roles": chosen}}
    fast.act("alice", "submit", view_id=form["id"], values=values)
    assert buttons(fast.message(why))


def test_older_request_anyway_button_creates_the_request(
    fast: Sandbox, older: OlderVersion, card: dict[str, Any]
) -> None:
    """Although one is pending. A request with the same reason would count as a second click."""
    why = f"redis {older.commit}"
    blocks = json.dumps(older.blocks("request anyway", "")).replace("redis is stuck", why)
    fast.click("alice", posted(fast, json.loads(blocks)), "ask_anyway")
    new = until(
        lambda: next(
            (each for each in fast.messages() if why in words(each) and _is_card(each)), None
        ),
        "the new card",
    )
    assert request_id(new) != request_id(card)


def test_older_shorter_request_button_keeps_its_values(
    fast: Sandbox, older: OlderVersion, card: dict[str, Any]
) -> None:
    """One is pending, so the response asks again, with the same values."""
    message = posted(fast, older.blocks("request for less long", ""))
    seen = {each["ts"] for each in fast.messages(person="alice")}
    fast.click("alice", message, "ask_anyway")
    answer = until(lambda: _private(fast, "alice", seen), "the private response")
    (button,) = buttons(answer)
    assert button["action_id"] == "ask_anyway"
    assert json.loads(button["value"]) == {
        "roles": ["staging"], "reason": "redis is stuck", "duration": "PT2H",
        "reviewers": ["bob"], "anyway": True, "shorter": True,
    }  # fmt: skip


def _is_card(message: dict[str, Any]) -> bool:
    return [each["action_id"] for each in buttons(message)][:2] == ["approve", "deny"]


def _private(fast: Sandbox, person: str, seen: set[str]) -> dict[str, Any] | None:
    """Return a private message that is new."""
    found = (each for each in fast.messages(person=person) if each["ephemeral"])
    return next((each for each in found if each["ts"] not in seen), None)


def test_older_incomplete_request_opens_the_form(fast: Sandbox, older: OlderVersion) -> None:
    fast.close_modals("alice")
    fast.click("alice", posted(fast, older.blocks("complete the request", "")), "fill_in_request")
    form = fast.modal("alice", "request_form")
    (roles,) = [each for each in form["blocks"] if each["block_id"] == "roles"]
    assert [each["value"] for each in roles["element"]["initial_options"]] == ["prod"]
    assert "bob" in form["private_metadata"]


@pytest.mark.parametrize("action", ["pending_older", "pending_newer"])
def test_older_list_turns_its_page(fast: Sandbox, older: OlderVersion, action: str) -> None:
    message = posted(fast, older.blocks("pages", "0190c0de-0000-7000-8000-00000000ffff"))
    seen = {each["ts"] for each in fast.messages(person="dana")}
    fast.click("dana", message, action)
    until(lambda: _private(fast, "dana", seen), "another page")
