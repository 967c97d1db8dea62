"""Actions and views of Slack users, as the steps of a test."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import AccessRequestV3
from tests.patience import PATIENCE_SECONDS

CHANNEL = "access-requests"
DECISIONS = frozenset({"approve", "approve_with", "deny"})
"""Action IDs of the buttons that decide a request."""


def words(thing: Any) -> str:
    """Return all texts in a message or a view."""
    return json.dumps(thing, ensure_ascii=False)


def buttons(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a message's buttons by action ID."""
    return {
        element["action_id"]: element
        for block in message.get("blocks", [])
        if block["type"] == "actions"
        for element in block["elements"]
    }


def decisions(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the buttons of a message that decide the request."""
    return {name: each for name, each in buttons(message).items() if name in DECISIONS}


def selected(*values: str) -> dict[str, Any]:
    """Return the input of a menu in a form."""
    texts = ({"type": "plain_text", "text": value} for value in values)
    options = [{"text": text, "value": value} for text, value in zip(texts, values, strict=True)]
    return {"type": "multi_external_select", "selected_options": options}


class SlackDriver:
    """Actions and views of Slack users, independent of the Teleport behind the bot.

    Messages are awaited for `patience` seconds. Messages older than `since`, in Unix time, are
    ignored.
    """

    def __init__(
        self, slack: SlackStandIn, *, patience: float = PATIENCE_SECONDS, since: float = 0.0
    ) -> None:
        self.slack = slack
        self._patience = patience
        self._since = since

    async def type(self, who: str, text: str, channel: str = CHANNEL) -> dict[str, Any]:
        """Send a command, and check that its ack has no content."""
        done = await self.slack.act({"as": who, "do": "command", "channel": channel, "text": text})
        assert (done["acked"], done["error"]) == (True, None), done
        return done

    async def click(
        self, who: str, message: dict[str, Any], action: str, channel: str = CHANNEL
    ) -> None:
        button = buttons(message)[action]
        done = await self.slack.act(
            {
                "as": who,
                "do": "click",
                "channel": channel,
                "ts": message["ts"],
                "action_id": action,
                "value": button["value"],
            }
        )
        assert (done["acked"], done["error"]) == (True, None), done

    async def click_in_view(self, who: str, view: dict[str, Any], action: str) -> None:
        done = await self.slack.act(
            {
                "as": who,
                "do": "click",
                "view_id": view["id"],
                "action_id": action,
                "value": buttons(view)[action]["value"],
            }
        )
        assert (done["acked"], done["error"]) == (True, None), done

    async def submit(
        self, who: str, view: dict[str, Any], **values: dict[str, Any]
    ) -> dict[str, Any]:
        """Submit a form; each key is both block ID and action ID."""
        state = {name: {name: value} for name, value in values.items()}
        return await self.slack.act(
            {"as": who, "do": "submit", "view_id": view["id"], "values": state}
        )

    async def card(self, needle: str, channel: str = CHANNEL) -> dict[str, Any]:
        """Return the first public message with this text once it exists."""
        return await self._message(
            channel, "dana", lambda m: not m["ephemeral"] and needle in words(m)
        )

    async def card_where(
        self, ts: str, fits: Callable[[dict[str, Any]], object], channel: str = CHANNEL
    ) -> dict[str, Any]:
        """Return the card once the condition holds."""
        return await self._message(channel, "dana", lambda m: m["ts"] == ts and fits(m))

    async def response(self, who: str, needle: str, channel: str = CHANNEL) -> dict[str, Any]:
        """Return the first private response to this person once it exists."""
        return await self._message(channel, who, lambda m: m["ephemeral"] and needle in words(m))

    async def dm(self, who: str, needle: str) -> dict[str, Any]:
        """Return a DM from the bot."""
        return await self._message(f"@{who}", who, lambda m: needle in words(m))

    async def form(self, who: str, callback: str) -> dict[str, Any]:
        return await self.slack.view_where(
            who, lambda v: v.get("callback_id") == callback, self._patience
        )

    async def view(self, who: str, fits: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Return the modal on top of a person's screen once the condition holds."""
        return await self.slack.view_where(who, fits, self._patience)

    def messages(self, channel: str = CHANNEL, viewer: str = "dana") -> list[dict[str, Any]]:
        """Return all messages that are visible to every member."""
        seen = self.slack.control_api.messages(channel, viewer)
        return [m for m in seen if not m["ephemeral"] and self._is_new(m)]

    def cards(self, channel: str = CHANNEL, viewer: str = "dana") -> list[dict[str, Any]]:
        """Return all messages except thread replies."""
        return [m for m in self.messages(channel, viewer) if m.get("thread_ts", m["ts"]) == m["ts"]]

    def replies(self, card: dict[str, Any], channel: str = CHANNEL) -> list[str]:
        """Return the replies in a card's thread, oldest first."""
        return [
            words(m) for m in self.messages(channel) if m.get("thread_ts") == card["ts"] != m["ts"]
        ]

    async def _message(
        self, channel: str, viewer: str, fits: Callable[[dict[str, Any]], object]
    ) -> dict[str, Any]:
        """Return the first visible message that matches once it exists."""
        return await self.slack.message_where(
            channel, viewer, lambda m: self._is_new(m) and fits(m), self._patience
        )

    def _is_new(self, message: dict[str, Any]) -> bool:
        return float(message["ts"]) > self._since


class Stage(SlackDriver):
    """Slack users, with the Teleport stand-in behind the bot."""

    def __init__(self, slack: SlackStandIn, teleport: TeleportStandIn) -> None:
        super().__init__(slack)
        self.teleport = teleport

    async def create_request(
        self, who: str, text: str, reason: str
    ) -> tuple[AccessRequestV3, dict[str, Any]]:
        """Create a request by command, and return it with its card."""
        await self.type(who, f"/teleport-request {text} because {reason}")
        card = await self.card(reason)
        return self.request(buttons(card)["approve"]["value"]), card

    def request(self, request_id: str) -> AccessRequestV3:
        return self.teleport.cluster.requests[request_id]

    @property
    def requests(self) -> list[AccessRequestV3]:
        return list(self.teleport.cluster.requests.values())
