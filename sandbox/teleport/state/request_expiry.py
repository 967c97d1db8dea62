"""The expiry of a request: first of the pending request, after approval of its access.

From version 18 it is `Spec.ResourceExpiry`, and a service deletes expired requests. In older
versions it is the backend's TTL, `Metadata.Expires`. These servers store a client's
`Spec.ResourceExpiry` but never read it (17.0.0-dev, api/types/access_request.go).
"""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from sandbox.teleport.editions import Features
from sandbox.teleport.timestamps import given, moment
from teleport_client._proto.types_pb2 import AccessRequestV3


def request_expiry(request: AccessRequestV3, features: Features) -> Timestamp | None:
    if features.expiry_in_spec and given(request.Spec, "ResourceExpiry"):
        return request.Spec.ResourceExpiry
    return request.Metadata.Expires if given(request.Metadata, "Expires") else None


def set_request_expiry(request: AccessRequestV3, end: Timestamp, features: Features) -> None:
    if features.expiry_in_spec:
        request.Metadata.ClearField("Expires")
        request.Spec.ResourceExpiry.CopyFrom(end)
    else:
        request.Metadata.Expires.CopyFrom(end)


def has_expired(request: AccessRequestV3, now: datetime, features: Features) -> bool:
    end = request_expiry(request, features)
    return end is not None and moment(end) <= now
