"""Names in the settings that Teleport doesn't know: roles, users and the trait with Slack IDs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog
from rapidfuzz import fuzz, process

from bot.settings.settings import Settings
from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError
from teleport_client.model.user import User
from workspace.requests.review_policy import ANY_ROLE, ROLE_PREFIX
from workspace.slack_ids import is_user_id

_MIN_SIMILARITY = 60
"""Per cent."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Kind(StrEnum):
    ROLE = "role"
    USER = "user"
    TRAIT = "trait"


@dataclass(frozen=True, slots=True)
class UnknownName:
    kind: Kind
    name: str
    setting: str
    """Dotted key of the setting that has the name."""
    likely: str = ""
    """Most similar name that Teleport knows, if any is similar."""

    @property
    def hint(self) -> str:
        correct = f"Did you mean {self.likely}? " if self.likely else ""
        if self.kind is Kind.TRAIT:
            return f"{correct}Correct {self.setting}, or link users with `teleport-chatops link`."
        return f"{correct}Correct {self.setting}, or create the {self.kind} in Teleport."


async def find_unknown_roles(
    teleport: TeleportClient, settings: Settings
) -> tuple[UnknownName, ...]:
    """Compare roles; the bot needs list and read on `role`. Raises TeleportError."""
    named = list(_named_roles(settings))
    known = [role.name for role in await teleport.roles.list()] if named else []
    return tuple(_unknown(Kind.ROLE, named, known))


async def find_unknown_users(
    teleport: TeleportClient, settings: Settings
) -> tuple[UnknownName, ...]:
    """Look for users in the settings, and for one with the trait. Raises TeleportError.

    A single sign-on user exists from a login until its session ends.
    """
    users = await teleport.users.list()
    named = list(_named_users(settings))
    found = tuple(_unknown(Kind.USER, named, [user.name for user in users]))
    return found + _unknown_trait(settings, users)


async def warn_of_unknown_names(teleport: TeleportClient, settings: Settings) -> None:
    """Log each unknown name once. It has no other effect, since it may be created later."""
    for find in (find_unknown_roles, find_unknown_users):
        try:
            for each in await find(teleport, settings):
                log.warning(
                    "unknown_name_in_settings",
                    value_type=each.kind.value,
                    value=each.name,
                    setting=each.setting,
                    suggestion=each.likely or None,
                )
        except TeleportError as error:
            log.warning("names_lookup_failed", error=str(error))


def _unknown(
    kind: Kind, named: Iterable[tuple[str, str]], known: Sequence[str]
) -> Iterator[UnknownName]:
    for setting, name in dict.fromkeys(named):
        if name != ANY_ROLE and name not in known:
            yield UnknownName(kind, name, setting, most_similar(name, known))


def most_similar(name: str, known: Sequence[str]) -> str:
    """Return the most similar name; empty if none is similar."""
    closest = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY)
    return str(closest[0]) if closest else ""


def _named_roles(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield pairs of a setting and a role. The roles of a request can't be patterns."""
    for role in settings.review.link_only_roles:
        yield "review.link_only_roles", role
    for role in settings.review.confirm_roles:
        yield "review.confirm_roles", role
    for role in settings.review.reason_roles:
        yield "review.approve_with_reason", role
    for role in settings.role_to_approvers:
        yield "role_to_approvers", role
    for approver in _approvers(settings):
        if approver.startswith(ROLE_PREFIX):
            yield "role_to_approvers", approver.removeprefix(ROLE_PREFIX)
    for role in settings.role_to_recipients:
        yield "role_to_recipients", role


def _named_users(settings: Settings) -> Iterator[tuple[str, str]]:
    for approver in _approvers(settings):
        if not approver.startswith(ROLE_PREFIX):
            yield "role_to_approvers", approver


def _approvers(settings: Settings) -> Iterator[str]:
    for approvers in settings.role_to_approvers.values():
        yield from approvers


def _unknown_trait(settings: Settings, users: Sequence[User]) -> tuple[UnknownName, ...]:
    """Return the trait if no user has it: without email matching, no user can act from Slack."""
    trait = settings.review.slack_user_id_trait
    if settings.review.allow_email_username_match or any(user.traits.get(trait) for user in users):
        return ()
    with_slack_ids = {
        name
        for user in users
        for name, values in user.traits.items()
        if any(map(is_user_id, values))
    }
    likely = next(iter(sorted(with_slack_ids)), "")
    return (UnknownName(Kind.TRAIT, trait, "review.slack_user_id_trait", likely),)
