"""Slack accounts, as the bot's workspace sees them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from workspace.sending.slack_failure import error_code

_NOT_VISIBLE = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
"""Slack's errors about users that the bot's workspace can't see.

Source: docs.slack.dev, users.info and users.lookupByEmail.
"""


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
    time_zone: str = ""
    """Name in the tz database, such as `Europe/Berlin`."""

    def barred_from(self, team: str) -> str:
        """Return why the account has no part in a workspace, empty if it has one.

        Slack names the workspace of each member of another one. Of an Enterprise organization it
        may name only the organization's own ID.
        """
        if self.bot:
            return "bot"
        if self.deactivated:
            return "deactivated"
        known = {self.team, *self.teams} - {""}
        if self.stranger or (known and team not in known):
            return "stranger"
        return "guest" if self.guest else ""


async def account_by_id(slack: AsyncWebClient, slack_user_id: str) -> SlackAccount | None:
    """Return None for an account that the workspace can't see. Raises SlackApiError."""
    try:
        answer = await slack.users_info(user=slack_user_id)
    except SlackApiError as error:
        if error_code(error) in _NOT_VISIBLE:
            return None
        raise
    return account_from(answer["user"])


async def account_by_email(slack: AsyncWebClient, email: str) -> SlackAccount | None:
    """Return the account with an email address, confirmed or not. Raises SlackApiError."""
    try:
        answer = await slack.users_lookupByEmail(email=email)
    except SlackApiError as error:
        if error_code(error) in _NOT_VISIBLE:
            return None
        raise
    return account_from(answer["user"])


def account_from(user: Mapping[str, Any]) -> SlackAccount:
    """Read a user object (docs.slack.dev/reference/objects/user-object)."""
    email = (user.get("profile") or {}).get("email") or ""
    return SlackAccount(
        id=user["id"],
        team=user.get("team_id") or "",
        teams=tuple((user.get("enterprise_user") or {}).get("teams") or ()),
        bot=bool(user.get("is_bot")) or user["id"] == "USLACKBOT",
        deactivated=bool(user.get("deleted")),
        guest=bool(user.get("is_restricted")) or bool(user.get("is_ultra_restricted")),
        stranger=bool(user.get("is_stranger")),
        confirmed_email=email if user.get("is_email_confirmed") else "",
        name=user.get("real_name") or user.get("name") or "",
        time_zone=user.get("tz") or "",
    )


def names_from(user: Mapping[str, Any]) -> frozenset[str]:
    """Return the names that a user object can be found by, without case."""
    profile = user.get("profile") or {}
    named = (
        user.get("name"),
        user.get("real_name"),
        profile.get("display_name"),
        profile.get("real_name"),
    )
    return frozenset(name.casefold() for name in named if name)
