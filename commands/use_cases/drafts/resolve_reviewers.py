"""Resolve suggested reviewers to Teleport users, and find those that can't review a request."""

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import structlog

from commands.slash_commands import REQUEST
from commands.use_cases.acting_user.authorized_user import FILL_IN_REVIEW
from commands.use_cases.drafts.rejected import DraftField, Rejected
from commands.use_cases.services import Services
from teleport_client.errors import NotFound
from teleport_client.model.access_request import AccessRequest
from workspace.directory.contacts import NoContact
from workspace.directory.user_directory import LinkedUser
from workspace.rate_limit import RateLimit
from workspace.requests.request_draft import RequestDraft, check_reviewers
from workspace.requests.user_error import UserError
from workspace.retry import with_retry
from workspace.sending.slack_failure import SLACK_ERRORS, describe
from workspace.text.untrusted import safe_name

_MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|[^<>]*)?>")
"""A Slack user as Slack escapes one in a command's text (docs.slack.dev: slash commands)."""
_WHY = {
    "unmapped": "isn't linked to a Teleport user",
    "ambiguous": "is linked to several Teleport users",
    "user_locked": "is locked in Teleport",
    "locked": "is locked in Teleport",
    "account_guest": "is a guest of this workspace",
    "account_bot": "is a bot",
    "user_bot": "is a bot",
    "denied": "can't review access requests",
    "perhaps_denied": "can't review access requests",
}
"""By the reason of a UserError."""
_NOT_LINKED = "isn't a Teleport user with a linked Slack account"

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class CannotReview(Exception):
    """A suggested reviewer can't review the request. `text` has the name and the reason."""

    def __init__(self, name: str, why: str) -> None:
        self.text = f"{safe_name(name)} {why}."
        super().__init__(self.text)


async def resolve_reviewers(
    services: Services, slack_user_id: str, draft: RequestDraft, selected: Sequence[str] = ()
) -> RequestDraft | Rejected:
    """Replace mentions and email addresses by Teleport users, and add `selected` Slack users.

    Selected users must have a Teleport user; typed names without one are checked after the dry run.
    The limits are checked first, because Slack limits lookups for all users together.
    """
    reviewers = (*draft.reviewers, *selected)
    try:
        check_reviewers(reviewers)
        ensure_within_limit(services, slack_user_id, reviewers)
        users = await asyncio.gather(*(find_linked_user(services, each) for each in selected))
    except UserError as error:
        return Rejected(error, DraftField.REVIEWERS)
    except CannotReview as error:
        text = f"{error.text} Choose another user."
        return Rejected(UserError(text, reason="reviewer_unsuitable"), DraftField.REVIEWERS)
    typed = await with_user_names(services, draft.reviewers)
    names = (*typed, *(linked_user.name for linked_user in users))
    return replace(draft, reviewers=tuple(dict.fromkeys(names)))


def lookup_limit() -> RateLimit:
    """Return the limit of suggested reviewers that one user has looked up: 60, and 60 a minute.

    Slack lets an app make about a hundred lookups a minute for all users (users.info: Tier 4).
    """
    return RateLimit(at_once=60, seconds_each=1.0)


def ensure_within_limit(services: Services, slack_user_id: str, reviewers: Collection[str]) -> None:
    """Raise UserError if this user suggested too many reviewers in the last minute."""
    if not services.reviewer_lookups.allow(slack_user_id, len(reviewers)):
        raise UserError(
            "You've suggested many reviewers in the last minute, so nothing was requested. Wait a"
            " minute and try again, or leave the reviewers out.",
            reason="too_many_lookups",
        )


async def find_linked_user(services: Services, slack_user_id: str) -> LinkedUser:
    """Return the Teleport user of a Slack user.

    Raises CannotReview, TeleportError, SlackApiError.
    """
    try:
        return await with_retry(lambda _: services.users.linked_user(slack_user_id))
    except UserError as error:
        name = await services.users.account_name(slack_user_id)
        raise _cannot_review(name, error) from error


