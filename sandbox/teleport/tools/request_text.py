"""Access requests as text, in the layout of Teleport's own tools."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from sandbox.teleport.go_text import go_duration, quoted
from sandbox.teleport.state.resources import nanoseconds
from sandbox.teleport.timestamps import given, moment
from sandbox.teleport.tools.tables import table
from teleport_client._proto.types_pb2 import (
    APPROVED,
    DENIED,
    AccessRequestV3,
    AccessReview,
    RequestState,
)

_RULER = "-" * 48
_LONGEST_REASON = 75


def details(request: AccessRequestV3) -> str:
    """Return one request with its reviews."""
    spec = request.Spec
    reviewers = ", ".join(spec.SuggestedReviewers) or "[none]"
    lines = [
        f"Request ID:     {request.Metadata.Name}",
        f"Username:       {spec.User}",
        f"Roles:          {', '.join(spec.Roles)}",
        f"Reason:         {quoted(spec.RequestReason) if spec.RequestReason else '[none]'}",
        f"Reviewers:      {reviewers} (suggested)",
        f"Access Expires: {_to_second(moment(spec.Expires))}",
        f"Status:         {RequestState.Name(spec.State)}",
    ]
    if spec.ResolveReason:
        lines.append(f"Resolve Reason: {quoted(spec.ResolveReason)}")
    lines += _reviews("Approvals", [it for it in spec.Reviews if it.ProposedState == APPROVED])
    lines += _reviews("Denials", [it for it in spec.Reviews if it.ProposedState == DENIED])
    return "\n".join(lines)


def short_list(requests: Iterable[AccessRequestV3]) -> str:
    """Return a table like `tsh request ls`."""
    return table(
        ["ID", "User", "Roles", "Created (UTC)", "Status"],
        [
            [
                request.Metadata.Name,
                request.Spec.User,
                ",".join(request.Spec.Roles),
                _rfc822(moment(request.Spec.Created)),
                RequestState.Name(request.Spec.State),
            ]
            for request in requests
        ],
    )


def long_list(requests: Sequence[AccessRequestV3], now: datetime) -> str:
    """Return a table like `tctl requests ls`."""
    titles = ["Token", "Requestor", "Metadata", "Created At (UTC)", "Request TTL", "Session TTL"]
    titles += ["Status", "Request Reason", "Resolve Reason"]
    return table(titles, [_row(request, now) for request in requests])


def _row(request: AccessRequestV3, now: datetime) -> list[str]:
    spec = request.Spec
    return [
        request.Metadata.Name,
        spec.User,
        f"roles={','.join(spec.Roles)}",
        _rfc822(moment(spec.Created)),
        _remaining(_request_end(request), now),
        _remaining(spec.Expires, now),
        RequestState.Name(spec.State),
        _truncate(spec.RequestReason),
        _truncate(spec.ResolveReason),
    ]


def _reviews(title: str, reviews: Sequence[AccessReview]) -> list[str]:
    if not reviews:
        return []
    lines = [_RULER, f"{title}:"]
    for review in reviews:
        lines += [
            f"  {_RULER[2:]}",
            f"  Reviewer: {review.Author}",
            f"  Reason:   {quoted(review.Reason) if review.Reason else '[none]'}",
        ]
    return lines


def _request_end(request: AccessRequestV3) -> Timestamp:
    """Return the expiry. Older servers have no `ResourceExpiry`."""
    if given(request.Spec, "ResourceExpiry"):
        return request.Spec.ResourceExpiry
    return request.Metadata.Expires


def _remaining(end: Timestamp, now: datetime) -> str:
    """Return the remaining time, to the minute."""
    rounded = timedelta(minutes=round((moment(end) - now) / timedelta(minutes=1)))
    return go_duration(nanoseconds(rounded))


def _truncate(reason: str) -> str:
    text = quoted(reason) if reason else ""
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}[*]"


def _to_second(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}"


def _rfc822(value: datetime) -> str:
    return f"{value:%d %b %y %H:%M UTC}"
