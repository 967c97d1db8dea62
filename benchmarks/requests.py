"""Access requests of the cast, stored directly in the stand-in."""

from datetime import timedelta
from uuid import uuid4

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import stamp, utc_now
from teleport_client._proto.types_pb2 import (
    PENDING,
    AccessRequestSpecV3,
    AccessRequestV3,
    AccessReviewThreshold,
    Metadata,
    ThresholdIndexSet,
    ThresholdIndexSets,
)

CHANNEL = "C0ACCESS01"
"""The approvers' channel, which gets all cards by default."""
_WAITS = timedelta(hours=8)


def new_request(
    teleport: TeleportStandIn, *, user: str = "alice", role: str = "staging", reason: str = ""
) -> str:
    """Store a request that needs one approval. Return its ID."""
    now = utc_now()
    request = AccessRequestV3(
        Kind="access_request",
        Version="v3",
        Metadata=Metadata(Name=str(uuid4())),
        Spec=AccessRequestSpecV3(
            User=user,
            Roles=[role],
            State=PENDING,
            Created=stamp(now),
            Expires=stamp(now + _WAITS),
            ResourceExpiry=stamp(now + _WAITS),
            RequestReason=reason,
            Thresholds=[AccessReviewThreshold(Name="default", Approve=1, Deny=1)],
            RoleThresholdMapping={role: ThresholdIndexSets(Sets=[ThresholdIndexSet(Indexes=[0])])},
        ),
    )
    return teleport.cluster.requests.put(request).Metadata.Name
