"""The Slack account that gets the messages of a Teleport user.

Getting a message needs no proof of identity, but acting does (`user_directory`). So an unconfirmed
email address is enough here, and one Slack account can get the messages of several users.
"""

from contextlib import suppress

from async_lru import alru_cache
from slack_sdk.web.async_client import AsyncWebClient

from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound
from teleport_client.model.user import User
from workspace.directory.slack_account import SlackAccount, account_by_email, account_by_id
from workspace.directory.user_directory import UserMapping

_REMEMBERED_SECONDS = 600
_MOST_REMEMBERED = 10_000
_MOST_LINKS = 10
"""Slack IDs in one user's trait: one for each workspace of a company."""
_CALL_SECONDS = 4.0


class NoContact(Exception):
    """A name without a Slack account in this workspace. The text is for the log."""

    def __init__(self, text: str, *, user_gone: bool = False, use_address: bool = True) -> None:
        super().__init__(text)
        self.user_gone = user_gone
        """Teleport has no such user, or has it no longer: single sign-on users expire."""
        self.use_address = use_address
        """Whether a name that is an email address can match the Slack account with that address."""


class Contacts:
    """Finds Slack IDs, and remembers them for ten minutes."""

    def __init__(
        self,
        slack: AsyncWebClient,
        teleport: TeleportClient,
        matching: UserMapping,
        *,
        by_email: bool = True,
    ) -> None:
        self._slack = slack
        self._teleport = teleport
        self._matching = matching
        self._by_email = by_email
        """Whether the token can look up email addresses."""
        remember = alru_cache(maxsize=_MOST_REMEMBERED, ttl=_REMEMBERED_SECONDS)
        self._of_user = remember(self._find_user)
        self._of_address = remember(self._find_address)

    async def user(self, name: str) -> str:
        """Return the Slack ID of a Teleport user: linked by trait, or by address in email mode.

        Raises NoContact, TeleportError, SlackApiError.
        """
        try:
            return await self._of_user(name)
        except NoContact as error:
            if not (error.user_gone and self._matching.match_email and "@" in name):
                raise
        return await self._of_address(name)

    async def reviewer(self, name: str) -> str:
        """Return the Slack ID of a suggested reviewer: a Teleport user, or else any email address.

        An explicit link overrides the address. Raises as `user` does.
        """
        try:
            return await self.user(name)
        except NoContact as error:
            if not (error.use_address and "@" in name):
                raise
        return await self._of_address(name)

    async def _find_user(self, name: str) -> str:
        """Raise NoContact rather than return None: a raised answer isn't remembered."""
        user = await self._read_user(name)
        linked = [
            slack_user_id
            for slack_user_id in user.traits.get(self._matching.trait, ())
            if slack_user_id
        ]
        if linked:
            return await self._first_here(linked)
        if self._matching.match_email and "@" in name:
            return await self._of_address(name)
        raise NoContact(f"no Slack ID in the trait {self._matching.trait}")

    async def _read_user(self, name: str) -> User:
        """Return the user of that name, or of an email address in another case.

        Raises NoContact, TeleportError.
        """
        with suppress(NotFound):
            return await self._teleport.users.get(name, deadline=_CALL_SECONDS)
        found: tuple[User, ...] = ()
        if "@" in name:
            found = await self._teleport.users.find_by_name(name, deadline=_CALL_SECONDS)
        if not found:
            raise NoContact("no Teleport user of that name", user_gone=True)
        if len(found) > 1:
            raise NoContact("several Teleport users differ from it in case", use_address=False)
        return found[0]

    async def _first_here(self, linked: list[str]) -> str:
        """Choose the account of this workspace: companies link one for each of their own."""
        for slack_user_id in linked[:_MOST_LINKS]:
            account = await account_by_id(self._slack, slack_user_id)
            if account is not None and not account.barred_from(self._matching.team):
                return account.id
        ids = ", ".join(linked[:_MOST_LINKS])
        raise NoContact(
            f"no active member of this workspace has the Slack ID {ids}", use_address=False
        )

    async def _find_address(self, email: str) -> str:
        if not self._by_email:
            raise NoContact("the bot token lacks users:read.email")
        account: SlackAccount | None = await account_by_email(self._slack, email)
        if account is None:
            raise NoContact("no Slack user has this email address")
        if barred := account.barred_from(self._matching.team):
            raise NoContact(f"the Slack account with this email address is a {barred} account")
        return account.id
