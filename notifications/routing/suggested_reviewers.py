"""Whoever the requester names as a reviewer gets the card in a direct message."""

from collections import OrderedDict
from collections.abc import Sequence

import structlog
from async_lru import alru_cache
from slack_sdk.errors import SlackApiError

from notifications.routing.recipient_lookup import RecipientFinder
from notifications.routing.routes import Routes, gather_routes
from teleport_client.model.access_request import AccessRequest
from workspace.directory.contacts import Contacts, NoContact
from workspace.requests.request_draft import MOST_REVIEWERS
from workspace.sending.slack_failure import error_code, is_transient

_REMEMBERED = 1000
_REMEMBERED_SECONDS = 300

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class SuggestedReviewers:
    def __init__(
        self, contacts: Contacts, finder: RecipientFinder, *, most: int = MOST_REVIEWERS
    ) -> None:
        self._contacts = contacts
        self._most = most
        self._cut: OrderedDict[str, None] = OrderedDict()
        """Requests with more reviewers than get a message, of which the log tells."""
        self._finder = finder
        self._channel = alru_cache(maxsize=_REMEMBERED, ttl=_REMEMBERED_SECONDS)(self._find_channel)
        self._missing: dict[str, str] = {}
        """Reviewers that were said to be out of reach, and why; the newest only."""

    async def routes(self, request: AccessRequest) -> Routes:
        names = [*dict.fromkeys(request.suggested_reviewers)]
        self._log_cut(request, names[self._most :])
        first = (name for name in names[: self._most] if name != request.user)
        return await gather_routes(self._channel(name) for name in first)

    def _log_cut(self, request: AccessRequest, others: Sequence[str]) -> None:
        """Log once which reviewers get no message; the card says how many."""
        if not others or not request.pending or request.id in self._cut:
            return
        self._cut[request.id] = None
        if len(self._cut) > _REMEMBERED:
            self._cut.popitem(last=False)
        log.warning(
            "reviewers_not_messaged",
            request_id=request.id,
            reviewers=list(others),
            more_count=request.more_reviewers,
            setting="review.max_reviewer_messages",
        )

    async def _find_channel(self, name: str) -> str:
        """Give the direct messages with a reviewer, empty where there are none for now.

        Raises TeleportError, and SlackApiError where that may pass.
        """
        try:
            channel = await self._finder.dm(await self._contacts.reviewer(name))
        except NoContact as error:
            self._say_missing(name, "reviewer_not_in_slack", str(error))
            return ""
        except SlackApiError as error:
            if is_transient(error):
                raise
            self._say_missing(name, "reviewer_unreachable", error_code(error))
            return ""
        self._missing.pop(name, None)
        return channel

    def _say_missing(self, name: str, event: str, error: str) -> None:
        """Once, until it changes: they are looked for as long as the request waits."""
        if self._missing.get(name) == event + error:
            return
        self._missing.pop(name, None)
        self._missing[name] = event + error
        if len(self._missing) > _REMEMBERED:
            del self._missing[next(iter(self._missing))]
        log.warning(event, reviewer=name, error=error)
