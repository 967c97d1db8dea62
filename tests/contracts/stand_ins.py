"""Stand-ins in the state that an older version of the bot left.

This module alone of the suite imports the stand-ins' own modules: no public interface sets an
access request's ID and times, or a message's ts.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict

from sandbox.bot_process import write_settings
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from sandbox.slack.workspace.messages import Content, Message
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import AccessRequestV3
from tests.contracts.older_version import OlderVersion
from tests.contracts.teleport import Teleport


@dataclass(frozen=True, slots=True)
class StandIns:
    slack: SlackStandIn
    teleport: Teleport
    settings: Path

    def calls(self, method: str) -> list[dict[str, Any]]:
        """Return the arguments of every call of a method so far."""
        return [call.args for call in self.slack.journal.calls if call.method == method]

    def updates(self) -> set[str]:
        """Return the ts of every message that was updated."""
        return {call["ts"] for call in self.calls("chat.update")}

    async def updated(self, ts: str, *, times: int) -> None:
        """Wait until a message was updated so often."""
        await self.slack.call_where(
            lambda _: sum(call["ts"] == ts for call in self.calls("chat.update")) >= times, 15
        )


@asynccontextmanager
async def stand_ins_after(
    older: OlderVersion,
    folder: Path,
    change: Callable[[str], str] = str,
    *,
    gone: Iterable[str] = (),
) -> AsyncIterator[StandIns]:
    """Start stand-ins with the requests, records and messages of an older version.

    `change` changes the text of each entry. The requests in the states `gone` have been deleted
    since. The app can read channel history.
    """
    auth = await TeleportStandIn.start(folder)
    slack = await SlackStandIn.start(pace=Pace(unlimited=True))
    try:
        slack.workspace.app.scopes |= {"channels:history", "im:history"}
        for message in older.content["messages"]:
            _put(slack, message)
        for request in older.content["requests"].values():
            auth.cluster.requests.put(ParseDict(request, AccessRequestV3()))
        identity = auth.identity("bot")
        async with Teleport(auth.address, identity) as teleport:
            for request_id, plugins in older.content["plugin_data"].items():
                for plugin, stored in plugins.items():
                    data = stored | {"entry": change(stored["entry"])}
                    await teleport.update_plugin_data(request_id, plugin, data)
            for state in gone:
                auth.cluster.requests.delete(older.request_id(state))
            settings = write_settings(
                folder, teleport=auth.address, identity=identity, slack_api=slack.api_url
            )
            # Earlier versions had no such setting, and it adds a button to approved cards.
            settings.write_text(settings.read_text().replace("locks = true", "locks = false"))
            yield StandIns(slack, teleport, settings)
    finally:
        await slack.stop()
        await auth.stop()


def _put(slack: SlackStandIn, message: dict[str, Any]) -> None:
    content = Content(message["text"], message["blocks"], message["metadata"])
    slack.workspace.conversations[message["channel"]].add(
        Message(
            ts=message["ts"],
            channel=message["channel"],
            user=slack.workspace.app.bot_user,
            versions=[content],
            thread_ts=message["thread_ts"],
        )
    )
