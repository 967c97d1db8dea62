"""The audit events of Teleport, one function for each kind of change.

Each function returns the type and the fields that belong to it. Names and codes are those of
Teleport 17 (lib/events/api.go and codes.go), the fields are those of its events.proto. Teleport
writes a time that isn't set as the first second of year 1.
"""

import re
from dataclasses import dataclass

from sandbox.teleport.audit.audit_log import Event, EventType, Fields
from sandbox.teleport.json_times import NO_TIME, field_time
from sandbox.teleport.state.resources import plain
from sandbox.teleport.timestamps import given
from teleport_client._proto.authservice_pb2 import RequestStateSetter
from teleport_client._proto.types_pb2 import (
    AccessRequestSpecV3,
    AccessRequestV3,
    AccessReview,
    LockTarget,
    LockV2,
    RequestState,
    UserV2,
)

_REQUEST_CREATED = EventType("access_request.create", "T5000I")
_REQUEST_UPDATED = EventType("access_request.update", "T5001I")
_REQUEST_REVIEWED = EventType("access_request.review", "T5002I")
_REQUEST_DELETED = EventType("access_request.delete", "T5003I")
_REQUEST_EXPIRED = EventType("access_request.expire", "T5005I")
_LOCK_CREATED = EventType("lock.created", "TLK00I")
_LOCK_DELETED = EventType("lock.deleted", "TLK01I")
_USER_CREATED = EventType("user.create", "T1002I")
_USER_DELETED = EventType("user.delete", "T1004I")
_ROLE_CREATED = EventType("role.created", "T9000I")
_ROLE_DELETED = EventType("role.deleted", "T9001I")
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Places in a Go name such as `MFADevice` before which its JSON name has an underscore."""


@dataclass(frozen=True)
class Actor:
    """The caller who caused an event."""

    user: str
    active_requests: tuple[str, ...] = ()
    bot_name: str = ""
    """Empty for a human."""
    address: str = ""
    """IP address and port of the client."""
    user_agent: str = ""

    def fields(self) -> dict[str, object]:
        """Return the fields that identify the caller."""
        return {
            "user": self.user,
            "access_requests": list(self.active_requests),
            "user_kind": 2 if self.bot_name else 1,
            "bot_name": self.bot_name,
        }

    def connected_fields(self) -> dict[str, object]:
        """Return the fields for events that also name the connection."""
        return self.fields() | {"addr.remote": self.address}


def request_created(actor: Actor, request: AccessRequestV3) -> Event:
    """Return the event of a new request. It names the requester as its user."""
    spec = request.Spec
    return _REQUEST_CREATED, actor.fields() | {
        "user": spec.User,
        "expires": field_time(spec, "Expires"),
        "roles": list(spec.Roles),
        "resource_ids": _resource_ids(spec),
        "id": request.Metadata.Name,
        "state": RequestState.Name(spec.State),
        "reason": spec.RequestReason,
        "max_duration": field_time(spec, "MaxDuration"),
        "annotations": _annotations(spec),
    }


def request_reviewed(request: AccessRequestV3, review: AccessReview) -> Event:
    """Return the event of a review. `state` is the request's state after the review."""
    spec = request.Spec
    return _REQUEST_REVIEWED, {
        "expires": field_time(spec, "Expires"),
        "id": request.Metadata.Name,
        "state": RequestState.Name(spec.State),
        "reason": review.Reason,
        "reviewer": review.Author,
        "proposed_state": RequestState.Name(review.ProposedState),
        "max_duration": field_time(spec, "MaxDuration"),
    }


def request_updated(actor: Actor, request: AccessRequestV3, setter: RequestStateSetter) -> Event:
    """Return the event of a state that an administrator set."""
    start = given(setter, "AssumeStartTime")
    return _REQUEST_UPDATED, {
        "expires": field_time(request.Spec, "Expires"),
        "updated_by": actor.user,
        "roles": list(setter.Roles),
        "id": setter.ID,
        "state": RequestState.Name(setter.State),
        "delegator": setter.Delegator,
        "reason": setter.Reason,
        "annotations": _annotations(request.Spec),
        "max_duration": NO_TIME,
        "assume_start_time": None if start is None else field_time(setter, "AssumeStartTime"),
    }


def request_deleted(actor: Actor, request_id: str) -> Event:
    return _REQUEST_DELETED, actor.fields() | {"id": request_id}


def request_expired(request: AccessRequestV3) -> Event:
    """Return the event of the service that deletes expired requests (Teleport 18 and later)."""
    return _REQUEST_EXPIRED, {
        "expires": field_time(request.Spec, "Expires"),
        "id": request.Metadata.Name,
        "resource_expiry": field_time(request.Spec, "ResourceExpiry"),
    }


def lock_created(actor: Actor, lock: LockV2) -> Event:
    target = _target(lock.Spec.Target)
    return _LOCK_CREATED, actor.fields() | {
        "name": lock.Metadata.Name,
        "expires": field_time(lock.Spec, "Expires"),
        "updated_by": actor.user,
        "target": target,
        "lock": {"target": target},
    }


def lock_deleted(actor: Actor, lock: LockV2) -> Event:
    return _LOCK_DELETED, actor.fields() | {
        "name": lock.Metadata.Name,
        "expires": NO_TIME,
        "lock": {"target": _target(lock.Spec.Target)},
    }


def user_created(actor: Actor, user: UserV2) -> Event:
    """Return the event of a created or replaced user; Teleport doesn't distinguish them."""
    return _USER_CREATED, actor.connected_fields() | {
        "name": user.Metadata.Name,
        "expires": field_time(user.Metadata, "Expires"),
        "roles": list(user.Spec.Roles),
        "connector": user.Spec.CreatedBy.Connector.ID or "local",
    }


def user_deleted(actor: Actor, name: str) -> Event:
    return _USER_DELETED, _named(actor, name)


def role_created(actor: Actor, name: str) -> Event:
    """Return the event of a created or replaced role; Teleport doesn't distinguish them."""
    return _ROLE_CREATED, _named(actor, name)


def role_deleted(actor: Actor, name: str) -> Event:
    return _ROLE_DELETED, _named(actor, name)


def _named(actor: Actor, name: str) -> Fields:
    return actor.connected_fields() | {"name": name, "expires": NO_TIME}


def _target(target: LockTarget) -> dict[str, str]:
    fields = target.ListFields()
    return {_WORD_START.sub("_", field.name).lower(): str(value) for field, value in fields}


def _resource_ids(spec: AccessRequestSpecV3) -> list[dict[str, str]]:
    wanted = [*spec.RequestedResourceIDs, *(it.id for it in spec.RequestedResourceAccessIDs)]
    return [{"cluster": it.ClusterName, "kind": it.Kind, "name": it.Name} for it in wanted]


def _annotations(spec: AccessRequestSpecV3) -> dict[str, list[str]]:
    return {key: list(values) for key, values in plain(spec.SystemAnnotations).items()}
