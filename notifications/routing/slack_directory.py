"""Finds channels and members by name. Slack has no call for this, so the bot reads whole lists.

A list is read in pages and cached. A page that Slack rejects, for example because of a rate limit,
keeps the pages before it: the next lookup continues there. A name that is missing makes an older
list count as outdated, because the bot may have been invited since.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Generic, TypeAlias, TypeVar

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from workspace.directory.slack_account import account_from
from workspace.sending.slack_failure import error_code

_FRESH_SECONDS = 600
_MISS_FRESH_SECONDS = 5
"""Maximum age of a list without the name that is looked up."""
_CHANNELS_A_PAGE, _MEMBERS_A_PAGE = 999, 1000
"""Slack's maximums (docs.slack.dev: users.conversations, users.list)."""
_CHANNEL, _USER, _DISPLAY = "channel", "user", "display"
_SCOPES = {"public_channel": "channels:read", "private_channel": "groups:read"}

Item = TypeVar("Item")
Key: TypeAlias = tuple[str, str]
"""Kind of name, and the name."""


@dataclass(frozen=True, slots=True)
class Channel:
    id: str
    shared: bool
    """Whether another organization shares it."""


class PagedList(Generic[Item]):
    """One of Slack's lists, by name.

    A page that Slack refuses, such as for its rate limit, loses none of those before it.
    """

    def __init__(
        self,
        read_page: Callable[[str], Awaitable[AsyncSlackResponse]],
        items: Callable[[AsyncSlackResponse], Iterator[tuple[Key, Item]]],
    ) -> None:
        self._read_page = read_page
        self._items = items
        self._found: dict[Key, list[Item]] = {}
        self._cursor = ""
        self._complete = False
        self._started_at = monotonic()
        self._reading = asyncio.Lock()

    async def find(self, key: Key) -> list[Item]:
        """Return all with that name. Raises SlackApiError, after which the next call goes on."""
        async with self._reading:
            known = self._complete and key in self._found
            fresh = _FRESH_SECONDS if known else _MISS_FRESH_SECONDS
            if self._complete and monotonic() - self._started_at > fresh:
                self._restart()
            while not self._complete:
                await self._read_on()
            return self._found.get(key, [])

    async def _read_on(self) -> None:
        try:
            page = await self._read_page(self._cursor)
        except SlackApiError as error:
            if self._cursor and error_code(error) == "invalid_cursor":
                self._restart()
                return
            raise
        for key, item in self._items(page):
            self._found.setdefault(key, []).append(item)
        self._cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        self._complete = not self._cursor

    def _restart(self) -> None:
        self._found, self._cursor, self._complete = {}, "", False
        self._started_at = monotonic()


class SlackDirectory:
    """The channels that the bot is in, and the members of the workspace.

    `scopes` are those of the bot's token. Without a scope for a kind of channel, channels of that
    kind are not known here. `team` is the ID of the workspace.
    """

    def __init__(self, slack: AsyncWebClient, scopes: frozenset[str], team: str) -> None:
        self._slack = slack
        self._types = ",".join(kind for kind, scope in _SCOPES.items() if scope in scopes)
        self.missing_scopes = tuple(scope for scope in _SCOPES.values() if scope not in scopes)
        """Scopes without which a channel may exist that is not known here."""
        self._channels = PagedList(self._channel_page, _channels_on)
        self._members = PagedList(self._members_page, partial(_members_on, team))

    async def channel(self, name: str) -> Channel | None:
        """Return the channel of that name if the bot is in it. Raises SlackApiError.

        Its own channels are few, and those of a company may be tens of thousands.
        """
        if not self._types:
            return None
        found = await self._channels.find((_CHANNEL, name))
        return found[0] if found else None

    async def user_ids(self, name: str) -> list[str]:
        """Return the IDs of active members with that user name, or else with that display name.

        Slack shows display names after `@`, and only user names are unique. Raises SlackApiError.
        """
        return await self._members.find((_USER, name)) or await self._members.find((_DISPLAY, name))

    async def _channel_page(self, cursor: str) -> AsyncSlackResponse:
        return await self._slack.users_conversations(
            types=self._types, exclude_archived=True, limit=_CHANNELS_A_PAGE, cursor=cursor
        )

    async def _members_page(self, cursor: str) -> AsyncSlackResponse:
        return await self._slack.users_list(limit=_MEMBERS_A_PAGE, cursor=cursor)


def channel_from(channel: Mapping[str, Any]) -> Channel:
    """Read a conversation object (docs.slack.dev/reference/objects/conversation-object)."""
    shared = bool(channel.get("is_ext_shared")) or bool(channel.get("is_pending_ext_shared"))
    return Channel(channel["id"], shared)


def _channels_on(page: AsyncSlackResponse) -> Iterator[tuple[Key, Channel]]:
    for channel in page["channels"]:
        yield (_CHANNEL, channel.get("name", "")), channel_from(channel)


def _members_on(team: str, page: AsyncSlackResponse) -> Iterator[tuple[Key, str]]:
    """Yield each member of the workspace by user name and by display name.

    Slack also lists members of other organizations that share a channel with the bot, and doesn't
    mark them as strangers (docs.slack.dev: user object).
    """
    for user in page["members"]:
        if account_from(user).barred_from(team) in {"bot", "deactivated", "stranger"}:
            continue
        yield (_USER, user.get("name", "")), user["id"]
        if shown := (user.get("profile") or {}).get("display_name"):
            yield (_DISPLAY, shown), user["id"]
