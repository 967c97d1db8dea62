"""The actions and checks of a story, each of which prints what users and terminals show."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

from sandbox import world
from sandbox.cast import APPROVERS_CHANNEL
from sandbox.transcript import message_lines

Json = dict[str, Any]
_WITHIN = 1.0
"""Seconds within which Slack must show a change made in Teleport."""


class StepFailed(Exception):
    """A check of the story failed."""


class Stage:
    """Acts as the users of a running sandbox. Each method but `step` raises StepFailed."""

    def __init__(self, running: world.World, data: Path, *, pause: bool) -> None:
        self._pause = pause
        self._slack = running.slack
        self._teleport = running.teleport
        self._data = data
        self._steps = 0

    # ------------------------------------------------------------- user actions

    async def type(self, who: str, text: str) -> None:
        act = {"as": who, "do": "command", "channel": APPROVERS_CHANNEL, "text": text}
        await self.act(act, f"types {text}")

    async def click(self, who: str, message: Json, action: str) -> None:
        button = self.button(message, action)
        act = {"as": who, "do": "click", "channel": APPROVERS_CHANNEL, "ts": message["ts"]}
        await self.act(
            act | {"action_id": action, "value": button["value"]},
            f"clicks {button['text']['text']}",
        )

    async def act(self, act: Json, words: str) -> None:
        done = await self._slack.act(act)
        print(f"   {act['as']} {words}   (ack after {done['ack_ms']:.0f} ms)")
        self.expect(done["acked"] and not done["error"], f"no ack: {done['error']}")

    async def tsh(self, who: str, *arguments: str) -> str:
        return await self._run("tsh", "--as", who, "--data", str(self._data), *arguments)

    async def tctl(self, *arguments: str, quiet: bool = False) -> str:
        return await self._run("tctl", "--data", str(self._data), *arguments, quiet=quiet)

    async def requests(self) -> list[Json]:
        """Return all access requests as tctl prints them."""
        listed: list[Json] = json.loads(
            await self.tctl("requests", "ls", "--format", "json", quiet=True)
        )
        return listed

    async def _run(self, tool: str, *arguments: str, quiet: bool = False) -> str:
        shown = [word for word in arguments if word != str(self._data) and word != "--data"]
        print(f"   $ {tool} {' '.join(shown)}")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "sandbox", tool, *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        self.expect(process.returncode == 0, f"{tool} failed: {err.decode().strip()}")
        if not quiet:
            self._print(out.decode())
        return out.decode()

    # ------------------------------------------------------------- messages

    async def expect_card(self, needle: str) -> Json:
        return await self._expect_message(
            APPROVERS_CHANNEL, "bob", needle, lambda m: not m["ephemeral"]
        )

    async def expect_update(self, card: Json, needle: str) -> Json:
        return await self._expect_message(
            APPROVERS_CHANNEL, "bob", needle, lambda m: bool(m["ts"] == card["ts"])
        )

    async def expect_response(self, who: str, needle: str) -> Json:
        return await self._expect_message(
            APPROVERS_CHANNEL, who, needle, lambda m: bool(m["ephemeral"])
        )

    async def expect_dm(self, who: str, needle: str) -> Json:
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

    async def step(self, words: str) -> None:
        if self._pause and self._steps:
            await _wait_for_enter()
        self._steps += 1
        print(f"\n{self._steps}. {words}")

    def _print(self, text: str, mark: str = "") -> None:
        for line in text.rstrip().splitlines():
            print(f"      {mark}{line}")

    def button(self, message: Json, action: str) -> Json:
        buttons: dict[str, Json] = {
            element.get("action_id", ""): element
            for block in message["blocks"]
            for element in block.get("elements", ())
        }
        self.expect(action in buttons, f"the message has no button {action}")
        return buttons[action]

    def expect_soon(self, done: str, shown: str, needle: str) -> None:
        """Check the time between Teleport's response to `done` and Slack's call of `shown`."""
        call = self._teleport.journal.of(done)[-1]
        calls = self._slack.journal.calls
        answer = [each for each in calls if each.method == shown and needle in str(each.args)][-1]
        late = answer.ms / 1000 - (call.ended or monotonic())
        print(f"   {late * 1000:.0f} ms after Teleport's response")
        self.expect(late < _WITHIN, f"that took {late:.1f} s")

    def expect(self, condition: object, problem: str) -> None:
        if not condition:
            raise StepFailed(problem)


async def _wait_for_enter() -> None:
    """Wait for a line on stdin, in a thread that doesn't delay the exit after Ctrl-C."""
    loop, pressed = asyncio.get_running_loop(), asyncio.Event()

    def read() -> None:
        sys.stdin.readline()
        loop.call_soon_threadsafe(pressed.set)

    print("\n   Press Enter to continue", end="", flush=True)
    threading.Thread(target=read, daemon=True).start()
    await pressed.wait()
