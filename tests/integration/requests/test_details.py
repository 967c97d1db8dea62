"""The details of a request, for users with permission to see the request."""

from pathlib import Path
from typing import Any

from sandbox.cast import SLACK_TRAIT
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RequestState
from tests.integration.conftest import run_bot_on
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import Stage, buttons, words

TITLE = "Request details"


async def details(stage: Stage, who: str, text: str) -> dict[str, Any]:
    """Return the modal with the details that contain a text."""
    return await stage.view(who, lambda v: v["title"]["text"] == TITLE and text in words(v))


def plain_texts(thing: Any) -> str:
    """Return the texts of a view in reading order, without its structure."""
    if isinstance(thing, dict):
        own = [thing["text"]] if isinstance(thing.get("text"), str) else []
        return "".join([*own, *(plain_texts(each) for each in thing.values())])
    return "".join(map(plain_texts, thing)) if isinstance(thing, list) else ""


async def test_reviewer_gets_the_details_in_private(stage: Stage) -> None:
    """The details contain the roles' descriptions, the thresholds and the possible reviewers."""
    stage.teleport.cluster.roles["prod"].Metadata.Description = "Production, with audit"
    _, card = await stage.create_request("alice", "prod", "shard 11")
    await stage.click("bob", card, "approve")
    card = await stage.card_where(card["ts"], lambda m: "1 of 2" in words(m))
    await stage.click("carol", card, "details")
    view = await details(stage, "carol", "shard 11")
    shown = plain_texts(view["blocks"])
    for part in (
        "prod: Production, with audit",
        "1 of 2 approvals, 0 of 1 denials",
        "carol: role reviewer",
        "bob approved",
    ):
        assert part in shown, shown
    assert "bob: role reviewer" not in shown
    assert "alice: role" not in shown
    assert stage.slack.control_api.views("bob")["modals"] == []


async def test_details_are_read_again_on_each_click(stage: Stage) -> None:
    request = pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    await stage.click("bob", card, "details")
    assert "Can still decide" in words(await details(stage, "bob", "redis 1"))
    stage.slack.workspace.screens["U0BOB00001"].modals.clear()
    stage.teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
    await stage.click("bob", card, "details")
    view = await details(stage, "bob", "Approved")
    assert "Can still decide" not in words(view)


async def test_long_details_have_pages(stage: Stage) -> None:
    """The pages replace each other in the same modal."""
    pending_request(stage.teleport, reason=f"first {'word ' * 3_000}last")
    await stage.click("bob", await stage.card("first word"), "details")
    first = await details(stage, "bob", "first word")
    assert "word last" not in words(first)
    await stage.click_in_view("bob", first, "details_next")
    second = await details(stage, "bob", "word last")
    assert second["id"] == first["id"]
    await stage.click_in_view("bob", second, "details_back")
    assert (await details(stage, "bob", "first word"))["id"] == first["id"]


async def test_details_without_a_modal_are_an_ephemeral_message(stage: Stage) -> None:
    """The click was too long ago. Its pages replace each other in place."""
    pending_request(stage.teleport, reason=f"first {'word ' * 3_000}last")
    card = await stage.card("first word")
    stage.slack.faults.inject({"method": "views.open", "error": "expired_trigger_id", "times": 1})
    await stage.click("bob", card, "details")
    first = await stage.slack.message_where(
        "access-requests", "bob", lambda m: m["ephemeral"] and "details_next" in buttons(m)
    )
    await stage.click("bob", first, "details_next")
    second = await stage.response("bob", "word last")
    assert second["ts"] == first["ts"]


async def test_reader_of_the_card_alone_gets_no_more_than_the_card(stage: Stage) -> None:
    """Carol is in the channel, but her roles don't let her review any more."""
    stage.teleport.cluster.roles["staging"].Metadata.Description = "secret description"
    pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    stage.teleport.cluster.add_user("carol", ["dev"], {SLACK_TRAIT: ["U0CAROL001"]})
    await stage.click("carol", card, "details")
    response = await stage.response("carol", "see more of this request than its card shows")
    assert "secret" not in words(response)
    await stage.click("nora", card, "details")
    await stage.response("nora", "slack_uid")
    for who in ("carol", "nora"):
        assert stage.slack.control_api.views(who)["modals"] == []


async def test_request_that_is_gone_is_explained(stage: Stage) -> None:
    request = pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    stage.teleport.cluster.requests.delete(request.Metadata.Name)
    await stage.click("bob", card, "details")
    await stage.response("bob", "There's no request")


async def test_approvers_are_named_with_the_settings_as_the_reason(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """In mode override, the bot's settings decide. Carol is one by her role."""

    def override(text: str) -> str:
        approvers = '[role_to_approvers]\n"*" = ["bob", "role:reviewer"]\n'
        return text.replace("[review]\n", '[review]\nmode = "override"\n') + approvers

    async with run_bot_on(Stage(slack, teleport), settings_file, override) as stage:
        pending_request(teleport, reason="redis 1")
        await stage.click("bob", await stage.card("redis 1"), "details")
        shown = plain_texts((await details(stage, "bob", "redis 1"))["blocks"])
        assert "bob: approver in the bot's settings" in shown
        assert "carol: approver in the bot's settings through the role reviewer" in shown
        assert "alice:" not in shown


async def test_users_who_cannot_be_read_do_not_hide_the_rest(stage: Stage) -> None:
    """The bot remembers the reader, so it makes no call to look the reader up."""
    pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    await stage.type("bob", "/teleport-pending")
    await stage.response("bob", "redis 1")
    stage.teleport.faults.remove_method("ListUsers")
    await stage.click("bob", card, "details")
    assert "The bot can't read Teleport's users now." in words(
        await details(stage, "bob", "redis 1")
    )
