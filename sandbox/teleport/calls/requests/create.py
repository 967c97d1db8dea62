"""CreateAccessRequestV2.

The order of the checks is Teleport's and affects the responses: a missing reason is reported before
a forbidden role.
"""

from collections.abc import Callable
from uuid import UUID

from sandbox.teleport.audit import events
from sandbox.teleport.calls.caller import Caller, require_admin_action
from sandbox.teleport.calls.requests import requested_resources
from sandbox.teleport.errors import (
    AccessDenied,
    BadParameter,
    NotFound,
)
from sandbox.teleport.go_text import quoted
from sandbox.teleport.rules import rbac, requestable, thresholds
from sandbox.teleport.rules.accounts import Account, account
from sandbox.teleport.rules.lifetimes import check_assume_start, lifetimes
from sandbox.teleport.rules.reasons import check_reasons
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.request_expiry import request_expiry, set_request_expiry
from sandbox.teleport.state.resources import ACCESS_REQUEST, label_values
from sandbox.teleport.timestamps import clock_nanoseconds, given, moment, stamp, stamp_at
from teleport_client._proto.types_pb2 import (
    NONE,
    PENDING,
    AccessRequestDryRunEnrichment,
    AccessRequestSpecV3,
    AccessRequestV3,
    RequestState,
    RoleV6,
)


def create_access_request(
    cluster: Cluster, caller: Caller, message: AccessRequestV3
) -> AccessRequestV3:
    """Return the stored request, or the request as a dry run would store it."""
    request = _with_defaults(message)
    _check_form(cluster, request)
    requested_resources.check(cluster, request.Spec)
    _check_may_create(cluster, caller, request.Spec)
    requester = account(cluster, request.Spec.User)
    now = clock_nanoseconds(cluster.now())
    request.Metadata.Name = str(_uuid7(now, cluster.random_bits))
    request.Spec.Created.CopyFrom(stamp_at(now))
    _check_no_access_list(request.Spec)
    _expand_wildcard(cluster, requester, request.Spec)
    _check_allowed(cluster, requester, request.Spec)
    requested_resources.choose_roles(cluster, requester, request.Spec)
    _set_thresholds(requester, request.Spec)
    _set_suggestions(requester, request.Spec)
    _set_times(cluster, caller, requester, request, now)
    if request.Spec.DryRun:
        _enrich(cluster, requester, request.Spec)
        return request
    stored = cluster.requests.put(request)
    cluster.audit.emit(events.request_created(caller.actor, stored))
    return stored


def _with_defaults(message: AccessRequestV3) -> AccessRequestV3:
    request = AccessRequestV3()
    request.CopyFrom(message)
    request.Kind = ACCESS_REQUEST
    request.Version = "v3"
    request.Metadata.Namespace = request.Metadata.Namespace or "default"
    if request.Spec.State == NONE:
        request.Spec.State = PENDING
    roles = sorted(set(request.Spec.Roles))
    request.Spec.Roles[:] = roles
    return request


def _check_form(cluster: Cluster, request: AccessRequestV3) -> None:
    spec = request.Spec
    if not request.Metadata.Name:
        raise BadParameter("missing parameter Name")
    if spec.State == PENDING and spec.ResolveReason:
        raise BadParameter("pending requests cannot include resolve reason")
    if spec.State == PENDING and spec.ResolveAnnotations.Values:
        raise BadParameter("pending requests cannot include resolve annotations")
    if not spec.User:
        raise BadParameter("access request user name not set")
    if not (spec.Roles or requested_resources.resources_of(spec)):
        raise BadParameter("access request does not specify any roles or resources")
    _check_is_uuid(cluster, request.Metadata.Name)
    check_reasons(spec)


def _check_is_uuid(cluster: Cluster, name: str) -> None:
    """Check the client's name. The server replaces it, but it must be a valid UUID."""
    try:
        UUID(name)
    except ValueError as error:
        spelling = "ID" if cluster.features.spelled_id else "id"
        raise BadParameter(f"invalid access request {spelling} {quoted(name)}") from error


def _check_may_create(cluster: Cluster, caller: Caller, spec: AccessRequestSpecV3) -> None:
    for_self = spec.User == caller.name
    if for_self and spec.State == PENDING:
        if rbac.denies(caller.roles, ACCESS_REQUEST, "create"):
            caller.require(ACCESS_REQUEST, "create")
        return
    caller.require(ACCESS_REQUEST, "create")
    if spec.State != PENDING:
        _check_may_create_decided(caller, for_self=for_self)
    if not for_self:
        require_admin_action(cluster, caller)


