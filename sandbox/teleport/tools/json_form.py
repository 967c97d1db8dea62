"""Access requests in the JSON form of Teleport's own tools.

The keys are the JSON tags of api/types. As in Go, enums are numbers and unset times are the first
second of year 1.
"""

from collections.abc import Iterable

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from sandbox.teleport.json_times import field_time, rfc3339_nano
from sandbox.teleport.state.resources import plain
from sandbox.teleport.timestamps import given
from teleport_client._proto.types_pb2 import (
    AccessRequestSpecV3,
    AccessRequestV3,
    AccessReview,
    AccessReviewThreshold,
    Metadata,
    PromotedAccessList,
    ResourceAccessID,
    ResourceID,
    ThresholdIndexSets,
)

Json = dict[str, object]


def access_request(request: AccessRequestV3) -> Json:
    return {
        "kind": request.Kind,
        **_drop_empty(sub_kind=request.SubKind),
        "version": request.Version,
        "metadata": _metadata(request.Metadata),
        "spec": _spec(request.Spec),
    }


def _metadata(metadata: Metadata) -> Json:
    return {
        "name": metadata.Name,
        **_drop_empty(
            description=metadata.Description,
            labels=dict(metadata.Labels),
            expires=_optional_time(metadata, "Expires"),
            revision=metadata.Revision,
        ),
    }


def _spec(spec: AccessRequestSpecV3) -> Json:
    return {
        "user": spec.User,
        "roles": list(spec.Roles),
        **_drop_empty(state=spec.State),
        "created": field_time(spec, "Created"),
        "expires": field_time(spec, "Expires"),
        **_drop_empty(
            request_reason=spec.RequestReason,
            resolve_reason=spec.ResolveReason,
            resolve_annotations=_lists(plain(spec.ResolveAnnotations)),
            system_annotations=_lists(plain(spec.SystemAnnotations)),
            thresholds=[_threshold(it) for it in spec.Thresholds],
            rtm={role: _sets(it) for role, it in sorted(spec.RoleThresholdMapping.items())},
            reviews=[_review(it) for it in spec.Reviews],
            suggested_reviewers=list(spec.SuggestedReviewers),
            resource_ids=[_resource(it) for it in spec.RequestedResourceIDs],
            resource_access_ids=[_resource_access(it) for it in spec.RequestedResourceAccessIDs],
            login_hint=spec.LoginHint,
            dry_run=spec.DryRun,
        ),
        "max_duration": field_time(spec, "MaxDuration"),
        "session_ttl": field_time(spec, "SessionTTL"),
        **_drop_empty(
            access_list=_access_list(spec.accessList),
            assume_start_time=_optional_time(spec, "AssumeStartTime"),
            expiry=_optional_time(spec, "ResourceExpiry"),
            request_kind=spec.RequestKind,
        ),
    }


def _review(review: AccessReview) -> Json:
    return {
        "author": review.Author,
        **_drop_empty(
            roles=list(review.Roles), proposed_state=review.ProposedState, reason=review.Reason
        ),
        "created": field_time(review, "Created"),
        **_drop_empty(
            annotations=_lists(plain(review.Annotations)),
            i=list(review.ThresholdIndexes),
            access_list=_access_list(review.accessList),
            assume_start_time=_optional_time(review, "AssumeStartTime"),
            submitted_by=review.SubmittedBy,
            submitted_on_behalf_of_author=review.submitted_on_behalf_of_author,
        ),
    }


def _threshold(threshold: AccessReviewThreshold) -> Json:
    return _drop_empty(
        name=threshold.Name,
        filter=threshold.Filter,
        approve=threshold.Approve,
        deny=threshold.Deny,
    )


def _sets(sets: ThresholdIndexSets) -> Json:
    return _drop_empty(s=[_drop_empty(i=list(it.Indexes)) for it in sets.Sets])


def _resource(resource: ResourceID) -> Json:
    return {
        "cluster": resource.ClusterName,
        "kind": resource.Kind,
        "name": resource.Name,
        **_drop_empty(sub_resource=resource.SubResourceName),
    }


def _resource_access(access: ResourceAccessID) -> Json:
    constraints = MessageToDict(access.constraints, preserving_proto_field_name=True)
    return {"id": _resource(access.id), **_drop_empty(constraints=constraints)}


def _access_list(promoted: PromotedAccessList) -> Json:
    return _drop_empty(name=promoted.Name, title=promoted.Title)


def _drop_empty(**values: object) -> Json:
    """Drop empty values, like Go's `omitempty`."""
    return {key: value for key, value in values.items() if value}


def _lists(values: dict[str, tuple[str, ...]]) -> dict[str, Iterable[str]]:
    return {key: list(it) for key, it in values.items()}


def _optional_time(message: Message, field: str) -> str | None:
    return rfc3339_nano(getattr(message, field)) if given(message, field) else None
