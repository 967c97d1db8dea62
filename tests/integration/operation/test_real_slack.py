"""`make real-slack`, with the sandbox's Slack instead of a real workspace."""

import asyncio
import os
import sys
from itertools import islice
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.connect.slack_client import http_session
from sandbox.slack.block_kit.surfaces import message_problems, view_problems
from sandbox.slack.control.faults import MethodFault
from sandbox.slack.server import SlackStandIn
from tests.integration.slack_driver import CHANNEL
from tests.real_slack.__main__ import run_and_report
from tests.real_slack.compare import differences
from tests.real_slack.messages import cards_by_status, sample_messages
from tests.real_slack.recording import Answer, RecordingClient
from tests.real_slack.report import failed, lines
from tests.real_slack.run import Findings, examine
from tests.real_slack.stand_in import examine_stand_in, target_in
from tests.real_slack.validation import Validator
from tests.real_slack.views import sample_views
from workspace.card_model.status import Status

FEW = tuple(islice(sample_messages(), 5))


async def run_on(slack: SlackStandIn) -> Findings:
    return await examine(target_in(slack, with_person=False), FEW)


def messages(slack: SlackStandIn) -> list[dict[str, Any]]:
    """Return all messages of the app that still exist."""
    return [
        *slack.control_api.messages(CHANNEL, "dana"),
        *slack.control_api.messages("@alice", "alice"),
    ]


async def test_real_slack_run_posts_everything_and_leaves_nothing(slack: SlackStandIn) -> None:
    """Each sample is posted, updated and deleted; DMs are posted to the user's DM."""
    found = await examine(target_in(slack, with_person=True))
    assert (found.problems, found.left, failed(found)) == ([], [], False)
    assert found.messages == len(list(sample_messages()))
    calls = [call.method for call in slack.journal.calls]
    # One more message holds the thread.
    assert calls.count("chat.postMessage") == found.messages + 1
    assert calls.count("chat.update") == found.messages + 1
    assert messages(slack) == []
    await slack.socket_count(0)
    posted = {call.args["channel"] for call in slack.journal.calls if "thread_ts" in call.args}
    assert posted == {"C0ACCESS01"}


def test_real_slack_samples_are_valid_and_contain_every_status() -> None:
    assert set(cards_by_status()) == set(Status)
    samples = list(sample_messages())
    assert len({each.name for each in samples}) == len(samples)
    for sample in samples:
        assert message_problems(sample.message.arguments()["blocks"]) == [], sample.name
    for name, view in sample_views():
        assert view_problems(view.to_dict()) == [], name


