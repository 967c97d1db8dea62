"""Modals and Home tabs through the Web API: triggers, stacks, hashes and kept entries."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.blocks import home, modal, plain, section, text_input
from tests.sandbox.slack.clock import Clock
from tests.sandbox.slack.refusals import code, refusal
from tests.sandbox.slack.wire import bare_socket

ALICE = "U0ALICE001"


@pytest.fixture
def trigger(slack: SlackStandIn) -> Any:
    """Triggers as alice's interactions would issue them."""
    return lambda: slack.triggers.issue(ALICE)


def _titles(slack: SlackStandIn, person: str = "alice") -> list[str]:
    return [view["title"]["text"] for view in slack.control_api.views(person)["modals"]]


async def test_trigger_opens_one_modal(
    slack: SlackStandIn, client: AsyncWebClient, trigger: Any
) -> None:
    """The user of the trigger sees the modal, with every field of a view."""
    opened = await client.views_open(
        trigger_id=trigger(), view=modal(text_input(), private_metadata="mine")
    )
    (view,) = slack.control_api.views("alice")["modals"]
    assert view == opened["view"]
    assert (view["private_metadata"], view["callback_id"]) == ("mine", "form")
    assert view["root_view_id"] == view["id"]
    assert view["state"]["values"] == {
        "reason": {"text": {"type": "plain_text_input", "value": None}}
    }
    assert slack.control_api.views("bob")["modals"] == []


async def test_trigger_works_once_and_expires(
    client: AsyncWebClient, trigger: Any, clock: Clock
) -> None:
    """A second use, a late use and an invented trigger have different errors."""
    once, late = trigger(), trigger()
    await client.views_open(trigger_id=once, view=modal())
    assert await code(client.views_open(trigger_id=once, view=modal())) == "exchanged_trigger_id"
    assert await code(client.views_open(trigger_id="1.2.x", view=modal())) == "invalid_trigger_id"
    clock.forward(3.1)
    assert await code(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"


async def test_rejected_view_does_not_use_up_the_trigger(
    client: AsyncWebClient, trigger: Any
) -> None:
    """Complaints about a view come as `invalid_arguments`, and a better one may follow."""
    trigger_id = trigger()
    bad = modal(text_input(), submit=None)
    answer = await refusal(client.views_open(trigger_id=trigger_id, view=bad))
    assert answer["error"] == "invalid_arguments"
    (message,) = answer["response_metadata"]["messages"]
    assert message.startswith("[ERROR] must define `submit`")
    assert message.endswith("[json-pointer:/view/blocks/0/input]")
    assert (await client.views_open(trigger_id=trigger_id, view=modal(text_input())))["ok"]


async def test_modals_stack_up_to_three(
    slack: SlackStandIn, client: AsyncWebClient, trigger: Any
) -> None:
    """Each pushed modal knows the one below and the root; a fourth does not fit."""
    first = (await client.views_open(trigger_id=trigger(), view=modal()))["view"]
    second = (await client.views_push(trigger_id=trigger(), view=modal(title=plain("2"))))["view"]
    await client.views_push(trigger_id=trigger(), view=modal(title=plain("3")))
    assert (second["previous_view_id"], second["root_view_id"]) == (first["id"], first["id"])
    assert _titles(slack) == ["A form", "2", "3"]
    assert await code(client.views_push(trigger_id=trigger(), view=modal())) == "push_limit_reached"


async def test_update_keeps_typed_values(
    slack: SlackStandIn, client: AsyncWebClient, trigger: Any
) -> None:
    """Inputs that keep their ids keep their entries; new ones start with their initial value."""
    view = (await client.views_open(trigger_id=trigger(), view=modal(text_input())))["view"]
    async with bare_socket(slack) as socket:
        await socket.frame()
        slack.delivery.ack_within = 0.01
        values = {"reason": {"text": {"type": "plain_text_input", "value": "typed"}}}
        await slack.act({"as": "alice", "do": "submit", "view_id": view["id"], "values": values})
    blocks = [text_input(initial_value="initial"), text_input("other", initial_value="fresh")]
    changed = await client.views_update(view_id=view["id"], view=modal(*blocks))
    state = changed["view"]["state"]["values"]
    assert state["reason"]["text"]["value"] == "typed"
    assert state["other"]["text"]["value"] == "fresh"
    assert changed["view"]["hash"] != view["hash"]


async def test_outdated_hash_is_rejected(client: AsyncWebClient, trigger: Any) -> None:
    """Of two updates that saw the same view only the first wins."""
    view = (await client.views_open(trigger_id=trigger(), view=modal()))["view"]
    where = {"view_id": view["id"], "hash": view["hash"], "view": modal(title=plain("new"))}
    await client.views_update(**where)
    assert await code(client.views_update(**where)) == "hash_conflict"


async def test_external_id_identifies_one_view(client: AsyncWebClient, trigger: Any) -> None:
    """An external id names one open view, and cannot be given to a second."""
    mine = modal(external_id="request-7")
    await client.views_open(trigger_id=trigger(), view=mine)
    await client.views_update(external_id="request-7", view=mine)
    taken = client.views_push(trigger_id=trigger(), view=mine)
    assert await code(taken) == "duplicate_external_id"
    gone = client.views_update(view_id="V0NOTHERE1", view=modal())
    assert await code(gone) == "not_found"


async def test_large_view_is_rejected(client: AsyncWebClient, trigger: Any) -> None:
    """A view of more than 250 kB cannot be opened."""
    blocks = [section("x" * 2990) for _ in range(90)]
    opening = client.views_open(trigger_id=trigger(), view=modal(*blocks))
    assert await code(opening) == "view_too_large"


async def test_home_is_published_for_one_person(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """Each user has their own Home tab. Publishing again keeps its ID and changes its hash."""
    first = (await client.views_publish(user_id=ALICE, view=home(section("1"))))["view"]
    second = (await client.views_publish(user_id=ALICE, view=home(section("2"))))["view"]
    assert (first["id"], first["type"]) == (second["id"], "home")
    assert first["hash"] != second["hash"]
    assert slack.control_api.views("alice")["home"] == second
    assert slack.control_api.views("bob")["home"] is None
    stale = client.views_publish(user_id=ALICE, view=home(), hash=first["hash"])
    assert await code(stale) == "hash_conflict"
    assert await code(client.views_publish(user_id="U0NOBODY01", view=home())) == "user_not_found"
    assert await code(client.views_publish(user_id=ALICE, view=modal())) == "invalid_arguments"
