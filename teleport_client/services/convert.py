"""Between Teleport's messages and our frozen values. Nothing else reads or writes a message."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from uuid import uuid4

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.unknown_fields import UnknownFieldSet

from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client._proto import userloginstate_pb2 as login_states
from teleport_client._proto import wrappers_pb2 as wrappers
from teleport_client.model.access_request import (
    AccessCapabilities,
    AccessRequest,
    Constraints,
    DryRun,
    NewAccessRequest,
    RequestState,
    ResourceId,
    Review,
    Threshold,
)
from teleport_client.model.cluster import ClusterInfo, Lease, PluginData
from teleport_client.model.lock import Lock
from teleport_client.model.user import (
    Conditions,
    ReviewConditions,
    Role,
    Rule,
    StaticAccess,
    Traits,
    User,
)

BOT_LABEL = "teleport.internal/bot"
"""Label of a Machine ID bot's user (api/types/constants.go)."""

MOST_REVIEWERS, LONGEST_NAME, LONGEST_REASON = 100, 256, 4096
"""What is kept of a request, of which many are held at a time; characters."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_SECONDS = (datetime(9998, 12, 31, tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
_MOST_NANOS = 999_999_999
_STATES = {
    types.RequestState.PENDING: RequestState.PENDING,
    types.RequestState.APPROVED: RequestState.APPROVED,
    types.RequestState.DENIED: RequestState.DENIED,
    types.RequestState.PROMOTED: RequestState.PROMOTED,
}
_STATE_NUMBERS = {state: number for number, state in _STATES.items()}


# ------------------------------------------------------------------- times


def time_from(stamp: Timestamp) -> datetime | None:
    """A moment, or None for what Go writes as its zero time (year 1) and for what is not there.

    An empty message reads as 1970, which nobody means either. A time at the end of the year 9998 or
    later counts as none too: Python's calendar ends soon after, and one such request must not spoil
    a whole list. The ledger keeps no later times either (workspace/moment.py).
    """
    if not 0 < stamp.seconds < _LATEST_SECONDS:
        return None
    nanos = min(max(0, stamp.nanos), _MOST_NANOS)
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=nanos // 1_000)


def time_to(moment: datetime) -> Timestamp:
    """Write a moment. One that is not given is left out instead: an empty Timestamp is 1970."""
    since = moment - _EPOCH
    return Timestamp(seconds=since // timedelta(seconds=1), nanos=since.microseconds * 1_000)


# ---------------------------------------------------------------- requests


def state_from(number: types.RequestState.ValueType) -> RequestState:
    """A stored request always has a state; one that we do not know counts as undecided."""
    return _STATES.get(number, RequestState.PENDING)


def state_to(state: RequestState) -> types.RequestState.ValueType:
    return _STATE_NUMBERS[state]


def request_from(message: types.AccessRequestV3) -> AccessRequest:
    spec = message.Spec
    return AccessRequest(
        id=message.Metadata.Name,
        user=spec.User,
        roles=tuple(spec.Roles),
        state=state_from(spec.State),
        created=time_from(spec.Created),
        access_until=time_from(spec.Expires),
        expires=time_from(spec.ResourceExpiry) or time_from(message.Metadata.Expires),
        reason=spec.RequestReason,
        resolve_reason=spec.ResolveReason,
        thresholds=tuple(_threshold_from(threshold) for threshold in spec.Thresholds),
        role_thresholds=MappingProxyType(
            {
                role: tuple(tuple(one.Indexes) for one in sets.Sets)
                for role, sets in sorted(spec.RoleThresholdMapping.items())
            }
        ),
        reviews=tuple(_review_from(review) for review in spec.Reviews),
        suggested_reviewers=_reviewers_from(spec),
        more_reviewers=max(0, len(spec.SuggestedReviewers) - MOST_REVIEWERS),
        resources=_resources_from(spec),
        assume_start=time_from(spec.AssumeStartTime),
        promoted_to=spec.accessList.Title,
        long_term=spec.RequestKind == types.AccessRequestKind.LONG_TERM,
        dry_run=_dry_run_from(spec),
    )


def _reviewers_from(spec: types.AccessRequestSpecV3) -> tuple[str, ...]:
    """Teleport bounds neither their number nor their names; nobody's name is that long."""
    first = spec.SuggestedReviewers[:MOST_REVIEWERS]
    return tuple(name for name in first if len(name) <= LONGEST_NAME)


