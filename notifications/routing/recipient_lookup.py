"""Finds the address that chat.postMessage accepts for a recipient in the settings.

The scopes for lookups are optional, so an address is the most exact one that they allow. A channel
that the bot may not be in is addressed by its name: Slack then returns the exact error, and the bot
can be invited at any time. An address depends only on the settings and on the token's scopes, so
all replicas use the same one. Otherwise they would record the same card under two slots.
"""

from dataclasses import dataclass

from async_lru import alru_cache
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from notifications.routing.recipient_names import is_email, is_user_name
from notifications.routing.recipient_problems import NO_SUCH_USER, NOT_JOINED, SHARED
from notifications.routing.slack_directory import SlackDirectory, channel_from
from workspace.sending.slack_failure import describe, error_code, is_transient
from workspace.slack_ids import is_conversation_id, is_user_id

ALL_SCOPES = frozenset({"im:write", "channels:read", "groups:read"})
"""Scopes for looking up recipients before the bot posts to them. All of them are optional."""
_CACHE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class RecipientLookup:
    address: str = ""
    """For chat.postMessage: a conversation's ID, `#` and a name, or a user's ID."""
    problem: str = ""
    """Why the recipient can't get messages."""
    bot_is_member: bool = True
    unchecked: tuple[str, ...] = ()
    """Missing scopes without which Slack doesn't show whether the bot can post to the channel."""


class RecipientFinder:
    """`scopes` are those of the bot's token."""

    def __init__(
        self,
        slack: AsyncWebClient,
        *,
        team: str,
        scopes: frozenset[str] = ALL_SCOPES,
        allow_shared: bool = False,
    ) -> None:
        self._slack = slack
        self._can_open = "im:write" in scopes
        self._directory = SlackDirectory(slack, scopes, team)
        self.posts_uninvited = "chat:write.public" in scopes
        """Whether the bot can post to public channels that it isn't in."""
        self._allow_shared = allow_shared
        self._dm = alru_cache(maxsize=1000, ttl=_CACHE_SECONDS)(self._open_dm)

    @property
    def sees_all_channels(self) -> bool:
        """Whether the lists of channels show every channel that the bot can post to."""
        return not (self._directory.missing_scopes or self.posts_uninvited)

    async def find(self, name: str) -> RecipientLookup:
        """Look up a recipient. Raises one of SLACK_ERRORS if a retry can help."""
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
        """Return the address of a user's DMs. Raises SlackApiError."""
        return await self._dm(slack_user_id)

    async def _open_dm(self, slack_user_id: str) -> str:
        if not self._can_open:
            return slack_user_id
        answer = await self._slack.conversations_open(users=slack_user_id)
        return str(answer["channel"]["id"])

    async def _find_id(self, channel_id: str) -> RecipientLookup:
        """Don't look up a DM channel: it is the bot's own, or Slack rejects the post."""
        if channel_id.startswith("D"):
            return RecipientLookup(channel_id)
        try:
            answer = await self._slack.conversations_info(channel=channel_id)
        except SlackApiError as error:
            if error_code(error) == "missing_scope":
                return RecipientLookup(channel_id, unchecked=self._directory.missing_scopes)
            raise
        if channel_from(answer["channel"]).shared and not self._allow_shared:
            return RecipientLookup(problem=SHARED)
        return RecipientLookup(
            channel_id, bot_is_member=bool(answer["channel"].get("is_member", True))
        )

    async def _find_channel(self, name: str) -> RecipientLookup:
        channel = await self._directory.channel(name)
        if channel is None:
            return self._unlisted_channel(name)
        if channel.shared and not self._allow_shared:
            return RecipientLookup(problem=SHARED)
        return RecipientLookup(channel.id)

    def _unlisted_channel(self, name: str) -> RecipientLookup:
        """Address a channel by its name, unless the bot could post to a shared one unchecked."""
        unchecked = self._directory.missing_scopes
        if self.posts_uninvited and "channels:read" not in unchecked and not self._allow_shared:
            return RecipientLookup(problem=NOT_JOINED)
        return RecipientLookup(address_by_name(name), bot_is_member=False, unchecked=unchecked)

    async def _find_user(self, name: str) -> RecipientLookup:
        ids = await self._directory.user_ids(name.removeprefix("@"))
        if not ids:
            return RecipientLookup(problem=NO_SUCH_USER)
        if len(ids) > 1:
            problem = f"{len(ids)} users have this display name: use a user ID"
            return RecipientLookup(problem=problem)
        return RecipientLookup(await self._dm(ids[0]))


def address_by_name(channel: str) -> str:
    """Return the address of a channel whose ID isn't known."""
    return f"#{channel}"
