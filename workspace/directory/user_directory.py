"""The Teleport user of a Slack account.

The link is explicit: the Slack user ID is the value of a trait of exactly one Teleport user. A
match by email address and user name is weaker, and off unless a setting turns it on. It never
overrides an explicit link, neither of the Slack account nor of the Teleport user.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from shlex import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from async_lru import alru_cache
from slack_sdk.web.async_client import AsyncWebClient

from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound
from teleport_client.model.user import User
from workspace.directory.slack_account import SlackAccount, account_by_id
from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_name

DEFAULT_TRAIT = "slack_uid"
ACTING_SECONDS = 60
"""Seconds for which an acting user is cached. Creating and reviewing read the user again."""
REMEMBERED_SECONDS = 600
"""How long names of accounts are remembered."""
_MOST_REMEMBERED = 10_000
_CALL_SECONDS = 4.0
_WHO = {
    "bot": "Bots",
    "deactivated": "Deactivated Slack accounts",
    "stranger": "Members of other workspaces",
    "guest": "Guests",
}


@dataclass(frozen=True, slots=True)
class LinkedUser:
    """A Slack account with the Teleport user on whose behalf it acts."""

    slack_user_id: str
    user: User
    time_zone: str = ""
    """The zone that the user selected in Slack, in the tz database's words."""

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def zone(self) -> tzinfo:
        """The user's time zone, UTC if Slack's name for it is unknown here."""
        try:
            return ZoneInfo(self.time_zone)
        except (ValueError, ZoneInfoNotFoundError):
            return UTC


@dataclass(frozen=True, slots=True)
class UserMapping:
    """How Slack accounts are matched with Teleport users."""

    team: str
    """The workspace that the bot is installed in."""
    trait: str
    match_email: bool = False


