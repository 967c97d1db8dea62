"""The roles that users can request and the requests that they can review, for lists and menus.

These are estimates: Teleport decides when the user creates a request or submits a review.
"""

from collections.abc import Sequence

from async_lru import alru_cache

from commands.use_cases.acting_user.authorization import CACHE_SECONDS
from teleport_client.client import TeleportClient
from teleport_client.errors import InvalidArgument, NotFound, PermissionDenied
from teleport_client.model.access_request import AccessCapabilities, AccessRequest, ResourceId
from teleport_client.rules.review_permission import MayReview, Reviewer, ReviewPermission
from workspace.requests.request_lists import Reader, RequestLists
from workspace.requests.review_policy import ReviewMode, ReviewPolicy
from workspace.retry import ATTEMPT_SECONDS, with_retry

_MAX_USERS, _MAX_SELECTIONS = 1_000, 5_000


class Permissions:
    """Caches for a minute which roles each user can request."""

    def __init__(self, teleport: TeleportClient, review_policy: ReviewPolicy) -> None:
        self._teleport = teleport
        self._review_policy = review_policy
        self._capabilities = alru_cache(_MAX_USERS, ttl=CACHE_SECONDS)(self._read_capabilities)
        self._resource_roles = alru_cache(_MAX_SELECTIONS, ttl=CACHE_SECONDS)(
            self._read_resource_roles
        )

    async def capabilities(self, user: str) -> AccessCapabilities:
        return await with_retry(lambda _: self._capabilities(user))

    async def roles_for_resources(
        self, user: str, resources: Sequence[ResourceId]
    ) -> tuple[str, ...]:
        """Return the roles that the user can request for at least one of the resources.

        They are empty if Teleport rejects the resources.
        """
        return await with_retry(lambda _: self._resource_roles(user, tuple(resources)))

    def could_review(
        self,
        permission: ReviewPermission,
        held: frozenset[str],
        request: AccessRequest,
        *,
        draft: bool = False,
    ) -> MayReview:
        """Return whether a user with these roles can review the request, or the draft."""
        if self._review_policy.mode_of(request) is ReviewMode.OVERRIDE:
            approver = self._review_policy.may_override(permission.name, held, request)
            denied = approver and permission.is_denied(request)
            return MayReview.YES if approver and not denied else MayReview.NO
        return permission.may_review(request, draft=draft)

    def reviews_anything(self, permission: ReviewPermission, held: frozenset[str]) -> bool:
        """Return whether a user with these roles might be able to review some request."""
        if self._review_policy.mode is ReviewMode.OVERRIDE:
            return self._review_policy.is_approver(permission.name, held)
        return permission.allows_any

    def is_review_denied(self, user: Reader, request: AccessRequest) -> bool:
        """Return whether a deny rule forbids, or might forbid, the user to review the request."""
        reviewer = Reviewer(user.name, user.denying_roles, user.static_access)
        return ReviewPermission(reviewer).is_denied(request)

    def lists(self, user: Reader) -> RequestLists:
        """Return the lists of requests that concern the user."""
        return RequestLists(self._review_policy, user)

    def reviewable(self, user: Reader, requests: Sequence[AccessRequest]) -> frozenset[str]:
        """Return the IDs of the pending requests that the user can probably review."""
        lists = self.lists(user)
        return frozenset(request.id for request in requests if lists.is_reviewable(request))

    def in_review_scope(self, user: Reader, requests: Sequence[AccessRequest]) -> frozenset[str]:
        """Return the IDs of the requests that the user can probably review, also of closed ones."""
        lists = self.lists(user)
        return frozenset(request.id for request in requests if lists.in_review_scope(request))

    async def _read_resource_roles(
        self, user: str, resources: tuple[ResourceId, ...]
    ) -> tuple[str, ...]:
        try:
            return await self._teleport.requests.roles_for_resources(
                user, resources, deadline=ATTEMPT_SECONDS
            )
        except (InvalidArgument, NotFound, PermissionDenied):
            return ()

    async def _read_capabilities(self, user: str) -> AccessCapabilities:
        return await self._teleport.requests.get_capabilities(user, deadline=ATTEMPT_SECONDS)