async def with_user_names(services: Services, reviewers: Sequence[str]) -> tuple[str, ...]:
    """Replace mentions and email addresses by Teleport users, where such a user exists.

    Raises TeleportError.
    """
    found = await asyncio.gather(*(_user_name(services, each) for each in reviewers))
    return tuple(dict.fromkeys(found))


async def find_unsuitable(
    services: Services, requester: str, reviewers: Sequence[str], request: AccessRequest
) -> tuple[str, ...]:
    """Return a sentence for each suggested reviewer that can't review the request.

    Raises TeleportError.
    """
    found = await asyncio.gather(
        *(_problem(services, requester, each, request) for each in reviewers)
    )
    return tuple(filter(None, found))


def without_mentions(reviewers: Sequence[str]) -> tuple[str, ...]:
    """Leave out Slack users without a Teleport user: Teleport has no name for them."""
    return tuple(
        each for each in reviewers if not (_MENTION.fullmatch(each) or each.startswith("@"))
    )


async def _user_name(services: Services, reviewer: str) -> str:
    if not _MENTION.fullmatch(reviewer) and "@" not in reviewer:
        return reviewer
    try:
        return (await _linked_user(services, reviewer)).name
    except CannotReview:
        return reviewer
    except SLACK_ERRORS as error:
        log.warning("reviewer_lookup_failed", error=describe(error))
        return reviewer


async def _problem(
    services: Services, requester: str, reviewer: str, request: AccessRequest
) -> str:
    if reviewer == requester:
        return "You can't review your own request."
    try:
        await _ensure_can_review(services, await _linked_user(services, reviewer), request)
    except CannotReview as error:
        return error.text
    except SLACK_ERRORS as error:
        log.warning("reviewer_lookup_failed", error=describe(error))
    return ""


async def _linked_user(services: Services, reviewer: str) -> LinkedUser:
    if reviewer.startswith("@"):
        reviewer = await _without_at(services, reviewer)
    if mention := _MENTION.fullmatch(reviewer):
        return await find_linked_user(services, mention["id"])
    try:
        slack_user_id = await with_retry(lambda _: services.contacts.reviewer(reviewer))
    except NoContact as error:
        # The text is the same for both, so that it doesn't reveal existing Teleport users.
        raise CannotReview(reviewer, _NOT_LINKED) from error
    linked_user = await find_linked_user(services, slack_user_id)
    if linked_user.name != reviewer and ("@" not in reviewer or await _is_user(services, reviewer)):
        raise CannotReview(reviewer, "shares a Slack account with another Teleport user")
    return linked_user


async def _without_at(services: Services, reviewer: str) -> str:
    """Return the mention for `@name`, or the name if no Slack user has it.

    Raises CannotReview, SlackApiError.
    """
    name = reviewer.removeprefix("@")
    found = await with_retry(lambda _: services.member_names.find(name))
    if len(found) > 1:
        why = f"is the name of {len(found)} Slack users. Run {REQUEST} and select one"
        raise CannotReview(reviewer, why)
    return f"<@{found[0]}>" if found else name


async def _is_user(services: Services, name: str) -> bool:
    try:
        await with_retry(lambda deadline: services.teleport.users.get(name, deadline=deadline))
    except NotFound:
        return False
    return True


async def _ensure_can_review(
    services: Services, linked_user: LinkedUser, request: AccessRequest
) -> None:
    try:
        user = await services.authorize(linked_user.slack_user_id, FILL_IN_REVIEW)
    except UserError as error:
        raise _cannot_review(linked_user.name, error) from error
    if not services.permissions.in_review_scope(user, [request]):
        raise CannotReview(linked_user.name, "can't review this request")


def _cannot_review(name: str, error: UserError) -> CannotReview:
    return CannotReview(name, _WHY.get(error.reason, "can't use Teleport from Slack"))
