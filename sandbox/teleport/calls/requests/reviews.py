"""SubmitAccessReview. The checks are in Teleport's order."""

from collections.abc import Iterable

from sandbox.teleport.audit import events
from sandbox.teleport.calls.caller import Caller, require_admin_action
from sandbox.teleport.errors import (
    AccessDenied,
    AlreadyExists,
    BadParameter,
    NotFound,
    Unsupported,
)
from sandbox.teleport.go_text import quoted
from sandbox.teleport.rules import reviewers, thresholds
from sandbox.teleport.rules.accounts import Account, account
from sandbox.teleport.rules.lifetimes import check_assume_start
from sandbox.teleport.rules.reasons import check_reasons
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.request_expiry import set_request_expiry
from sandbox.teleport.state.resources import is_bot
from sandbox.teleport.timestamps import clock_nanoseconds, given, moment, stamp_at
from teleport_client._proto.types_pb2 import (
    APPROVED,
    DENIED,
    PENDING,
    PROMOTED,
    AccessRequestSpecV3,
    AccessRequestV3,
    AccessReview,
    AccessReviewSubmission,
    RequestState,
)


def submit_access_review(
    cluster: Cluster, caller: Caller, submission: AccessReviewSubmission
) -> AccessRequestV3:
    """Return the request with the review, resolved if the thresholds are met."""
    review = AccessReview()
    review.CopyFrom(submission.Review)
    if review.ProposedState == PROMOTED:
        raise BadParameter("state promoted can be only set when promoting to access list")
    review.Author = review.Author or caller.name
    author = _author(cluster, caller, review)
    require_admin_action(cluster, caller)
    if not reviewers.reviews_at_all(author):
        raise AccessDenied(f"user {quoted(author.name)} cannot submit reviews")
    request = _request(cluster, submission.RequestID)
    _check_may_review(author, request)
    _check_review(cluster, request.Spec, review)
    stored = cluster.requests.put(_add_review(cluster, author, request, review))
    cluster.audit.emit(events.request_reviewed(stored, review))
    return stored


def _author(cluster: Cluster, caller: Caller, review: AccessReview) -> Account:
    """Return the account whose permissions apply.

    A server without reviews on behalf of users ignores the fields that ask for one.
    """
    if cluster.features.on_behalf_reviews and review.submitted_on_behalf_of_author:
        return _author_on_behalf(cluster, caller, review)
    review.SubmittedBy = ""
    review.submitted_on_behalf_of_author = False
    if review.Author != caller.name:
        raise _not_on_behalf_of(caller, review.Author)
    return caller.as_reviewer()


def _author_on_behalf(cluster: Cluster, caller: Caller, review: AccessReview) -> Account:
    review.SubmittedBy = review.SubmittedBy or caller.name
    if review.SubmittedBy != caller.name:
        raise _not_on_behalf_of(caller, review.SubmittedBy)
    caller.require("user", "read")
    refusal = f"user {quoted(caller.name)} cannot submit reviews for {quoted(review.Author)}"
    try:
        author = account(cluster, review.Author)
    except NotFound as error:
        raise AccessDenied(f"{refusal}, user could not be fetched from local store") from error
    if not reviewers.may_submit_for(caller.as_reviewer(), review.Author):
        raise AccessDenied(refusal)
    if is_bot(cluster.user_named(review.Author)):
        raise BadParameter("bot user provided but identity parameter is nil")
    return author


def _not_on_behalf_of(caller: Caller, other: str) -> AccessDenied:
    return AccessDenied(
        f"user {quoted(caller.name)} cannot submit reviews on behalf of {quoted(other)}"
    )


def _request(cluster: Cluster, request_id: str) -> AccessRequestV3:
    if not request_id:
        raise BadParameter("missing request ID")
    if request_id not in cluster.requests:
        raise NotFound(f"cannot apply review to access request {quoted(request_id)} (not found)")
    request = AccessRequestV3()
    request.CopyFrom(cluster.requests[request_id])
    return request


def _check_may_review(author: Account, request: AccessRequestV3) -> None:
    if not reviewers.may_review(author, request.Spec):
        raise AccessDenied(
            f"user {quoted(author.name)} cannot review request {quoted(request.Metadata.Name)}"
        )


def _check_review(cluster: Cluster, spec: AccessRequestSpecV3, review: AccessReview) -> None:
    if review.ProposedState not in (APPROVED, DENIED):
        state = RequestState.Name(review.ProposedState)
        raise BadParameter(f"invalid state proposal: {state} (expected approval/denial)")
    if not spec.Thresholds:
        raise BadParameter("request is uninitialized or does not support reviews")
    if review.SubmittedBy == spec.User:
        raise AccessDenied(
            f"review submitter {quoted(review.SubmittedBy)} cannot apply a review "
            "on their own request"
        )
    _check_first(cluster, spec.Reviews, review.Author)
    if review.Roles and set(review.Roles) != set(spec.Roles):
        raise Unsupported(
            "role subselection is not yet supported in reviews, try omitting role list"
        )
    if review.Annotations.Values:
        raise Unsupported(
            "annotations are not yet supported in reviews, try omitting annotations field"
        )
    if spec.State != PENDING:
        state = RequestState.Name(spec.State).lower()
        raise AccessDenied(f"the access request has been already {state}")
    start = given(review, "AssumeStartTime")
    if start is not None:
        check_assume_start(start, moment(spec.Expires), moment(spec.Created))


def _check_first(cluster: Cluster, reviews: Iterable[AccessReview], author: str) -> None:
    if all(review.Author != author for review in reviews):
        return
    refusal = AlreadyExists if cluster.features.on_behalf_reviews else AccessDenied
    raise refusal(f"user {quoted(author)} has already reviewed this request")


def _add_review(
    cluster: Cluster, author: Account, request: AccessRequestV3, review: AccessReview
) -> AccessRequestV3:
    spec = request.Spec
    if given(review, "Created") is None:
        review.Created.CopyFrom(stamp_at(clock_nanoseconds(cluster.now())))
    variables = reviewers.threshold_variables(author, spec, review)
    review.ThresholdIndexes[:] = thresholds.matching(spec.Thresholds, variables)
    spec.Reviews.append(review)
    if given(review, "AssumeStartTime"):
        spec.AssumeStartTime.CopyFrom(review.AssumeStartTime)  # even if the request stays pending
    if resolution := thresholds.resolution(spec):
        _resolve(cluster, request, resolution)
    return request


def _resolve(cluster: Cluster, request: AccessRequestV3, resolution: thresholds.Resolution) -> None:
    spec = request.Spec
    spec.State = resolution.state
    spec.ResolveReason = resolution.review.Reason
    check_reasons(spec)
    if resolution.state == APPROVED:
        set_request_expiry(request, spec.Expires, cluster.features)