def _check_may_create_decided(caller: Caller, *, for_self: bool) -> None:
    if for_self:
        raise AccessDenied("cannot create access request for self in non-pending state")
    if caller.identity.active_requests:
        raise AccessDenied(
            "cannot create access requests in non-pending state while using an access request"
        )


def _uuid7(now: int, random_bits: Callable[[int], int]) -> UUID:
    """48 bits of milliseconds, then random bits around version and variant (RFC 9562)."""
    milliseconds = now // 1_000_000
    head, tail = random_bits(12), random_bits(62)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | head << 64 | 0b10 << 62 | tail)


def _check_no_access_list(spec: AccessRequestSpecV3) -> None:
    if spec.accessList.Title:
        raise BadParameter("only promoted requests can set the promoted access list title")


def _expand_wildcard(cluster: Cluster, requester: Account, spec: AccessRequestSpecV3) -> None:
    if list(spec.Roles) != [rbac.WILDCARD]:
        return
    if spec.State != PENDING:
        state = RequestState.Name(spec.State)
        raise BadParameter(f"wildcard requests are not permitted in state {state}")
    roles = requestable.requestable_roles(requester, cluster.roles)
    if not roles:
        raise BadParameter("no requestable roles, please verify static RBAC configuration")
    spec.Roles[:] = roles


def _check_allowed(cluster: Cluster, requester: Account, spec: AccessRequestSpecV3) -> None:
    if not spec.DryRun:
        with_prompts = cluster.features.dry_run_enrichment
        requestable.require_reason(requester, spec, with_prompts=with_prompts)
    by_resource = bool(requested_resources.resources_of(spec))
    may_have = requestable.may_search_as if by_resource else requestable.may_request
    for role in spec.Roles:
        if not may_have(requester, role):
            raise BadParameter(f"user {quoted(requester.name)} can not request role {quoted(role)}")


def _set_thresholds(requester: Account, spec: AccessRequestSpecV3) -> None:
    needed = thresholds.needed(requester, spec.Roles)
    del spec.Thresholds[:]
    spec.Thresholds.extend(needed.thresholds)
    spec.RoleThresholdMapping.clear()
    for role, sets in needed.by_role.items():
        spec.RoleThresholdMapping[role].CopyFrom(sets)


def _set_suggestions(requester: Account, spec: AccessRequestSpecV3) -> None:
    annotations = requestable.system_annotations(requester)
    spec.SystemAnnotations.CopyFrom(label_values(annotations))
    if not spec.SuggestedReviewers:
        spec.SuggestedReviewers.extend(requestable.suggested_reviewers(requester))


def _set_times(
    cluster: Cluster, caller: Caller, requester: Account, request: AccessRequestV3, now: int
) -> None:
    spec = request.Spec
    expiry = request_expiry(request, cluster.features)
    times = lifetimes(
        spec,
        requester,
        _existing_roles(cluster, spec),
        expiry=None if expiry is None else expiry.ToNanoseconds(),
        credentials_end=stamp(caller.identity.expires).ToNanoseconds(),
        now=now,
    )
    spec.Expires.CopyFrom(stamp_at(times.access_ends))
    spec.MaxDuration.CopyFrom(spec.Expires)
    spec.SessionTTL.CopyFrom(stamp_at(times.session_ends))
    set_request_expiry(request, stamp_at(times.waiting_ends), cluster.features)
    _check_start(spec)


def _check_start(spec: AccessRequestSpecV3) -> None:
    start = given(spec, "AssumeStartTime")
    if start is not None:
        check_assume_start(start, moment(spec.Expires), moment(spec.Created))


def _existing_roles(cluster: Cluster, spec: AccessRequestSpecV3) -> tuple[RoleV6, ...]:
    """Return the roles. A pattern can allow a role that doesn't exist; only this check finds it."""
    try:
        return cluster.roles_named(spec.Roles)
    except NotFound as error:
        raise BadParameter(f"invalid session TTL: {error}") from error


def _enrich(cluster: Cluster, requester: Account, spec: AccessRequestSpecV3) -> None:
    if not cluster.features.dry_run_enrichment:
        return
    required = requestable.needs_reason(requester, spec.Roles)
    enrichment = AccessRequestDryRunEnrichment(
        ReasonMode="required" if required else "optional",
        ReasonPrompts=requestable.reason_prompts(requester, spec.Roles),
    )
    spec.DryRunEnrichment.CopyFrom(enrichment)
