"""Which channels get the card of a request: `[role_to_recipients]`, by role and then by `"*"`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import structlog
from async_lru import alru_cache
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from notifications.routing.address import is_email, is_user_name
from notifications.routing.routes import Routes, gather_routes, merge_routes
from notifications.routing.slack_directory import SlackDirectory, channel_from
from notifications.routing.unreachable import (
    NO_SUCH_CHANNEL,
    NO_SUCH_USER,
    NOT_JOINED,
    SHARED,
    UnreachableRecipients,
)
from teleport_client.model.access_request import AccessRequest
from workspace.sending.slack_failure import SLACK_ERRORS, describe, error_code, is_transient
from workspace.slack_ids import is_conversation_id, is_user_id

ANY_ROLE = "*"
ALL_SCOPES = frozenset({"im:write", "channels:read", "groups:read"})
"""Scopes that let the bot find recipients before it posts to them. None of them is needed."""
_REMEMBERED_SECONDS = 600
_RECHECK_SECONDS = 300.0
"""After which a recipient that could not be found is looked for again."""

_NOT_IN_THERE = frozenset({"not_in_channel", "channel_not_found"})
"""What Slack says of a channel that the bot isn't in, which may be known before."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RecipientLookup:
    """What a name in the settings came to."""

    address: str = ""
    """For chat.postMessage: a conversation's ID, or `#` and a name, or a user's ID."""
    problem: str = ""
    """Why nothing can be posted there."""
    bot_is_member: bool = True
    unchecked: tuple[str, ...] = ()
    """Scopes without which Slack doesn't say whether the bot can post there."""


class _NotFound(Exception):
    """A recipient that cannot be written to, and why."""


