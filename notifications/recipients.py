"""Which channels get the card of a request: `[role_to_recipients]`, by role and then by `"*"`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog
from async_lru import alru_cache
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from notifications.routing import Routes, ask_each, united
from notifications.unreachable import NO_SUCH_CHANNEL, Unreachable
from teleport_client.access_request import AccessRequest
from workspace.slack_failure import SLACK_ERRORS, error_code, in_words, may_pass

ANY_ROLE = "*"
_REMEMBERED_SECONDS = 600
_LOOK_AGAIN_SECONDS = 300.0
"""After which a recipient that could not be found is looked for again."""
_PAGE = 1000

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Channel:
    id: str
    name: str
    shared: bool
    """With another company."""
    bot_is_member: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What a name in the settings came to."""

    id: str = ""
    """Of the channel to post to."""
    trouble: str = ""
    """Why nothing can be posted there."""
    bot_is_member: bool = True


class _NotFound(Exception):
    """A recipient that cannot be written to, and why."""


class Recipients:
    """Turns what the settings name - channels by name or id, people by e-mail - into channel ids.

    What cannot be found, or is shared with another company where that is not allowed, is left out
    and said once (`unreachable`), so that it never holds up the others.
    """

    def __init__(
        self,
        slack: AsyncWebClient,
        by_role: Mapping[str, Sequence[str]],
        *,
        allow_shared: bool = False,
        fallback: str = "",
    ) -> None:
        self._slack = slack
        self._by_role = by_role
        self._allow_shared = allow_shared
        self._fallback = fallback
        self._not_found: dict[str, float] = {}
        self._names: dict[str, str] = {}
        self.unreachable = Unreachable()
        remember = alru_cache(maxsize=1000, ttl=_REMEMBERED_SECONDS)
        self._resolve = remember(self._resolve_anew)
        self._channels = remember(self._list_channels)
        self._dm = remember(self._open_dm)

    async def routes(self, request: AccessRequest) -> Routes:
        """In the order of the settings; where none can be reached, with the fallback channel."""
        names = named_for(request.roles, self._by_role)
        routes = await self._found(names)
        reachable = any(self._names[each] not in self.unreachable for each in routes.channels)
        if not names or reachable or routes.trouble:
            return routes
        return united((routes, await self.fallback()))

    async def fallback(self) -> Routes:
        """The fallback channel, if there is one that can be found."""
        return await self._found((self._fallback,) if self._fallback else ())

    def refused(self, channel: str, trouble: str) -> bool:
        """Note that Slack took no card there. Gives whether it is a recipient's channel."""
        name = self._names.get(channel)
        if name is not None:
            self.unreachable.lost(name, trouble)
        return name is not None

    def took(self, channel: str) -> None:
        """Note that Slack took a message there."""
        if name := self._names.get(channel):
            self.unreachable.well(name)

    async def _found(self, names: Iterable[str]) -> Routes:
        return await ask_each(self._channel_of(name) for name in names)

    async def _channel_of(self, name: str) -> str:
        """Give the id of a recipient's channel, empty where there is none for now.

        Raises one of SLACK_ERRORS that may pass.
        """
        if self._not_found.get(name, 0.0) > monotonic():
            return ""
        try:
            channel = await self._resolve(name)
        except _NotFound as error:
            self._not_found[name] = monotonic() + _LOOK_AGAIN_SECONDS
            self.unreachable.lost(name, str(error))
            return ""
        if self._not_found.pop(name, None):
            self.unreachable.well(name)
        # Two names may mean one channel, which then goes by the first.
        self._names.setdefault(channel, name)
        return channel

    async def check(self) -> None:
        """Look for all that the settings name before anything is to be posted there.

        Logs those that cannot be found, and channels that the bot has to be invited to.
        """
        names = dict.fromkeys(name for names in self._by_role.values() for name in names)
        if self._fallback:
            names[self._fallback] = None
        try:
            (await self._found(names)).all()
            for name in names:
                if "@" not in name and name not in self._not_found:
                    found = await self.look_up(name)
                    if not found.bot_is_member:
                        log.warning("bot_not_in_channel", recipient=name, channel=found.id)
        except SLACK_ERRORS as error:
            log.warning("recipients_not_checked", error=in_words(error))

    async def look_up(self, name: str) -> Found:
        """Ask Slack for one recipient. Raises one of SLACK_ERRORS that may pass."""
        try:
            if "@" in name:
                answer = await self._slack.users_lookupByEmail(email=name)
                return Found(await self._dm(answer["user"]["id"]))
            channel = await self._find(name)
        except SlackApiError as error:
            if may_pass(error):
                raise
            return Found(trouble=error_code(error))
        if channel is None:
            return Found(trouble=NO_SUCH_CHANNEL)
        if channel.shared and not self._allow_shared:
            return Found(trouble="shared with another company; slack.allow_shared_channels is off")
        return Found(channel.id, bot_is_member=channel.bot_is_member)

    async def dm(self, slack_id: str) -> str:
        """Id of the direct message channel with a person. Raises SlackApiError."""
        return await self._dm(slack_id)

    async def _open_dm(self, slack_id: str) -> str:
        answer = await self._slack.conversations_open(users=slack_id)
        return str(answer["channel"]["id"])

    async def _resolve_anew(self, name: str) -> str:
        found = await self.look_up(name)
        if found.trouble:
            raise _NotFound(found.trouble)
        return found.id

    async def _find(self, name: str) -> Channel | None:
        if looks_like_id(name):
            answer = await self._slack.conversations_info(channel=name)
            return _channel_from(answer["channel"])
        return (await self._channels()).get(name.removeprefix("#"))

    async def _list_channels(self) -> Mapping[str, Channel]:
        """Every channel by name. Slack has no call that looks one up."""
        found: dict[str, Channel] = {}
        cursor = ""
        while True:
            answer = await self._slack.conversations_list(
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=_PAGE,
                cursor=cursor,
            )
            for each in answer["channels"]:
                found[each["name"]] = _channel_from(each)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return found


def named_for(roles: Sequence[str], by_role: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Unite what the settings say for each role; a role that they do not name goes to `"*"`."""
    return tuple(
        dict.fromkeys(
            name for role in roles for name in by_role.get(role) or by_role.get(ANY_ROLE, ())
        )
    )


def looks_like_id(name: str) -> bool:
    """Slack's channel ids; channel names are never upper case."""
    return len(name) > 8 and name[0] in "CGD" and name.isalnum() and name.upper() == name  # noqa: PLR2004


def _channel_from(channel: Mapping[str, Any]) -> Channel:
    return Channel(
        id=channel["id"],
        name=channel.get("name", ""),
        shared=bool(channel.get("is_ext_shared")) or bool(channel.get("is_pending_ext_shared")),
        bot_is_member=bool(channel.get("is_member", True)),
    )
