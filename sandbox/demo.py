"""The story of "Using Slack with Approval Workflow", played with real processes and sockets.

Each step prints the messages in Slack and the output of tsh and tctl, and checks them. The exit
code is 1 after the first failed check.
"""

import asyncio
import json
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import typer

from sandbox import world
from sandbox.bot_log import LOG
from sandbox.cast import APPROVERS_CHANNEL, BOT_USER
from sandbox.teleport.editions import DEFAULT_SERVER_VERSION, Edition
from sandbox.transcript import message_lines

Json = dict[str, Any]
app = typer.Typer(
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
_WITHIN = 1.0
"""Seconds within which Slack must show a change made in Teleport."""


class StepFailed(Exception):
    """A check of the story failed."""


@app.command()
def main(
    edition: Annotated[Edition, typer.Option(help="Teleport edition.")] = Edition.ENTERPRISE,
    server_version: Annotated[str, typer.Option(help="Teleport version.")] = DEFAULT_SERVER_VERSION,
    pause: Annotated[
        bool, typer.Option("--pause", help="Wait for Enter before each step.")
    ] = False,
) -> None:
    """Play the story of an access request in the terminal, with the real bot."""
    with tempfile.TemporaryDirectory(prefix="teleport-chatops-demo-") as folder:
        try:
            asyncio.run(_play(Path(folder), edition, server_version, pause=pause))
        except (StepFailed, TimeoutError) as error:
            print(f"\n✗ Failed: {str(error) or 'nothing happened for five seconds'}")
            print("\nThe bot's log:\n" + (Path(folder) / LOG).read_text())
            sys.exit(1)
    print("\n✓ All steps passed")


async def _play(data: Path, edition: Edition, server_version: str, *, pause: bool) -> None:
    async with world.running(
        data,
        world.Ports(),
        edition=edition,
        server_version=server_version,
    ) as running:
        story = _Story(running, data, pause=pause)
        ended = asyncio.create_task(running.wait_for_bot())
        played = asyncio.create_task(story.play())
        await asyncio.wait({ended, played}, return_when=asyncio.FIRST_COMPLETED)
        if not played.done():
            played.cancel()
            raise StepFailed(f"the bot exited with code {ended.result()}")
        ended.cancel()
        await played


async def _wait_for_enter() -> None:
    """Wait for a line on stdin, in a thread that doesn't delay the exit after Ctrl-C."""
    loop, pressed = asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        sys.stdin.readline()
        loop.call_soon_threadsafe(pressed.set)

    print("\n   Press Enter to continue", end="", flush=True)
    threading.Thread(target=read, daemon=True).start()
    await pressed.wait()


class _Story:
    def __init__(self, running: world.World, data: Path, *, pause: bool) -> None:
        self._pause = pause
        self._slack = running.slack
        self._teleport = running.teleport
        self._data = data
        self._features = running.teleport.cluster.features
        self._steps = 0

    async def play(self) -> None:
        await self._slack.socket_count(2, 30)
        self._expect_mode()
        await self._request_staging()
        await self._use_the_shell()
        if self._features.on_behalf_reviews:
            await self._request_prod_with_reviews()
        elif self._features.advanced_workflows:
            await self._request_prod_in_teleport()
        else:
            await self._request_prod_without_thresholds()
        await self._deny()

    def _expect_mode(self) -> None:
        """Print and check the review mode that the bot detected."""
        events = map(json.loads, (self._data / LOG).read_text().splitlines())
        found = next(event for event in events if event["event"] == "review_mode_selected")
        print(f"Review mode: {found['mode']} ({found['reason']})")
        expected = "person" if self._features.on_behalf_reviews else "override"
        self._expect(found["mode"] == expected, f"the mode should be {expected}")

    async def _request_staging(self) -> None:
        await self._step("alice, a developer, sees the nodes of her role dev")
        nodes = await self._tsh("alice", "ls")
        self._expect("staging" not in nodes, "alice already has access to staging")

        await self._step("alice requests staging in Slack")
        await self._type("alice", "/teleport-request staging because redis is stuck")
        await self._expect_response("alice", "You requested staging")
        card = await self._expect_card("redis is stuck")

        await self._step("bob, an approver, clicks Approve")
        await self._click("bob", card, "approve")
        await self._expect_update(card, "Approved by bob")
        await self._expect_dm("alice", "tsh login --request-id=")

        await self._step("Teleport has recorded bob's approval")
        (request,) = json.loads(await self._tctl("requests", "ls", "--format", "json", quiet=True))
        if self._features.on_behalf_reviews:
            (review,) = request["spec"]["reviews"]
            print(f"   author {review['author']}, submitted by {review['submitted_by']}")
            self._expect(review["author"] == "bob", f"the author is {review['author']}")
            self._expect(review["submitted_by"] == BOT_USER, "the submitter isn't the bot")
        else:
            reason = request["spec"]["resolve_reason"]
            print(f"   reason: {reason}")
            self._expect(reason == "approved by bob from Slack", "the reason doesn't name bob")

        await self._step("alice runs the command in the DM")
        await self._tsh("alice", "login", f"--request-id={request['metadata']['name']}")
        nodes = await self._tsh("alice", "ls")
        self._expect("staging" in nodes, "alice has no access to staging")

    async def _use_the_shell(self) -> None:
        await self._step("bob requests access with tsh; the card appears within a second")
        created = await self._tsh(
            "bob", "request", "create", "--nowait", "--roles", "staging", "--reason", "by tsh"
        )
        card = await self._expect_card("by tsh")
        self._expect_soon("CreateAccessRequestV2", "chat.postMessage", "by tsh")

        await self._step("dana approves with tctl; the card updates within a second")
        request_id = self._button(card, "approve")["value"]
        self._expect(request_id in created, "the card shows another request")
        await self._tctl("requests", "approve", request_id)
        await self._expect_update(card, "Approved")
        self._expect_soon("SetAccessRequestState", "chat.update", "by tsh")

    async def _request_prod_in_teleport(self) -> None:
        await self._step(
            "prod needs two approvals; this Teleport version accepts them only in Teleport"
        )
        await self._type("alice", "/teleport-request prod for 2h because shard 3 is down")
        card = await self._expect_card("shard 3 is down")
        self._expect("approve" not in json.dumps(card["blocks"]), "the card has buttons")
        listed = json.loads(await self._tctl("requests", "ls", "--format", "json", quiet=True))
        pending = next(r for r in listed if r["spec"]["request_reason"] == "shard 3 is down")
        await self._tctl("requests", "approve", pending["metadata"]["name"])
        await self._expect_update(card, "Approved")

    async def _request_prod_without_thresholds(self) -> None:
        await self._step("prod needs one approval: this edition has no thresholds")
        await self._type("alice", "/teleport-request prod for 2h because shard 3 is down")
        card = await self._expect_card("shard 3 is down")
        await self._click("bob", card, "approve")
        await self._expect_update(card, "Approved by bob")

    async def _request_prod_with_reviews(self) -> None:
        await self._step("prod needs two approvals")
        await self._type("alice", "/teleport-request prod for 2h because shard 3 is down")
        card = await self._expect_card("shard 3 is down")
        await self._click("bob", card, "approve")
        one = await self._expect_update(card, "1 of 2")
        await self._click("carol", one, "approve")
        await self._expect_update(card, "Approved by bob and carol")

    async def _deny(self) -> None:
        await self._step("carol denies a request with a reason")
        await self._type("alice", "/teleport-request staging because a look around")
        card = await self._expect_card("a look around")
        await self._click("carol", card, "deny")
        form = await self._slack.view_where("carol", lambda view: view["type"] == "modal")
        reason = {"type": "plain_text_input", "value": "not during the freeze"}
        await self._act(
            {"as": "carol", "do": "submit", "view_id": form["id"],
             "values": {"reason": {"reason": reason}}},
            "submits the form: not during the freeze",
        )  # fmt: skip
        await self._expect_update(card, "Denied by carol")
        await self._expect_dm("alice", "not during the freeze")

    # ------------------------------------------------------------- user actions

    async def _type(self, who: str, text: str) -> None:
        act = {"as": who, "do": "command", "channel": APPROVERS_CHANNEL, "text": text}
        await self._act(act, f"types {text}")

    async def _click(self, who: str, message: Json, action: str) -> None:
        button = self._button(message, action)
        act = {"as": who, "do": "click", "channel": APPROVERS_CHANNEL, "ts": message["ts"]}
        await self._act(
            act | {"action_id": action, "value": button["value"]},
            f"clicks {button['text']['text']}",
        )

    async def _act(self, act: Json, words: str) -> None:
        done = await self._slack.act(act)
        print(f"   {act['as']} {words}   (ack after {done['ack_ms']:.0f} ms)")
        self._expect(done["acked"] and not done["error"], f"no ack: {done['error']}")

    async def _tsh(self, who: str, *arguments: str) -> str:
        return await self._run("tsh", "--as", who, "--data", str(self._data), *arguments)

    async def _tctl(self, *arguments: str, quiet: bool = False) -> str:
        return await self._run("tctl", "--data", str(self._data), *arguments, quiet=quiet)

    async def _run(self, tool: str, *arguments: str, quiet: bool = False) -> str:
        shown = [word for word in arguments if word != str(self._data) and word != "--data"]
        print(f"   $ {tool} {' '.join(shown)}")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "sandbox", tool, *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        self._expect(process.returncode == 0, f"{tool} failed: {err.decode().strip()}")
        if not quiet:
            self._print(out.decode())
        return out.decode()

    # ------------------------------------------------------------- messages

    async def _expect_card(self, needle: str) -> Json:
        return await self._expect_message(
            APPROVERS_CHANNEL, "bob", needle, lambda m: not m["ephemeral"]
        )

    async def _expect_update(self, card: Json, needle: str) -> Json:
        return await self._expect_message(
            APPROVERS_CHANNEL, "bob", needle, lambda m: bool(m["ts"] == card["ts"])
        )

    async def _expect_response(self, who: str, needle: str) -> Json:
        return await self._expect_message(
            APPROVERS_CHANNEL, who, needle, lambda m: bool(m["ephemeral"])
        )

    async def _expect_dm(self, who: str, needle: str) -> Json:
        return await self._expect_message(f"@{who}", who, needle, lambda _: True)

    async def _expect_message(
        self, channel: str, who: str, needle: str, fits: Callable[[Json], bool]
    ) -> Json:
        message = await self._slack.message_where(
            channel, who, lambda m: fits(m) and needle in json.dumps(m, ensure_ascii=False)
        )
        place = f"#{channel}" if not channel.startswith("@") else "a DM"
        private = ", only visible to them" if message["ephemeral"] else ""
        print(f"   {who} sees in {place}{private}:")
        self._print("\n".join(message_lines(message)), mark="▌ ")
        return message

    # ------------------------------------------------------------- output and checks

    async def _step(self, words: str) -> None:
        if self._pause and self._steps:
            await _wait_for_enter()
        self._steps += 1
        print(f"\n{self._steps}. {words}")

    def _print(self, text: str, mark: str = "") -> None:
        for line in text.rstrip().splitlines():
            print(f"      {mark}{line}")

    def _button(self, message: Json, action: str) -> Json:
        buttons: dict[str, Json] = {
            element.get("action_id", ""): element
            for block in message["blocks"]
            for element in block.get("elements", ())
        }
        self._expect(action in buttons, f"the message has no button {action}")
        return buttons[action]

    def _expect_soon(self, done: str, shown: str, needle: str) -> None:
        """Check the time between Teleport's response to `done` and Slack's call of `shown`."""
        call = self._teleport.journal.of(done)[-1]
        calls = self._slack.journal.calls
        answer = [each for each in calls if each.method == shown and needle in str(each.args)][-1]
        late = answer.ms / 1000 - (call.ended or monotonic())
        print(f"   {late * 1000:.0f} ms after Teleport's response")
        self._expect(late < _WITHIN, f"that took {late:.1f} s")

    def _expect(self, condition: object, problem: str) -> None:
        if not condition:
            raise StepFailed(problem)


if __name__ == "__main__":
    app()
