"""Acks are immediate and independent of the work after them."""

import asyncio
from typing import Any

import pytest

from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, words


@pytest.fixture
def broken_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("metrics are broken")

    monkeypatch.setattr("bot.observe.metrics.Metrics.observe_interaction", fail)


async def form_of(stage: Stage, who: str) -> dict[str, Any]:
    await stage.type(who, "/teleport-request")
    return await stage.form(who, "request_form")


async def submit(stage: Stage, form: dict[str, Any], role: str, reason: str) -> dict[str, Any]:
    option = {"text": {"type": "plain_text", "text": role}, "value": role}
    roles = {"type": "multi_external_select", "selected_options": [option]}
    typed = {"type": "plain_text_input", "value": reason}
    return await stage.submit("alice", form, roles=roles, reason=typed)


async def test_interactions_are_acked_when_metrics_fail(broken_metrics: None, stage: Stage) -> None:
    """An exception after an ack would undo it."""
    with capture_logs() as log:
        pending_request(stage.teleport, reason="redis 1")
        await stage.click("bob", await stage.card("redis 1"), "approve")
        form = await form_of(stage, "alice")
        suggest = {"as": "alice", "do": "suggest", "view_id": form["id"], "action_id": "roles"}
        suggested = await stage.slack.act({**suggest, "text": "stag"})
        refused = await submit(stage, form, "unknown", "redis 2")
        accepted = await submit(stage, form, "staging", "redis 2")
        await stage.card("redis 2")
    assert (suggested["acked"], refused["acked"], accepted["acked"]) == (True, True, True)
    assert refused["errors"]
    assert len(log.all("task_failed")) >= 5


async def test_slow_dry_run_of_one_form_delays_no_other_interaction(stage: Stage) -> None:
    pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    form = await form_of(stage, "alice")
    stage.teleport.faults.add("CreateAccessRequestV2", delay=1.5)
    slow = asyncio.create_task(submit(stage, form, "staging", "redis 2"))
    await stage.teleport.journal.wait_for_call("CreateAccessRequestV2")
    await stage.type("carol", "/teleport-pending mine")
    await stage.response("carol", "You have no pending request")
    await stage.click("bob", card, "approve")
    await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
    assert not slow.done()
    assert (await slow)["acked"]
