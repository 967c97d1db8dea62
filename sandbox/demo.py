"""The story of "Using Slack with Approval Workflow", played with real processes and sockets.

Each step prints the messages in Slack and the output of tsh and tctl, and checks them. The exit
code is 1 after the first failed check.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from sandbox import world
from sandbox.bot_log import LOG
from sandbox.cast import BOT_USER
from sandbox.demo_stage import Stage, StepFailed
from sandbox.options import ServerVersion
from sandbox.ports import Ports
from sandbox.teleport.editions import DEFAULT_SERVER_VERSION, Edition

app = typer.Typer(
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


@app.command()
def main(
    edition: Annotated[Edition, typer.Option(help="Teleport edition.")] = Edition.ENTERPRISE,
    server_version: ServerVersion = DEFAULT_SERVER_VERSION,
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
        Ports(),
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


class _Story:
    def __init__(self, running: world.World, data: Path, *, pause: bool) -> None:
        self._stage = Stage(running, data, pause=pause)
        self._slack = running.slack
        self._data = data
        self._features = running.teleport.cluster.features

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
        self._stage.expect(found["mode"] == expected, f"the mode should be {expected}")

    async def _request_staging(self) -> None:
        await self._stage.step("alice, a developer, sees the nodes of her role dev")
        nodes = await self._stage.tsh("alice", "ls")
        self._stage.expect("staging" not in nodes, "alice already has access to staging")

        await self._stage.step("alice requests staging in Slack")
        await self._stage.type("alice", "/teleport-request staging because redis is stuck")
        await self._stage.expect_response("alice", "You requested staging")
        card = await self._stage.expect_card("redis is stuck")

        await self._stage.step("bob, an approver, clicks Approve")
        await self._stage.click("bob", card, "approve")
        await self._stage.expect_update(card, "Approved by bob")
        await self._stage.expect_dm("alice", "tsh login --request-id=")

        await self._stage.step("Teleport has recorded bob's approval")
        (request,) = json.loads(
            await self._stage.tctl("requests", "ls", "--format", "json", quiet=True)
        )
        if self._features.on_behalf_reviews:
            (review,) = request["spec"]["reviews"]
            print(f"   author {review['author']}, submitted by {review['submitted_by']}")
            self._stage.expect(review["author"] == "bob", f"the author is {review['author']}")
            self._stage.expect(review["submitted_by"] == BOT_USER, "the submitter isn't the bot")
        else:
            reason = request["spec"]["resolve_reason"]
            print(f"   reason: {reason}")
            self._stage.expect(
                reason == "approved by bob from Slack", "the reason doesn't name bob"
            )

        await self._stage.step("alice runs the command in the DM")
        await self._stage.tsh("alice", "login", f"--request-id={request['metadata']['name']}")
        nodes = await self._stage.tsh("alice", "ls")
        self._stage.expect("staging" in nodes, "alice has no access to staging")

    async def _use_the_shell(self) -> None:
        await self._stage.step("bob requests access with tsh; the card appears within a second")
        created = await self._stage.tsh(
            "bob", "request", "create", "--nowait", "--roles", "staging", "--reason", "by tsh"
        )
        card = await self._stage.expect_card("by tsh")
        self._stage.expect_soon("CreateAccessRequestV2", "chat.postMessage", "by tsh")

        await self._stage.step("dana approves with tctl; the card updates within a second")
        request_id = self._stage.button(card, "approve")["value"]
        self._stage.expect(request_id in created, "the card shows another request")
        await self._stage.tctl("requests", "approve", request_id)
        await self._stage.expect_update(card, "Approved")
        self._stage.expect_soon("SetAccessRequestState", "chat.update", "by tsh")

    async def _request_prod_in_teleport(self) -> None:
        await self._stage.step(
            "prod needs two approvals; this Teleport version accepts them only in Teleport"
        )
        await self._stage.type("alice", "/teleport-request prod for 2h because shard 3 is down")
        card = await self._stage.expect_card("shard 3 is down")
        self._stage.expect("approve" not in json.dumps(card["blocks"]), "the card has buttons")
        listed = json.loads(
            await self._stage.tctl("requests", "ls", "--format", "json", quiet=True)
        )
        pending = next(r for r in listed if r["spec"]["request_reason"] == "shard 3 is down")
        await self._stage.tctl("requests", "approve", pending["metadata"]["name"])
        await self._stage.expect_update(card, "Approved")

    async def _request_prod_without_thresholds(self) -> None:
        await self._stage.step("prod needs one approval: this edition has no thresholds")
        await self._stage.type("alice", "/teleport-request prod for 2h because shard 3 is down")
        card = await self._stage.expect_card("shard 3 is down")
        await self._stage.click("bob", card, "approve")
        await self._stage.expect_update(card, "Approved by bob")

    async def _request_prod_with_reviews(self) -> None:
        await self._stage.step("prod needs two approvals")
        await self._stage.type("alice", "/teleport-request prod for 2h because shard 3 is down")
        card = await self._stage.expect_card("shard 3 is down")
        await self._stage.click("bob", card, "approve")
        one = await self._stage.expect_update(card, "1 of 2")
        await self._stage.click("carol", one, "approve")
        await self._stage.expect_update(card, "Approved by bob and carol")

    async def _deny(self) -> None:
        await self._stage.step("carol denies a request with a reason")
        await self._stage.type("alice", "/teleport-request staging because a look around")
        card = await self._stage.expect_card("a look around")
        await self._stage.click("carol", card, "deny")
        form = await self._slack.view_where("carol", lambda view: view["type"] == "modal")
        reason = {"type": "plain_text_input", "value": "not during the freeze"}
        await self._stage.act(
            {"as": "carol", "do": "submit", "view_id": form["id"],
             "values": {"reason": {"reason": reason}}},
            "submits the form: not during the freeze",
        )  # fmt: skip
        await self._stage.expect_update(card, "Denied by carol")
        await self._stage.expect_dm("alice", "not during the freeze")


if __name__ == "__main__":
    app()
