"""The lists of requests that concern a user: own, reviewable, suggested, active and visible.

Teleport checks the caller of a call, which is the bot and not the user. So the bot applies
Teleport's rules to the requests that it has read. Nothing in this module calls Teleport.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol, TypeAlias

from teleport_client.model.access_request import AccessRequest, RequestState
from teleport_client.model.user import Role, StaticAccess
from teleport_client.rules.review_permission import MayReview, Reviewer, ReviewPermission
from workspace.requests.review_policy import ReviewMode, ReviewPolicy

_Roles: TypeAlias = tuple[str, ...]


class Reader(Protocol):
    """The user that reads the requests."""

    @property
    def name(self) -> str:
        """Name of the Teleport user."""

    @property
    def held(self) -> frozenset[str]:
        """Names of the roles held without an access request."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """Definitions of these roles."""

    @property
    def denying_roles(self) -> tuple[Role, ...]:
        """Definitions of all roles with deny rules that count."""

    @property
    def static_access(self) -> StaticAccess | None:
        """Names of the roles, and traits, as Teleport has them. None if they're unknown."""

    @property
    def sees_all_requests(self) -> bool:
        """Whether the user's roles list every request."""


class RequestLists:
    """The lists of one user. It remembers the verdict for each combination of requested roles.

    If the user's review conditions are about more than roles, each request has its own verdict.
    """

    def __init__(self, review_policy: ReviewPolicy, reader: Reader) -> None:
        self._policy = review_policy
        self._reader = reader
        self._name = reader.name
        self._override = review_policy.mode is ReviewMode.OVERRIDE
        static = reader.static_access
        self._permission = ReviewPermission(Reviewer(reader.name, reader.roles, static))
        denying = reader.denying_roles if self._override else ()
        self._denial = ReviewPermission(Reviewer(reader.name, denying, static))
        self._each_alone = self._permission.depends_on_texts or self._denial.depends_on_texts
        self._verdicts: dict[_Roles | tuple[bool, _Roles, _Roles], MayReview] = {}
        """By the originally requested roles, and in mode `override` by all that it depends on."""

    @property
    def user(self) -> str:
        """Name of the Teleport user."""
        return self._name

    def may_review(self, request: AccessRequest) -> MayReview:
        """Return whether the user's roles, or the settings, permit a review. Ignores the state."""
        if request.user == self._name:
            return MayReview.NO
        overrides = self._override and self._policy.mode_of(request) is ReviewMode.OVERRIDE
        if self._each_alone:
            return self._verdict(request, overrides=overrides)
        roles = request.original_roles
        key = (overrides, request.roles, roles) if self._override else roles
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._verdicts[key] = self._verdict(request, overrides=overrides)
        return verdict

    def in_review_scope(self, request: AccessRequest) -> bool:
        """Return whether the user can probably review the request, or could before it closed."""
        return self.may_review(request) is not MayReview.NO

    def is_reviewable(self, request: AccessRequest) -> bool:
        """Return whether the user can probably review the pending request now."""
        return (
            request.state is RequestState.PENDING
            and self.may_review(request) is not MayReview.NO
            and (not request.reviews or request.review_by(self._name) is None)
        )

    def reviewable_of(self, same_roles: Collection[AccessRequest]) -> list[AccessRequest]:
        """Return the reviewable requests of many pending ones for the same roles.

        They have one verdict, unless it depends on the mode or on the user's conditions.
        """
        if self._override or self._each_alone:
            return [each for each in same_roles if self.is_reviewable(each)]
        name = self._name
        other = next((each for each in same_roles if each.user != name), None)
        if other is None or not self.in_review_scope(other):
            return []
        return [
            each
            for each in same_roles
            if each.user != name
            and each.state is RequestState.PENDING
            and (not each.reviews or each.review_by(name) is None)
        ]

    def is_own(self, request: AccessRequest) -> bool:
        return request.user == self._name

    def is_suggested(self, request: AccessRequest) -> bool:
        """Return whether the user can see the pending request as a suggested reviewer."""
        return (
            request.pending
            and self._reader.name in request.suggested_reviewers
            and not self.is_own(request)
            and self.is_visible(request)
        )

    def is_active(self, request: AccessRequest, now: datetime) -> bool:
        """Return whether it is the user's own approved access, and hasn't ended."""
        return (
            self.is_own(request)
            and request.state is RequestState.APPROVED
            and (request.access_until is None or now < request.access_until)
        )

    def is_visible(self, request: AccessRequest) -> bool:
        """Return whether Teleport lets the user read the request."""
        return (
            self._reader.sees_all_requests
            or self.is_own(request)
            or request.review_by(self._name) is not None
            or self.in_review_scope(request)
        )

    def _verdict(self, request: AccessRequest, *, overrides: bool) -> MayReview:
        if not overrides:
            return self._permission.may_review(request)
        approver = self._policy.may_override(self._name, self._reader.held, request)
        denied = approver and self._denial.is_denied(request)
        return MayReview.YES if approver and not denied else MayReview.NO
