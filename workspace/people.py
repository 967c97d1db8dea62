"""Who is who: a Slack account and the Teleport user that it stands for.

The mapping is explicit: the Slack user id is the value of a trait of exactly one Teleport user.
E-mail address = user name is the weaker way, and off unless it is switched on. It never overrides
an explicit link, neither of the Slack account nor of the Teleport user.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from shlex import quote
from typing import Any

from async_lru import alru_cache
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound
from teleport_client.user import User
from workspace.refusal import Refusal
from workspace.slack_failure import error_code
from workspace.untrusted import label

DEFAULT_TRAIT = "slack_uid"
ACTING_SECONDS = 60
"""How long a user who acts is remembered; creating and reviewing read them again."""
REMEMBERED_SECONDS = 600
"""How long accounts and users that get messages are remembered."""
_MOST_REMEMBERED = 10_000
_CALL_SECONDS = 4.0
_NOT_VISIBLE = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
"""Slack's errors about a person whom the bot's workspace can't see (docs.slack.dev: users.info,
users.lookupByEmail)."""
_STRANGERS = "Members of other workspaces"


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack account that may act, and the Teleport user in whose name it does."""

    slack_id: str
    user: User

    @property
    def name(self) -> str:
        return self.user.name


@dataclass(frozen=True, slots=True)
class SlackAccount:
    id: str
    team: str
    teams: tuple[str, ...] = ()
    """All workspaces of a person in an Enterprise organisation."""
    bot: bool = False
    deactivated: bool = False
    guest: bool = False
    stranger: bool = False
    confirmed_email: str = ""
    """As written in Slack."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Matching:
    """How Slack accounts are matched with Teleport users."""

    team: str
    """The workspace that the bot is installed in."""
    trait: str
    email_is_user_name: bool = False


class _NoAccount(Exception):
    """A Teleport user without a Slack account that could be told of."""


class People:
    """Looks people up, and remembers what it found for a while."""

    def __init__(
        self,
        slack: AsyncWebClient,
        teleport: TeleportClient,
        matching: Matching,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._slack = slack
        self._teleport = teleport
        self._matching = matching
        self._now = now
        self._person = alru_cache(_MOST_REMEMBERED, ttl=ACTING_SECONDS)(self._read_person)
        remember = alru_cache(maxsize=_MOST_REMEMBERED, ttl=REMEMBERED_SECONDS)
        self._account = remember(self._read_account)
        self._user = remember(self._read_user)
        self._slack_id = remember(self._read_slack_id)

    async def person(self, slack_id: str, *, fresh: bool = False) -> Person:
        """Return the Teleport user of a Slack account that acts, at most a minute old.

        `fresh` reads account and user again. Raises Refusal when this account can't act,
        TeleportError and SlackApiError.
        """
        if fresh:
            self._person.cache_invalidate(slack_id)
        return await self._person(slack_id)

    async def account_name(self, slack_id: str) -> str:
        """Return the name that people see in Slack, or the id of one that the bot can't see.

        Raises SlackApiError.
        """
        with suppress(Refusal):
            return (await self._account(slack_id)).name or slack_id
        return slack_id

    async def slack_id(self, user_name: str) -> str | None:
        """Find the Slack account of a Teleport user, None when there is not exactly one.

        An account that may not act, or that stands for somebody else as well, is none. Raises
        TeleportError and SlackApiError.
        """
        try:
            slack_id = await self._slack_id(user_name)
            account = await self._account(slack_id)
            _check_account(account, self._matching.team)
            user = await self._user(account)
        except (_NoAccount, Refusal):
            return None
        return slack_id if user.name == user_name else None

    async def slack_id_to_tell(self, name: str) -> str | None:
        """Find whom a reviewer's name means: a Teleport user, else a confirmed e-mail address.

        Whoever is found so by address is told something and may not do anything by that. Raises
        as `slack_id` does.
        """
        found = await self.slack_id(name)
        if found is not None or "@" not in name:
            return found
        try:
            slack_id = await self._slack_id_by_email(name)
            _check_account(await self._account(slack_id), self._matching.team)
        except (_NoAccount, Refusal):
            return None
        return slack_id

    async def _read_person(self, slack_id: str) -> Person:
        account, linked = await asyncio.gather(
            self._read_account(slack_id), self._read_linked_users(slack_id)
        )
        _check_account(account, self._matching.team)
        user = await self._choose_user(account, linked)
        _check_user(user, self._now())
        return Person(slack_id, user)

    async def _read_account(self, slack_id: str) -> SlackAccount:
        try:
            answer = await self._slack.users_info(user=slack_id)
        except SlackApiError as error:
            if error_code(error) in _NOT_VISIBLE:
                raise _refused("stranger", _STRANGERS) from error
            raise
        return _account_from(answer["user"])

    async def _read_user(self, account: SlackAccount) -> User:
        return await self._choose_user(account, await self._read_linked_users(account.id))

    async def _read_linked_users(self, slack_id: str) -> tuple[User, ...]:
        return await self._teleport.users_with_trait(
            self._matching.trait, slack_id, deadline=_CALL_SECONDS
        )

    async def _choose_user(self, account: SlackAccount, linked: Sequence[User]) -> User:
        """Return the user with the explicit link, or else the user named like the email address."""
        if len(linked) > 1:
            raise _ambiguous(account.id, len(linked), self._matching.trait)
        if linked:
            return linked[0]
        user = await self._read_user_by_email(account)
        if user is None:
            raise _unmapped(account.id, self._matching.trait)
        if any(user.traits.get(self._matching.trait, ())):
            raise _linked_elsewhere(user, self._matching.trait)
        return user

    async def _read_user_by_email(self, account: SlackAccount) -> User | None:
        """Find the user named as the address is written, or else in another case."""
        email = account.confirmed_email
        if not self._matching.email_is_user_name or not email:
            return None
        with suppress(NotFound):
            return await self._teleport.user(email, deadline=_CALL_SECONDS)
        found = await self._teleport.users_named(email, deadline=_CALL_SECONDS)
        if len(found) > 1:
            raise _ambiguous_email(len(found))
        return found[0] if found else None

    async def _read_slack_id(self, user_name: str) -> str:
        """Raise _NoAccount rather than give none: what is raised is not remembered."""
        try:
            user = await self._teleport.user(user_name, deadline=_CALL_SECONDS)
        except NotFound as error:
            raise _NoAccount from error
        mapped = user.traits.get(self._matching.trait, ())
        if len(mapped) == 1:
            return mapped[0]
        if mapped or not self._matching.email_is_user_name or "@" not in user_name:
            raise _NoAccount
        return await self._slack_id_by_email(user_name)

    async def _slack_id_by_email(self, email: str) -> str:
        try:
            answer = await self._slack.users_lookupByEmail(email=email)
        except SlackApiError as error:
            if error_code(error) in _NOT_VISIBLE:
                raise _NoAccount from error
            raise
        account = _account_from(answer["user"])
        if account.confirmed_email.casefold() != email.casefold():
            raise _NoAccount
        return account.id


def _account_from(user: Mapping[str, Any]) -> SlackAccount:
    """Read a user object (docs.slack.dev/reference/objects/user-object)."""
    email = user.get("profile", {}).get("email") or ""
    return SlackAccount(
        id=user["id"],
        team=user.get("team_id", ""),
        teams=tuple(user.get("enterprise_user", {}).get("teams", ())),
        bot=bool(user.get("is_bot")) or user["id"] == "USLACKBOT",
        deactivated=bool(user.get("deleted")),
        guest=bool(user.get("is_restricted")) or bool(user.get("is_ultra_restricted")),
        stranger=bool(user.get("is_stranger")),
        confirmed_email=email if user.get("is_email_confirmed") else "",
        name=user.get("real_name") or user.get("name") or "",
    )


def _check_account(account: SlackAccount, team: str) -> None:
    for refused, reason, who in (
        (account.bot, "bot", "Bots"),
        (account.deactivated, "deactivated", "Deactivated Slack accounts"),
        (
            account.stranger or team not in {account.team, *account.teams},
            "stranger",
            _STRANGERS,
        ),
        (account.guest, "guest", "Guests"),
    ):
        if refused:
            raise _refused(reason, who)


def _refused(reason: str, who: str) -> Refusal:
    return Refusal(
        f"{who} can't use Teleport from Slack. Use tsh or the Teleport web UI.",
        reason=f"account_{reason}",
    )


def _check_user(user: User, now: datetime) -> None:
    if user.bot:
        raise Refusal(
            f"Your Slack account is linked to the bot user {label(user.name)}. Ask a Teleport"
            " administrator to link it to your own user.",
            reason="user_bot",
        )
    if user.suspended(now):
        raise Refusal(
            f"Your Teleport user {label(user.name)} is locked. Nothing changed. Wait for the lock"
            " to expire, or ask a Teleport administrator to remove it.",
            reason="user_locked",
        )


def _unmapped(slack_id: str, trait: str) -> Refusal:
    user = "<your-teleport-user>"
    option = "" if trait == DEFAULT_TRAIT else f" --trait {quote(trait)}"
    return Refusal(
        f"Your Slack account ({slack_id}) isn't linked to a Teleport user yet. Ask a Teleport"
        " administrator to run this with your user name, or to add the ID to the trait"
        f" {trait} with tctl edit user/{user}. Then try again. If you use single sign-on, ask for"
        " the trait in your identity provider instead, then log in to Teleport.",
        reason="unmapped",
        command=(
            f"tctl get users/{user} | teleport-chatops link {user} {slack_id}{option}"
            " | tctl create -f"
        ),
    )


def _ambiguous(slack_id: str, count: int, trait: str) -> Refusal:
    return Refusal(
        f"Your Slack account ({slack_id}) is linked to {count} Teleport users. Ask a Teleport"
        f" administrator to keep it in the trait {trait} of only one.",
        reason="ambiguous",
    )


def _ambiguous_email(count: int) -> Refusal:
    return Refusal(
        f"Your email address matches {count} Teleport users whose names differ only in case. Ask a"
        " Teleport administrator to link your Slack account to one of them.",
        reason="ambiguous",
    )


def _linked_elsewhere(user: User, trait: str) -> Refusal:
    return Refusal(
        f"Your email address matches the Teleport user {label(user.name)}, which is linked to"
        f" another Slack account by the trait {trait}. Ask a Teleport administrator to correct the"
        " link.",
        reason="linked_elsewhere",
    )