class Recipients:
    """Turns what the settings name into addresses that Slack takes.

    What cannot be found, or is shared with another company where that is not allowed, is left out
    and said once (`unreachable`), so that it never holds up the others.

    A channel that the bot isn't known to be in is addressed by its name: Slack then says itself
    what is wrong, and chat:write is the only scope that this needs. `scopes` are those of the bot's
    token; an address depends on nothing else, so that all replicas use the same.
    """

    def __init__(
        self,
        slack: AsyncWebClient,
        by_role: Mapping[str, Sequence[str]],
        *,
        team: str,
        scopes: frozenset[str] = ALL_SCOPES,
        allow_shared: bool = False,
        fallback: str = "",
    ) -> None:
        self._slack = slack
        self._by_role = by_role
        self._can_open = "im:write" in scopes
        self._directory = SlackDirectory(slack, scopes, team)
        self.posts_uninvited = "chat:write.public" in scopes
        """Whether the bot can post to public channels that it isn't in."""
        self._allow_shared = allow_shared
        self._fallback = fallback
        self._not_found: dict[str, float] = {}
        self._names: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        """Of channels whose cards may have been addressed by name before."""
        self.unreachable = UnreachableRecipients()
        remember = alru_cache(maxsize=1000, ttl=_REMEMBERED_SECONDS)
        self._resolve = remember(self._resolve_anew)
        self._dm = remember(self._open_dm)

    async def routes(self, request: AccessRequest) -> Routes:
        """In the order of the settings; where none can be reached, with the fallback channel."""
        names = named_for(request.roles, self._by_role)
        routes = await self._found(names)
        reachable = any(self._names[each] not in self.unreachable for each in routes.channels)
        if names and not reachable and not routes.error:
            routes = merge_routes((routes, await self.fallback()))
        return replace(routes, ids=self._ids)

    async def fallback(self) -> Routes:
        """The fallback channel, if there is one that can be found."""
        return await self._found((self._fallback,) if self._fallback else ())

    def mark_rejected(self, channel: str, problem: str) -> bool:
        """Note that Slack took no card there. Gives whether it is a recipient's channel."""
        name = self._names.get(channel)
        if name is not None and not (name in self.unreachable and problem in _NOT_IN_THERE):
            self.unreachable.mark_unreachable(name, problem)
        return name is not None

    def mark_delivered(self, channel: str) -> None:
        """Note that Slack took a message there."""
        if name := self._names.get(channel):
            self.unreachable.mark_reachable(name)

    async def _found(self, names: Iterable[str]) -> Routes:
        return await gather_routes(self._channel_of(name) for name in names)

    async def _channel_of(self, name: str) -> str:
        """Give the address of a recipient, empty where there is none for now.

        Raises one of SLACK_ERRORS that may pass.
        """
        if self._not_found.get(name, 0.0) > monotonic():
            return ""
        try:
            address = await self._resolve(name)
        except _NotFound as error:
            self._not_found[name] = monotonic() + _RECHECK_SECONDS
            self.unreachable.mark_unreachable(name, str(error))
            return ""
        if self._not_found.pop(name, None):
            self.unreachable.mark_reachable(name)
        # Two names may mean one channel, which then goes by the first.
        self._names.setdefault(address, name)
        if address == by_name(name):
            # The bot may be invited at any time.
            self._resolve.cache_invalidate(name)
            if not (self._directory.missing_scopes or self.posts_uninvited):
                self.unreachable.mark_unreachable(name, NO_SUCH_CHANNEL)
        elif is_conversation_id(address):
            self._ids[by_name(name)] = address
        return address

    async def check(self) -> None:
        """Look for all that the settings name before anything is to be posted there.

        Logs those that cannot be found, and channels that the bot has to be invited to.
        """
        names = dict.fromkeys(name for names in self._by_role.values() for name in names)
        if self._fallback:
            names[self._fallback] = None
        try:
            (await self._found(names)).require_all()
            for name in names:
                if is_conversation_id(name) and name not in self._not_found:
                    found = await self.look_up(name)
                    if not found.bot_is_member:
                        log.warning("bot_not_in_channel", recipient=name, channel=found.address)
        except SLACK_ERRORS as error:
            log.warning("recipients_check_failed", error=describe(error))

    async def look_up(self, name: str) -> RecipientLookup:
        """Ask Slack for one recipient. Raises one of SLACK_ERRORS that may pass."""
        try:
            if is_conversation_id(name):
                found = await self._find_id(name)
            elif is_user_id(name):
                found = RecipientLookup(await self._dm(name))
            elif is_user_name(name):
                found = await self._find_user(name)
            elif is_email(name):
                answer = await self._slack.users_lookupByEmail(email=name)
                found = RecipientLookup(await self._dm(answer["user"]["id"]))
            else:
                found = await self._find_channel(name)
        except SlackApiError as error:
            if is_transient(error):
                raise
            return RecipientLookup(problem=describe(error))
        return found

    async def dm(self, slack_user_id: str) -> str:
        """Return the address of the direct messages with a person. Raises SlackApiError."""
        return await self._dm(slack_user_id)

    async def _open_dm(self, slack_user_id: str) -> str:
        if not self._can_open:
            return slack_user_id
        answer = await self._slack.conversations_open(users=slack_user_id)
        return str(answer["channel"]["id"])

    async def _resolve_anew(self, name: str) -> str:
        found = await self.look_up(name)
        if found.problem:
            raise _NotFound(found.problem)
        return found.address

    async def _find_id(self, channel_id: str) -> RecipientLookup:
        """A direct message conversation is the app's own, or Slack will say so."""
        if channel_id.startswith("D"):
            return RecipientLookup(channel_id)
        try:
            answer = await self._slack.conversations_info(channel=channel_id)
        except SlackApiError as error:
            if error_code(error) == "missing_scope":
                return RecipientLookup(channel_id, unchecked=self._directory.missing_scopes)
            raise
        if self._refuses(shared=channel_from(answer["channel"]).shared):
            return RecipientLookup(problem=SHARED)
        return RecipientLookup(
            channel_id, bot_is_member=bool(answer["channel"].get("is_member", True))
        )

    async def _find_channel(self, name: str) -> RecipientLookup:
        channel = await self._directory.channel(name)
        if channel is None:
            unchecked = self._directory.missing_scopes
            if self.posts_uninvited and "channels:read" not in unchecked and not self._allow_shared:
                return RecipientLookup(problem=NOT_JOINED)
            return RecipientLookup(by_name(name), bot_is_member=False, unchecked=unchecked)
        if self._refuses(shared=channel.shared):
            return RecipientLookup(problem=SHARED)
        return RecipientLookup(channel.id)

    async def _find_user(self, name: str) -> RecipientLookup:
        ids = await self._directory.user_ids(name.removeprefix("@"))
        if not ids:
            return RecipientLookup(problem=NO_SUCH_USER)
        if len(ids) > 1:
            return RecipientLookup(
                problem=f"{len(ids)} people have this display name: use a user ID"
            )
        return RecipientLookup(await self._dm(ids[0]))

    def _refuses(self, *, shared: bool) -> bool:
        return shared and not self._allow_shared


def by_name(channel: str) -> str:
    """Return the address of a channel whose ID isn't known."""
    return f"#{channel}"


def named_for(roles: Sequence[str], by_role: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Unite what the settings say for each role; a role that they do not name goes to `"*"`."""
    return tuple(
        dict.fromkeys(
            name for role in roles for name in by_role.get(role) or by_role.get(ANY_ROLE, ())
        )
    )