def new_request_to(new: NewAccessRequest, *, dry_run: bool) -> types.AccessRequestV3:
    """A request to create. The server names it itself, yet refuses a name that is no UUID."""
    spec = types.AccessRequestSpecV3(
        User=new.user,
        Roles=new.roles,
        RequestReason=new.reason,
        SuggestedReviewers=new.suggested_reviewers,
        DryRun=dry_run,
    )
    if new.access_until is not None:
        spec.MaxDuration.CopyFrom(time_to(new.access_until))
    return types.AccessRequestV3(
        Kind="access_request",
        Version="v3",
        Metadata=types.Metadata(Name=str(uuid4())),
        Spec=spec,
    )


def review_to(review: Review) -> types.AccessReview:
    """A review in its author's name, handed in by whoever makes the call."""
    return types.AccessReview(
        Author=review.author,
        ProposedState=state_to(review.state),
        Reason=review.reason,
        submitted_on_behalf_of_author=True,
    )


def capabilities_from(message: types.AccessCapabilities) -> AccessCapabilities:
    return AccessCapabilities(requestable_roles=tuple(message.RequestableRoles))


def _threshold_from(message: types.AccessReviewThreshold) -> Threshold:
    return Threshold(
        approve=message.Approve, deny=message.Deny, name=message.Name, filter=message.Filter
    )


def _review_from(message: types.AccessReview) -> Review:
    return Review(
        author=message.Author,
        state=state_from(message.ProposedState),
        reason=message.Reason[:LONGEST_REASON],
        created=time_from(message.Created),
        threshold_indexes=tuple(message.ThresholdIndexes),
        submitted_by=message.SubmittedBy,
    )


def _resources_from(spec: types.AccessRequestSpecV3) -> tuple[ResourceId, ...]:
    """Resources with constraints count instead of plain ones, which may name them again."""
    constrained = [_constrained_from(each) for each in spec.RequestedResourceAccessIDs]
    known = {replace(each, constraints=None) for each in constrained}
    plain = map(_resource_from, spec.RequestedResourceIDs)
    return (*constrained, *(each for each in plain if each not in known))


def _constrained_from(message: types.ResourceAccessID) -> ResourceId:
    resource = _resource_from(message.id)
    if not message.HasField("constraints") and not _has_unknown_fields(message):
        return resource
    constraints = _constraints_from(message.constraints)
    if resource.constraints is not None or _has_unknown_fields(message):
        constraints = replace(constraints, readable=False)
    return replace(resource, constraints=constraints)


def _constraints_from(message: types.ResourceConstraints) -> Constraints:
    """Read format v1. Its details say which principals are allowed; exactly one of them is set."""
    principal, unknown = "", True
    allowed: tuple[str, ...] = ()
    match message.WhichOneof("details"):
        case "aws_console":
            principal, allowed = "role ARN", tuple(message.aws_console.role_arns)
            unknown = _has_unknown_fields(message.aws_console)
        case "ssh":
            principal, allowed = "login", tuple(message.ssh.logins)
            unknown = _has_unknown_fields(message.ssh)
    readable = bool(allowed) and not unknown and not _has_unknown_fields(message)
    return Constraints(principal, allowed, readable=readable and message.version == "v1")


def _has_unknown_fields(message: Message) -> bool:
    return len(UnknownFieldSet(message)) > 0


def _resource_from(message: types.ResourceID) -> ResourceId:
    """A field that is not known here may limit access further."""
    return ResourceId(
        cluster=message.ClusterName,
        kind=message.Kind,
        name=message.Name,
        sub_resource=message.SubResourceName,
        constraints=Constraints(readable=False) if _has_unknown_fields(message) else None,
    )


def _dry_run_from(spec: types.AccessRequestSpecV3) -> DryRun | None:
    if not spec.HasField("DryRunEnrichment"):
        return None
    return DryRun(
        reason_required=spec.DryRunEnrichment.ReasonMode == "required",
        reason_prompts=tuple(spec.DryRunEnrichment.ReasonPrompts),
    )


