"""What users can request and review, for lists and menus.

Whether they really can is up to Teleport when they do it.
"""

from collections.abc import Sequence

from async_lru import alru_cache

from commands.actions.authorization import REMEMBERED_SECONDS
from commands.actions.authorized_user import AuthorizedUser
from teleport_client.client import TeleportClient
from teleport_client.model.access_request import AccessCapabilities, AccessRequest
from teleport_client.rules.review_permission import MayReview, may_review, review_denied
from workspace.requests.review_policy import ReviewMode, ReviewPolicy
from workspace.retry import ATTEMPT_SECONDS, with_retry

_MOST_USERS = 1_000


class Permissions:
    """Remembers for a minute what each user can request."""

    def __init__(self, teleport: TeleportClient, deciding: ReviewPolicy) -> None:
        self._teleport = teleport
        self._deciding = deciding
        self._capabilities = alru_cache(_MOST_USERS, ttl=REMEMBERED_SECONDS)(
            self._read_capabilities
        )

    async def capabilities(self, user: str) -> AccessCapabilities:
        return await with_retry(lambda _: self._capabilities(user))

    def reviewable(self, user: AuthorizedUser, requests: Sequence[AccessRequest]) -> frozenset[str]:
        """Return the ids of requests that the user can, or perhaps can, still review."""
        open_ones = [each for each in requests if each.pending and not each.review_by(user.name)]
        return self.in_review_scope(user, open_ones)

    def in_review_scope(
        self, user: AuthorizedUser, requests: Sequence[AccessRequest]
    ) -> frozenset[str]:
        """Return the ids of requests whose review is, or perhaps is, up to the user."""
        return frozenset(request.id for request in requests if self._can_review(user, request))

    def _can_review(self, user: AuthorizedUser, request: AccessRequest) -> bool:
        if self._deciding.mode_of(request) is ReviewMode.OVERRIDE:
            approver = self._deciding.may_override(user.name, user.held, request)
            return approver and not review_denied(user.denying_roles, request)
        return may_review(user.name, user.roles, request) is not MayReview.NO

    async def _read_capabilities(self, user: str) -> AccessCapabilities:
        return await self._teleport.capabilities(user, deadline=ATTEMPT_SECONDS)
