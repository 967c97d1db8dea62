"""Look for a message of our own whose answer never came, where Slack lets us read back."""

from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from workspace.sending.send_queue import MessageRef
from workspace.sending.slack_failure import error_code, is_transient

_SCOPES = {"C": "channels:history", "G": "groups:history", "D": "im:history"}
_EARLIER = timedelta(minutes=2)
"""Slack's clock stamps the message, ours the intent."""
_PAGE = 200


class HistoryUnreadable(Exception):
    """Slack does not let us read this channel back."""


class History:
    """`scopes` are those that the bot's token has."""

    def __init__(self, slack: AsyncWebClient, scopes: frozenset[str], *, bot_id: str) -> None:
        self._slack = slack
        self._scopes = scopes
        self._bot_id = bot_id

    def _check_scopes(self, channel: str) -> None:
        """Raise HistoryUnreadable where asking is no use. Private channels may have a C as well."""
        wanted = {_SCOPES.get(channel[:1], "")}
        if channel.startswith("C"):
            wanted.add("groups:history")
        if not wanted & self._scopes:
            raise HistoryUnreadable("no history scope")

    async def find(
        self, channel: str, key: str, since: datetime, *, thread_ts: str = ""
    ) -> MessageRef | None:
        """Find the message that carries `key`, in a thread where that is given.

        Raises HistoryUnreadable, SlackApiError.
        """
        self._check_scopes(channel)
        try:
            return await self._search(channel, key, since, thread_ts)
        except SlackApiError as error:
            if is_transient(error):
                raise
            raise HistoryUnreadable(error_code(error)) from error

    async def _search(
        self, channel: str, key: str, since: datetime, thread_ts: str
    ) -> MessageRef | None:
        cursor = ""
        while True:
            asked: dict[str, Any] = {
                "channel": channel,
                "oldest": str((since - _EARLIER).timestamp()),
                "include_all_metadata": True,
                "limit": _PAGE,
                "cursor": cursor,
            }
            if thread_ts:
                answer = await self._slack.conversations_replies(ts=thread_ts, **asked)
            else:
                answer = await self._slack.conversations_history(**asked)
            for message in answer["messages"]:
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if message.get("bot_id") == self._bot_id and payload.get("key") == key:
                    return MessageRef(channel, message["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None