# --------------------------------------------------------- users and roles


def user_from(message: types.UserV2) -> User:
    return User(
        name=message.Metadata.Name,
        roles=tuple(message.Spec.Roles),
        traits=_traits_from(message.Spec.Traits),
        locked=message.Spec.Status.IsLocked,
        lock_expires=time_from(message.Spec.Status.LockExpires),
        bot=BOT_LABEL in message.Metadata.Labels,
    )


def login_state_from(message: login_states.UserLoginState) -> StaticAccess:
    return StaticAccess(
        roles=tuple(message.spec.roles),
        traits=MappingProxyType({trait.key: tuple(trait.values) for trait in message.spec.traits}),
        original_roles=tuple(message.spec.original_roles),
    )


def traits_to(traits: Traits) -> wrappers.LabelValues:
    return wrappers.LabelValues(
        Values={name: wrappers.StringValues(Values=values) for name, values in traits.items()}
    )


def role_from(message: types.RoleV6) -> Role:
    return Role(
        name=message.Metadata.Name,
        allow=_conditions_from(message.Spec.Allow),
        deny=_conditions_from(message.Spec.Deny),
    )


def _traits_from(message: wrappers.LabelValues) -> Traits:
    return MappingProxyType({name: tuple(values.Values) for name, values in message.Values.items()})


def _conditions_from(message: types.RoleConditions) -> Conditions:
    review = message.ReviewRequests
    return Conditions(
        rules=tuple(
            Rule(resources=tuple(rule.Resources), verbs=tuple(rule.Verbs), where=rule.Where)
            for rule in message.Rules
        ),
        review=ReviewConditions(
            roles=tuple(review.Roles),
            from_claims=bool(review.ClaimsToRoles),
            where=review.Where,
            preview_as=tuple(review.PreviewAsRoles),
            submit_for=tuple(review.SubmitForUsers),
        ),
        selects_nodes=bool(message.NodeLabels.Values),
        max_duration=timedelta(microseconds=message.Request.MaxDuration // 1000),
    )


def host_names_from(page: proto.ListUnifiedResourcesResponse) -> Mapping[str, str]:
    nodes = (each.Node for each in page.Resources if each.HasField("Node"))
    return MappingProxyType(
        {node.Metadata.Name: node.Spec.Hostname for node in nodes if node.Spec.Hostname}
    )


def lock_targets_to(user: str, roles: Iterable[str]) -> list[types.LockTarget]:
    """Return targets; a lock that matches any of them applies."""
    return [types.LockTarget(User=user), *(types.LockTarget(Role=role) for role in roles)]


def lock_from(message: types.LockV2) -> Lock:
    target = message.Spec.Target
    return Lock(
        user=target.User,
        role=target.Role,
        message=message.Spec.Message,
        expires=time_from(message.Spec.Expires),
    )


# ------------------------------------------------- cluster, plugins, leases


def cluster_from(message: proto.PingResponse) -> ClusterInfo:
    return ClusterInfo(
        name=message.ClusterName,
        version=message.ServerVersion,
        public_address=message.ProxyPublicAddr,
        advanced_workflows=message.ServerFeatures.AdvancedAccessWorkflows,
    )


def plugin_data_from(
    records: Iterable[types.PluginDataV3], plugin: str
) -> Mapping[str, PluginData]:
    """One plugin's data by resource name: the server sends every plugin's, whatever was asked."""
    return MappingProxyType(
        {
            record.Metadata.Name: MappingProxyType(dict(record.Spec.Entries[plugin].Data))
            for record in records
            if plugin in record.Spec.Entries
        }
    )


def lease_from(message: types.SemaphoreLease, *, fallback: datetime) -> Lease:
    return Lease(
        kind=message.SemaphoreKind,
        name=message.SemaphoreName,
        id=message.LeaseID,
        expires=time_from(message.Expires) or fallback,
    )


def lease_to(lease: Lease) -> types.SemaphoreLease:
    return types.SemaphoreLease(
        SemaphoreKind=lease.kind,
        SemaphoreName=lease.name,
        LeaseID=lease.id,
        Expires=time_to(lease.expires),
    )
