"""Requests created without the bot, stored directly in Teleport."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import stamp, utc_now
from teleport_client._proto.types_pb2 import (
    AccessRequestSpecV3,
    AccessRequestV3,
    AccessReviewThreshold,
    Metadata,
    RequestState,
    ResourceAccessID,
    ThresholdIndexSet,
    ThresholdIndexSets,
)


def pending_request(
    teleport: TeleportStandIn,
    *,
    user: str = "alice",
    role: str = "staging",
    reason: str = "",
    age: timedelta = timedelta(),
    state: RequestState.ValueType = RequestState.PENDING,
    waits: timedelta = timedelta(days=7),
    reviewers: Sequence[str] = (),
    resources: Sequence[ResourceAccessID] = (),
) -> AccessRequestV3:
    """Return a request that needs one approval, already resolved if `state` is given."""
    created = utc_now() - age
    return teleport.cluster.requests.put(
        AccessRequestV3(
            Kind="access_request",
            Version="v3",
            Metadata=Metadata(Name=str(uuid4())),
            Spec=AccessRequestSpecV3(
                User=user,
                Roles=[role],
                State=state,
                Created=stamp(created),
                Expires=stamp(utc_now() + timedelta(hours=8)),
                ResourceExpiry=stamp(utc_now() + waits),
                RequestReason=reason,
                SuggestedReviewers=reviewers,
                RequestedResourceAccessIDs=resources,
                Thresholds=[AccessReviewThreshold(Name="default", Approve=1, Deny=1)],
                RoleThresholdMapping={
                    role: ThresholdIndexSets(Sets=[ThresholdIndexSet(Indexes=[0])])
                },
            ),
        )
    )


def with_state(request: AccessRequestV3, state: RequestState.ValueType) -> AccessRequestV3:
    """Return the same request in another state; an approved one ends with its access."""
    copy = AccessRequestV3()
    copy.CopyFrom(request)
    copy.Spec.State = state
    if state == RequestState.APPROVED:
        copy.Spec.ResourceExpiry.CopyFrom(copy.Spec.Expires)
    return copy