class UserDirectory:
    """Looks up users, and caches the results."""

    def __init__(
        self,
        slack: AsyncWebClient,
        teleport: TeleportClient,
        matching: UserMapping,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._slack = slack
        self._teleport = teleport
        self._matching = matching
        self._now = now
        self._cached = alru_cache(_MOST_REMEMBERED, ttl=ACTING_SECONDS)(self._read_linked_user)
        remember = alru_cache(maxsize=_MOST_REMEMBERED, ttl=REMEMBERED_SECONDS)
        self._account = remember(self._read_account)

    async def linked_user(self, slack_user_id: str, *, fresh: bool = False) -> LinkedUser:
        """Return the Teleport user of a Slack account that acts, at most a minute old.

        `fresh` reads account and user again. Raises UserError when this account can't act,
        TeleportError and SlackApiError.
        """
        if fresh:
            self._cached.cache_invalidate(slack_user_id)
        return await self._cached(slack_user_id)

    async def viewing_user(self, slack_user_id: str) -> LinkedUser:
        """Read the Teleport user of a Slack account that looks at its own requests.

        The account may be ten minutes old, because Slack limits users.info to a hundred calls a
        minute (Tier 4), and many users can open App Home at once. Raises as `linked_user` does.
        """
        account, linked = await asyncio.gather(
            self._account(slack_user_id), self._read_linked_users(slack_user_id)
        )
        return await self._link(account, linked)

    async def account_name(self, slack_user_id: str) -> str:
        """Return the name that users see in Slack, or the ID of an account that the bot can't see.

        Raises SlackApiError.
        """
        with suppress(UserError):
            return (await self._account(slack_user_id)).name or slack_user_id
        return slack_user_id

    async def _read_linked_user(self, slack_user_id: str) -> LinkedUser:
        account, linked = await asyncio.gather(
            self._read_account(slack_user_id), self._read_linked_users(slack_user_id)
        )
        return await self._link(account, linked)

    async def _link(self, account: SlackAccount, linked: Sequence[User]) -> LinkedUser:
        _check_account(account, self._matching.team)
        user = await self._choose_user(account, linked)
        _check_user(user, self._now())
        return LinkedUser(account.id, user, account.time_zone)

    async def _read_account(self, slack_user_id: str) -> SlackAccount:
        account = await account_by_id(self._slack, slack_user_id)
        if account is None:
            raise _excluded_error("stranger")
        return account

    async def _read_linked_users(self, slack_user_id: str) -> tuple[User, ...]:
        return await self._teleport.users.find_by_trait(
            self._matching.trait, slack_user_id, deadline=_CALL_SECONDS
        )

    async def _choose_user(self, account: SlackAccount, linked: Sequence[User]) -> User:
        """Return the user with the explicit link, or else the user named like the email address."""
        if len(linked) > 1:
            raise _ambiguous_error(account.id, len(linked), self._matching.trait)
        if linked:
            return linked[0]
        user = await self._read_user_by_email(account)
        if user is None:
            raise _unlinked_error(account.id, self._matching.trait)
        if any(user.traits.get(self._matching.trait, ())):
            raise _other_account_error(user, self._matching.trait)
        return user

    async def _read_user_by_email(self, account: SlackAccount) -> User | None:
        """Find the user named as the address is written, or else in another case."""
        email = account.confirmed_email
        if not self._matching.match_email or not email:
            return None
        with suppress(NotFound):
            return await self._teleport.users.get(email, deadline=_CALL_SECONDS)
        found = await self._teleport.users.find_by_name(email, deadline=_CALL_SECONDS)
        if len(found) > 1:
            raise _ambiguous_email_error(len(found))
        return found[0] if found else None


def _check_account(account: SlackAccount, team: str) -> None:
    if barred := account.barred_from(team):
        raise _excluded_error(barred)


def _excluded_error(barred: str) -> UserError:
    return UserError(
        f"{_WHO[barred]} can't use Teleport from Slack. Use tsh or the Teleport web UI.",
        reason=f"account_{barred}",
    )


def _check_user(user: User, now: datetime) -> None:
    if user.bot:
        raise UserError(
            f"Your Slack account is linked to the bot user {safe_name(user.name)}. Ask a Teleport"
            " administrator to link it to your own user.",
            reason="user_bot",
        )
    if user.is_suspended(now):
        raise UserError(
            f"Your Teleport user {safe_name(user.name)} is locked. Nothing changed. Wait for the"
            " lock to expire, or ask a Teleport administrator to remove it.",
            reason="user_locked",
        )


def _unlinked_error(slack_user_id: str, trait: str) -> UserError:
    user = "<teleport-user>"
    option = "" if trait == DEFAULT_TRAIT else f" --trait {quote(trait)}"
    return UserError(
        f"Your Slack account ({slack_user_id}) isn't linked to a Teleport user yet. Ask a Teleport"
        " administrator to run this with your user name, or to add the ID to the trait"
        f" {trait} with tctl edit user/{user}. Then try again. If you use single sign-on, ask for"
        " the trait in your identity provider instead, then log in to Teleport.",
        reason="unmapped",
        suggested_command=(
            f"tctl get users/{user} | teleport-chatops link {user} {slack_user_id}{option}"
            " | tctl create -f"
        ),
    )


def _ambiguous_error(slack_user_id: str, count: int, trait: str) -> UserError:
    return UserError(
        f"Your Slack account ({slack_user_id}) is linked to {count} Teleport users. Ask a Teleport"
        f" administrator to keep it in the trait {trait} of only one.",
        reason="ambiguous",
    )


def _ambiguous_email_error(count: int) -> UserError:
    return UserError(
        f"Your email address matches {count} Teleport users whose names differ only in case. Ask a"
        " Teleport administrator to link your Slack account to one of them.",
        reason="ambiguous",
    )


def _other_account_error(user: User, trait: str) -> UserError:
    return UserError(
        f"Your email address matches the Teleport user {safe_name(user.name)}, which is linked to"
        f" another Slack account by the trait {trait}. Ask a Teleport administrator to correct the"
        " link.",
        reason="linked_elsewhere",
    )
