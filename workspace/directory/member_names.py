"""The active members of the workspace: their names and addresses.

An app whose manifest has no `should_escape` gets `@bob` as it was typed (docs.slack.dev: slash
commands), and Slack has no call that looks up a name. So the bot lists the users of the workspace.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from async_lru import alru_cache
from slack_sdk.web.async_client import AsyncWebClient

from workspace.directory.slack_account import account_from, names_from

_REMEMBERED_SECONDS = 600
_PAGE = 1_000
_MOST_PAGES = 15
"""Slack allows an app about 20 pages a minute (users.list: Tier 2)."""


@dataclass(frozen=True, slots=True)
class _Members:
    ids: Mapping[str, tuple[str, ...]]
    """By name, without case."""
    names: Mapping[str, str]
    """By ID."""
    emails: Mapping[str, str]
    """Confirmed addresses by ID."""


class MemberNames:
    """Finds active members, and remembers them for ten minutes."""

    def __init__(self, slack: AsyncWebClient, team: str) -> None:
        self._slack = slack
        self._team = team
        self._read_once = alru_cache(ttl=_REMEMBERED_SECONDS)(self._read)

    async def find(self, name: str) -> tuple[str, ...]:
        """Return the Slack IDs of the members with that name. Raises SlackApiError."""
        return (await self._read_once()).ids.get(name.casefold(), ())

    async def names(self) -> Mapping[str, str]:
        """Return the name that users see by Slack ID, of all members. Raises SlackApiError."""
        return (await self._read_once()).names

    async def emails(self) -> Mapping[str, str]:
        """Return the confirmed addresses by Slack ID. Raises SlackApiError."""
        return (await self._read_once()).emails

    async def _read(self) -> _Members:
        ids: dict[str, tuple[str, ...]] = defaultdict(tuple)
        names: dict[str, str] = {}
        emails: dict[str, str] = {}
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = await self._slack.users_list(limit=_PAGE, cursor=cursor)
            for user in page["members"]:
                account = account_from(user)
                if account.barred_from(self._team):
                    continue
                names[account.id] = account.name
                if account.confirmed_email:
                    emails[account.id] = account.confirmed_email
                for name in names_from(user):
                    ids[name] += (account.id,)
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return _Members(ids, names, emails)