async def test_real_slack_program_finds_no_difference_in_the_sandbox(
    slack: SlackStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run_and_report(target_in(slack, with_person=True)) == 0
    printed = capsys.readouterr().out
    assert "Problems: none" in printed
    assert "Differences from the stand-in: none" in printed


async def test_real_slack_run_reports_a_rejection_and_continues(slack: SlackStandIn) -> None:
    """The rejected message is deleted like all others, and the difference is reported too."""
    slack.faults.inject({"method": "chat.update", "error": "block_mismatch", "times": 1})
    found = await run_on(slack)
    assert found.problems == [f"{FEW[0].name}: block_mismatch"]
    assert found.messages == len(FEW) - 1
    assert (found.left, messages(slack)) == ([], [])
    reference = await examine_stand_in(with_person=False, samples=FEW)
    text = "\n".join(lines(found, differences(found.answers, reference.answers)))
    assert "chat.update: error: Slack has the error block_mismatch, the stand-in nothing" in text
    assert failed(found)


async def test_real_slack_run_names_missing_and_extra_scopes(slack: SlackStandIn) -> None:
    slack.workspace.app.scopes ^= {"im:write", "im:history"}
    found = await run_on(slack)
    assert found.problems == ["token: the token lacks scopes of the manifest: im:write"]
    assert found.extra_scopes == ("im:history",)


async def test_real_slack_run_reports_a_socket_without_hello(slack: SlackStandIn) -> None:
    slack.faults.inject({"sockets": "refuse", "times": 1})
    (problem,) = (await run_on(slack)).problems
    assert problem.startswith("socket: no hello within 10 s")


async def test_real_slack_run_ends_when_the_token_is_rejected(slack: SlackStandIn) -> None:
    slack.workspace.app.bot_token += "2"
    found = await run_on(slack)
    assert found.problems == ["token: invalid_auth"]
    assert [response.method for response in found.answers] == ["auth.test"]


async def test_real_slack_run_finds_a_message_with_a_lost_response(slack: SlackStandIn) -> None:
    """The key in its metadata identifies it, if the token can read the channel."""
    slack.workspace.app.scopes |= {"channels:history"}
    slack.faults.inject({"method": "chat.postMessage", "drop_after_commit": True, "times": 2})
    found = await run_on(slack)
    assert len(found.problems) == 2
    assert (found.left, messages(slack)) == ([], [])


async def test_real_slack_run_names_a_message_that_may_remain(slack: SlackStandIn) -> None:
    """A token without read access to the channel can't find it."""
    slack.faults.inject({"method": "chat.postMessage", "drop_after_commit": True, "times": 1})
    found = await run_on(slack)
    assert found.left == ["a message in C0ACCESS01 whose response was lost (no history scope)"]
    assert failed(found)


async def test_real_slack_run_retries_failed_deletions(slack: SlackStandIn) -> None:
    """The retries happen at the end, several times."""
    slack.faults.inject({"method": "chat.delete", "error": "fatal_error", "times": 2})
    found = await run_on(slack)
    assert (found.left, messages(slack)) == ([], [])
    assert found.problems


async def test_real_slack_run_removes_everything_when_cancelled(slack: SlackStandIn) -> None:
    """It also deletes the message in flight."""
    slow = MethodFault("chat.postMessage", delay_ms=300, after=4, times=1)
    slack.faults.on_method(slow)
    run = asyncio.create_task(run_on(slack))
    while not slow.hits:  # noqa: ASYNC110 - a fault that strikes announces nothing
        await asyncio.sleep(0)
    run.cancel()
    found = await run
    assert found.problems == ["the run was interrupted"]
    assert (found.left, messages(slack)) == ([], [])


@pytest.mark.parametrize("code", ["unknown_method", "not_allowed"])
async def test_real_slack_run_continues_without_blocks_validate(
    slack: SlackStandIn, code: str
) -> None:
    slack.faults.inject({"method": "blocks.validate", "error": code})
    found = await run_on(slack)
    assert (found.problems, found.validated) == ([], 0)
    assert f"Slack doesn't offer blocks.validate ({code})" in list(lines(found, []))


async def test_real_slack_run_names_the_problems_of_a_view() -> None:
    """Each has its path, in the format of docs.slack.dev/reference/methods/blocks.validate."""
    problem = {"code": "failed_constraint", "message": "unsupported type: x", "pointer": "/0"}
    body = {"ok": False, "error": "invalid_view", "errors": [problem]}

    async def respond(_request: web.Request) -> web.Response:
        return web.json_response(body)

    app = web.Application()
    app.router.add_post("/api/blocks.validate", respond)
    async with TestServer(app) as server, http_session() as http:
        client = RecordingClient("xoxb-1", str(server.make_url("/api/")), http)
        validator = Validator(client)
        assert await validator.problems(view={}) == ["/0: unsupported type: x"]
        assert (validator.validated, validator.unavailable) == (1, "")


def response(body: dict[str, Any], step: str = "card") -> Answer:
    return Answer(step, "chat.postMessage", {"text": "Approved"}, body)


def test_responses_of_other_workspaces_have_the_same_shape() -> None:
    """IDs, timestamps, addresses and names differ in every workspace."""
    ours = {"ok": True, "ts": "1700000000.000100", "channel": "C0ACCESS01", "url": "https://a/"}
    theirs = {"ok": True, "ts": "1800000000.000900", "channel": "C123ABC456", "url": "https://b/c"}
    assert differences([response(theirs)], [response(ours)]) == []


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ({"ok": 1, "team": "T0SANDBOX1"}, {"ok": 1}, "team: Slack has an ID T…, the stand-in no"),
        ({"ts": "1700000000.000100"}, {"ts": 17}, "ts: Slack has a timestamp, the stand-in a num"),
        ({"a": {"text": "Ok"}}, {"a": {"text": "Approved"}}, "Slack has a text, the stand-in the"),
        ({"error": "no_text"}, {"error": "x"}, "Slack has the error no_text, the stand-in the er"),
        ({"id": "U12345678"}, {"id": "W12345678"}, "Slack has an ID U…, the stand-in an ID W…"),
    ],
)
def test_difference_names_its_path_and_both_kinds(
    theirs: dict[str, Any], ours: dict[str, Any], expected: str
) -> None:
    (found,) = differences([response(theirs)], [response(ours)])
    assert expected in str(found)


def test_differences_of_one_kind_are_one_item() -> None:
    slack = [response({"blocks": [{"a": 1}, {"a": 1}]}, f"card {n}") for n in range(3)]
    ours = [response({"blocks": [{}, {}]}, f"card {n}") for n in range(3)]
    more, less = differences(slack, ours)
    assert (more.path, less.path) == ("blocks[]", "blocks[].a")
    assert str(more).endswith("(card 0 and 2 more)")


async def test_real_slack_program_names_missing_variables() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.real_slack",
        env={"PATH": os.environ["PATH"], "SLACK_BOT_TOKEN": "xoxb-1", "CHANNEL": "C1"},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, output = await process.communicate()
    assert process.returncode == 2
    assert output.startswith(b"Set SLACK_APP_TOKEN.")
