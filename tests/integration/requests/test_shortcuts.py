"""Requests from Slack's shortcuts."""

from typing import Any

from tests.integration.slack_driver import CHANNEL, Stage

MESSAGE_SHORTCUT = "request_access_for_message"
STAGING = {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"}
ROLES = {"type": "multi_external_select", "selected_options": [STAGING]}


async def use(stage: Stage, callback_id: str, **where: str) -> dict[str, Any]:
    done = await stage.slack.act(
        {"as": "alice", "do": "shortcut", "callback_id": callback_id, **where}
    )
    assert (done["acked"], done["error"]) == (True, None)
    return await stage.form("alice", "request_form")


async def message(stage: Stage, text: str, **where: str) -> str:
    """Post a message as bob, and return its timestamp."""
    posted = {"as": "bob", "do": "message", "channel": CHANNEL, "text": text, **where}
    assert (await stage.slack.act(posted))["error"] is None
    found = await stage.slack.message_where(CHANNEL, "bob", lambda m: m["text"] == text)
    return str(found["ts"])


async def test_global_shortcut_opens_the_form(stage: Stage) -> None:
    """It has no channel, so the response is a DM."""
    form = await use(stage, "request_access")
    await stage.submit("alice", form, roles=ROLES)
    await stage.dm("alice", "You requested staging")
    assert stage.requests[0].Spec.RequestReason == ""


async def test_message_shortcut_has_the_link_as_its_reason(stage: Stage) -> None:
    """The text of the message isn't copied to Teleport."""
    ts = await message(stage, "the password is hunter2")
    form = await use(stage, MESSAGE_SHORTCUT, channel=CHANNEL, ts=ts)
    await stage.submit("alice", form, roles=ROLES)
    await stage.response("alice", "You requested staging")
    (request,) = stage.requests
    path = f"archives/C0ACCESS01/p{ts.replace('.', '')}"
    assert request.Spec.RequestReason == f"{stage.slack.url}/{path}"


async def test_link_to_a_reply_opens_its_thread(stage: Stage) -> None:
    parent = await message(stage, "redis is down")
    reply = await message(stage, "shard 3", thread_ts=parent)
    form = await use(stage, MESSAGE_SHORTCUT, channel=CHANNEL, ts=reply)
    await stage.submit("alice", form, roles=ROLES)
    await stage.response("alice", "You requested staging")
    reason = stage.requests[0].Spec.RequestReason
    assert reason.endswith(f"p{reply.replace('.', '')}?thread_ts={parent}&cid=C0ACCESS01")
