"""Suggested reviewers get the card as a DM."""

from collections.abc import Sequence

import structlog
from async_lru import alru_cache
from slack_sdk.errors import SlackApiError

from notifications.routing.recipient_lookup import RecipientFinder
from notifications.routing.routes import Routes, gather_routes
from teleport_client.model.access_request import AccessRequest
from workspace.bounded_dict import BoundedDict
from workspace.directory.contacts import Contacts, NoContact
from workspace.requests.request_draft import MOST_REVIEWERS
from workspace.sending.slack_failure import error_code, is_transient

_MAX_REMEMBERED = 1000
_CACHE_SECONDS = 300

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class SuggestedReviewers:
    """`most` limits the DMs of one request. tsh and access lists can suggest any number."""

    def __init__(
        self, contacts: Contacts, finder: RecipientFinder, *, most: int = MOST_REVIEWERS
    ) -> None:
        self._contacts = contacts
        self._finder = finder
        self._most = most
        self._channel = alru_cache(maxsize=_MAX_REMEMBERED, ttl=_CACHE_SECONDS)(self._find_channel)
        self._limited: BoundedDict[str, None] = BoundedDict(_MAX_REMEMBERED)
        """Requests whose further reviewers are in the log."""
        self._missing: BoundedDict[str, str] = BoundedDict(_MAX_REMEMBERED)
        """Logged problems by reviewer."""

    async def routes(self, request: AccessRequest) -> Routes:
        names = [*dict.fromkeys(request.suggested_reviewers)]
        self._log_limit(request, names[self._most :])
        first = (name for name in names[: self._most] if name != request.user)
        return await gather_routes(self._channel(name) for name in first)

    def _log_limit(self, request: AccessRequest, others: Sequence[str]) -> None:
        """Log once which reviewers get no message. The card shows their number."""
        if not others or not request.pending or request.id in self._limited:
            return
        self._limited[request.id] = None
        log.warning(
            "reviewers_not_messaged",
            request_id=request.id,
            reviewers=list(others),
            more_count=request.more_reviewers,
            setting="review.max_reviewer_messages",
        )

    async def _find_channel(self, name: str) -> str:
        """Return the address of a reviewer's DMs, empty without a Slack account.

        Raises TeleportError, and SlackApiError if a retry can help.
        """
        try:
            channel = await self._finder.dm(await self._contacts.reviewer(name))
        except NoContact as error:
            if self._is_new(name, str(error)):
                log.warning("reviewer_not_linked", reviewer=name, error=str(error))
            return ""
        except SlackApiError as error:
            if is_transient(error):
                raise
            if self._is_new(name, error_code(error)):
                log.warning("reviewer_dm_failed", reviewer=name, error=error_code(error))
            return ""
        self._missing.pop(name, None)
        return channel

    def _is_new(self, name: str, problem: str) -> bool:
        """Return whether to log it: the lookup repeats as long as the request is pending."""
        if self._missing.get(name) == problem:
            return False
        self._missing.pop(name, None)
        self._missing[name] = problem
        return True
