"""Finds a message of the bot in Slack's history after its response was lost.

The message is identified by the ID of its request and the key of its intent in its metadata, and by
the bot's own ID. Other apps can copy metadata, and other programs can write the key of another
request's message into an intent. Without a history scope, the bot posts the message again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from workspace.sending.send_queue import MessageRef
from workspace.sending.slack_failure import error_code, is_transient

_SCOPES = {"C": "channels:history", "G": "groups:history", "D": "im:history"}
"""By the first letter of a channel ID."""
_CLOCK_SKEW = timedelta(minutes=2)
"""The message has the time of Slack's clock, the intent that of the bot's."""
_PAGE = 200


class HistoryUnreadable(Exception):
    """The bot can't read the history of this channel."""


class History:
    """`scopes` are those of the bot's token."""

    def __init__(self, slack: AsyncWebClient, scopes: frozenset[str], *, bot_id: str) -> None:
        self._slack = slack
        self._scopes = scopes
        self._bot_id = bot_id

    async def find(
        self, channel: str, key: str, since: datetime, *, request_id: str, thread_ts: str = ""
    ) -> MessageRef | None:
        """Return the request's message with this key, in a thread if one is given.

        Raises HistoryUnreadable, and SlackApiError if a retry can help.
        """
        self._check_scopes(channel)
        try:
            wanted = {"request_id": request_id, "key": key}
            return await self._search(channel, wanted, since, thread_ts)
        except SlackApiError as error:
            if is_transient(error):
                raise
            raise HistoryUnreadable(error_code(error)) from error

    def _check_scopes(self, channel: str) -> None:
        """Raise HistoryUnreadable without a scope. The IDs of private channels can start with C."""
        scopes = {_SCOPES.get(channel[:1], "")}
        if channel.startswith("C"):
            scopes.add("groups:history")
        if not scopes & self._scopes:
            raise HistoryUnreadable("no history scope")

    async def _search(
        self, channel: str, wanted: Mapping[str, str], since: datetime, thread_ts: str
    ) -> MessageRef | None:
        cursor = ""
        while True:
            page = await self._page(channel, since, thread_ts, cursor)
            for message in page["messages"]:
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                found = {name: payload.get(name) for name in wanted}
                if message.get("bot_id") == self._bot_id and found == wanted:
                    return MessageRef(channel, message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None

    async def _page(
        self, channel: str, since: datetime, thread_ts: str, cursor: str
    ) -> AsyncSlackResponse:
        arguments: dict[str, Any] = {
            "channel": channel,
            "oldest": str((since - _CLOCK_SKEW).timestamp()),
            "include_all_metadata": True,
            "limit": _PAGE,
            "cursor": cursor,
        }
        if thread_ts:
            return await self._slack.conversations_replies(ts=thread_ts, **arguments)
        return await self._slack.conversations_history(**arguments)
