"""SetAccessRequestState and DeleteAccessRequest, for administrators.

They check neither thresholds nor review rules.
"""

from sandbox.teleport.audit import events
from sandbox.teleport.calls.caller import Caller, require_admin_action
from sandbox.teleport.calls.requests.visibility import visible
from sandbox.teleport.errors import (
    AccessDenied,
    BadParameter,
    NotFound,
)
from sandbox.teleport.go_text import quoted
from sandbox.teleport.rules.lifetimes import check_assume_start
from sandbox.teleport.rules.reasons import check_reasons
from sandbox.teleport.state.backend_keys import backend_key
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.request_expiry import set_request_expiry
from sandbox.teleport.state.resources import ACCESS_REQUEST
from sandbox.teleport.timestamps import given, moment
from teleport_client._proto.authservice_pb2 import RequestID, RequestStateSetter
from teleport_client._proto.types_pb2 import (
    APPROVED,
    DENIED,
    NONE,
    PROMOTED,
    AccessRequestV3,
    RequestState,
)


def set_access_request_state(cluster: Cluster, caller: Caller, setter: RequestStateSetter) -> None:
    caller.require(ACCESS_REQUEST, "update")
    if caller.identity.active_requests:
        raise AccessDenied(
            "cannot directly update the state of an access request while using an access request"
        )
    if setter.State == PROMOTED:
        raise BadParameter("state promoted can be only set when promoting to access list")
    require_admin_action(cluster, caller)
    request = _visible_request(cluster, caller, setter.ID)
    if request.Spec.User == caller.name:
        raise AccessDenied(
            "directly updating the state of your own access requests is not permitted"
        )
    _check_update(setter, request)
    stored = cluster.requests.put(_update(cluster, setter, request))
    cluster.audit.emit(events.request_updated(caller.actor, stored, setter))


def delete_access_request(cluster: Cluster, caller: Caller, request_id: RequestID) -> None:
    caller.require(ACCESS_REQUEST, "delete")
    require_admin_action(cluster, caller)
    backend_key("access_requests", request_id.ID, "params")
    if request_id.ID not in cluster.requests:
        raise NotFound(f"cannot delete access request {quoted(request_id.ID)} (not found)")
    cluster.requests.delete(request_id.ID)
    cluster.audit.emit(events.request_deleted(caller.actor, request_id.ID))


def _visible_request(cluster: Cluster, caller: Caller, request_id: str) -> AccessRequestV3:
    stored = cluster.requests.get(request_id)
    if stored is None or not visible(caller, stored):
        raise NotFound(f"cannot set state of access request {quoted(request_id)} (not found)")
    request = AccessRequestV3()
    request.CopyFrom(stored)
    return request


def _check_update(setter: RequestStateSetter, request: AccessRequestV3) -> None:
    if setter.State == NONE:
        raise BadParameter("missing request state")
    if setter.Roles and setter.State != APPROVED:
        state = RequestState.Name(setter.State)
        raise BadParameter(f"cannot override roles when setting state: {state}")
    _check_transition(request, setter.State)
    for role in setter.Roles:
        if role not in request.Spec.Roles:
            raise BadParameter(
                f"role {quoted(role)} not in original request, "
                "overrides must be a subset of original role list"
            )
    start = given(setter, "AssumeStartTime")
    if start is not None:
        check_assume_start(start, moment(request.Spec.Expires), moment(request.Spec.Created))


def _check_transition(request: AccessRequestV3, state: RequestState.ValueType) -> None:
    """Check the state change. A denied request is final, an approved one isn't."""
    if request.Spec.State == DENIED and state != DENIED:
        name = quoted(RequestState.Name(state))
        raise BadParameter(f"cannot set request-state {name} (already denied)")


def _update(
    cluster: Cluster, setter: RequestStateSetter, request: AccessRequestV3
) -> AccessRequestV3:
    spec = request.Spec
    spec.State = setter.State
    spec.ResolveReason = setter.Reason
    spec.ResolveAnnotations.CopyFrom(setter.Annotations)
    if setter.Roles:
        spec.Roles[:] = sorted(set(setter.Roles))
    if given(setter, "AssumeStartTime"):
        spec.AssumeStartTime.CopyFrom(setter.AssumeStartTime)
    if setter.State == APPROVED:
        set_request_expiry(request, spec.Expires, cluster.features)
    check_reasons(spec)
    return request
