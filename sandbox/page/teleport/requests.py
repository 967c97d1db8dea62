"""The tab Requests: each request with its reviews, its progress and its commands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sandbox.page.teleport.clock import Clock, Moment
from sandbox.page.teleport.commands import Command, tctl, tsh
from sandbox.teleport.rules.accounts import account
from sandbox.teleport.rules.reviewers import may_review
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.request_expiry import request_expiry
from sandbox.teleport.timestamps import given, moment
from teleport_client._proto.types_pb2 import (
    APPROVED,
    DENIED,
    PENDING,
    AccessRequestSpecV3,
    AccessRequestV3,
    AccessReview,
    AccessReviewThreshold,
    RequestState,
)

_UNNAMED = "default"


@dataclass(frozen=True)
class ReviewRow:
    author: str
    verdict: str
    reason: str
    created: Moment


@dataclass(frozen=True)
class Threshold:
    """The reviews that count toward a threshold, and the number that it needs."""

    purpose: str
    """The roles and the name, if the request has several thresholds."""
    approvals: int
    approvals_needed: int
    denials: int
    denials_needed: int


@dataclass(frozen=True)
class RequestCard:
    id: str
    user: str
    wanted: str
    state: str
    is_target: bool
    """Whether the page's address points to this request."""
    reason: str
    resolve_reason: str
    created: Moment
    end_title: str
    end: Moment
    thresholds: tuple[Threshold, ...]
    reviews: tuple[ReviewRow, ...]
    commands: tuple[Command, ...]


def request_cards(
    cluster: Cluster, clock: Clock, people: Iterable[str], target: str
) -> tuple[RequestCard, ...]:
    """Return all requests, newest first. `people` are those of the panes."""
    reviewers = tuple(name for name in people if name in cluster.users)
    newest_first = sorted(
        cluster.requests.values(), key=lambda it: it.Spec.Created.ToNanoseconds(), reverse=True
    )
    return tuple(_card(cluster, clock, it, reviewers, target) for it in newest_first)


def _card(
    cluster: Cluster,
    clock: Clock,
    request: AccessRequestV3,
    reviewers: Iterable[str],
    target: str,
) -> RequestCard:
    spec = request.Spec
    end_title, end = _end(cluster, request)
    return RequestCard(
        id=request.Metadata.Name,
        user=spec.User,
        wanted=_wanted(cluster, spec),
        state=RequestState.Name(spec.State),
        is_target=request.Metadata.Name == target,
        reason=spec.RequestReason,
        resolve_reason="" if spec.Reviews else spec.ResolveReason,
        created=clock.moment(moment(spec.Created)),
        end_title=end_title,
        end=clock.moment(end),
        thresholds=tuple(_threshold(spec, index, it) for index, it in enumerate(spec.Thresholds)),
        reviews=tuple(_review(clock, it) for it in spec.Reviews),
        commands=tuple(_commands(cluster, request, reviewers)),
    )


def _wanted(cluster: Cluster, spec: AccessRequestSpecV3) -> str:
    """Return the roles, or the requested nodes by their host names."""
    wanted = [*spec.RequestedResourceIDs, *(it.id for it in spec.RequestedResourceAccessIDs)]
    names = {node.Metadata.Name: node.Spec.Hostname for node in cluster.nodes}
    return ", ".join(names.get(it.Name, it.Name) for it in wanted) or ", ".join(spec.Roles)


def _end(cluster: Cluster, request: AccessRequestV3) -> tuple[str, datetime]:
    spec = request.Spec
    expiry = request_expiry(request, cluster.features)
    if spec.State == PENDING and expiry is not None:
        return "Waits until", moment(expiry)
    title = "Access until" if spec.State == APPROVED else "Would have lasted until"
    return title, moment(spec.Expires)


def _threshold(
    spec: AccessRequestSpecV3, index: int, threshold: AccessReviewThreshold
) -> Threshold:
    counted = [it.ProposedState for it in spec.Reviews if index in it.ThresholdIndexes]
    return Threshold(
        purpose=_purpose(spec, index, threshold) if len(spec.Thresholds) > 1 else "",
        approvals=counted.count(APPROVED),
        approvals_needed=threshold.Approve,
        denials=counted.count(DENIED),
        denials_needed=threshold.Deny,
    )


def _purpose(spec: AccessRequestSpecV3, index: int, threshold: AccessReviewThreshold) -> str:
    """Return words such as ` for prod`. Teleport names a threshold without a name `default`."""
    roles = sorted(
        role
        for role, group in spec.RoleThresholdMapping.items()
        if any(index in one.Indexes for one in group.Sets)
    )
    named = threshold.Name and threshold.Name != _UNNAMED
    return f" for {', '.join(roles)}" + (f" ({threshold.Name})" if named else "")


def _review(clock: Clock, review: AccessReview) -> ReviewRow:
    created = given(review, "Created") or clock.now
    verdict = "approved" if review.ProposedState == APPROVED else "denied"
    return ReviewRow(review.Author, verdict, review.Reason, clock.moment(created))


def _commands(
    cluster: Cluster, request: AccessRequestV3, reviewers: Iterable[str]
) -> Iterator[Command]:
    request_id, spec = request.Metadata.Name, request.Spec
    if spec.State == PENDING:
        for reviewer in reviewers:
            if _may_review(cluster, reviewer, spec):
                yield tsh(reviewer, "request", "review", "--approve", request_id)
                yield tsh(reviewer, "request", "review", "--deny", request_id)
        yield tctl("requests", "approve", request_id)
        yield tctl("requests", "deny", request_id)
    if spec.State == APPROVED:
        yield tsh(spec.User, "login", f"--request-id={request_id}")
        yield tctl("lock", f"--access-request={request_id}")
    yield tsh(spec.User, "request", "show", request_id)
    yield tctl("requests", "get", request_id)


def _may_review(cluster: Cluster, reviewer: str, spec: AccessRequestSpecV3) -> bool:
    has_reviewed = any(review.Author == reviewer for review in spec.Reviews)
    return not has_reviewed and may_review(account(cluster, reviewer), spec)
