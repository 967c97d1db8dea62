"""Conversion between Teleport's messages and our values."""

from dataclasses import replace
from datetime import UTC, datetime
from operator import attrgetter

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client._proto import userloginstate_pb2 as login_states
from teleport_client._proto import wrappers_pb2 as wrappers
from teleport_client.model.access_request import (
    AccessRequest,
    Constraints,
    NewAccessRequest,
    RequestState,
    ResourceId,
    Review,
)
from teleport_client.model.cluster import Lease
from teleport_client.model.lock import Lock
from teleport_client.model.user import (
    ClaimMapping,
    Conditions,
    ReviewConditions,
    Role,
    Rule,
    StaticAccess,
    User,
)
from teleport_client.rpc.timestamps import time_from, time_to
from teleport_client.services.access_requests import (
    new_request_to,
    request_from,
    review_to,
    state_to,
)
from teleport_client.services.cluster import cluster_from
from teleport_client.services.locks import lock_from, lock_to
from teleport_client.services.plugin_data import plugin_data_from
from teleport_client.services.roles import role_from
from teleport_client.services.semaphores import lease_from, lease_to
from teleport_client.services.users import login_state_from, user_from
from tests.strategies import maybe_moments, moments, names, requests, reviews, texts
from workspace.moment import in_utc

GO_ZERO_TIME = Timestamp(seconds=-62135596800)


def stamp(moment: datetime | None) -> Timestamp:
    """Return a timestamp as a server writes it: a missing time is Go's zero time."""
    return GO_ZERO_TIME if moment is None else time_to(moment)


def written(request: AccessRequest) -> types.AccessRequestV3:
    """Return the message that a server sends for a request."""
    return types.AccessRequestV3(
        Kind="access_request",
        Version="v3",
        Metadata=types.Metadata(Name=request.id),
        Spec=types.AccessRequestSpecV3(
            User=request.user,
            Roles=request.roles,
            State=state_to(request.state),
            Created=stamp(request.created),
            Expires=stamp(request.access_until),
            ResourceExpiry=stamp(request.expires),
            RequestReason=request.reason,
            ResolveReason=request.resolve_reason,
            Thresholds=[
                types.AccessReviewThreshold(
                    Name=one.name, Filter=one.filter, Approve=one.approve, Deny=one.deny
                )
                for one in request.thresholds
            ],
            RoleThresholdMapping={
                role: types.ThresholdIndexSets(
                    Sets=[types.ThresholdIndexSet(Indexes=indexes) for indexes in sets]
                )
                for role, sets in request.role_thresholds.items()
            },
            Reviews=[review_message(review) for review in request.reviews],
            SuggestedReviewers=request.suggested_reviewers,
            RequestedResourceIDs=map(resource_message, request.resources),
            RequestedResourceAccessIDs=map(access_message, request.resources)
            if any(one.constraints for one in request.resources)
            else (),
            AssumeStartTime=stamp(request.assume_start),
            accessList=types.PromotedAccessList(Title=request.promoted_to),
            RequestKind=types.AccessRequestKind.LONG_TERM
            if request.long_term
            else types.AccessRequestKind.SHORT_TERM,
            SystemAnnotations=wrappers.LabelValues(
                Values={
                    key: wrappers.StringValues(Values=values)
                    for key, values in (request.annotations or {}).items()
                }
            ),
        ),
    )


def resource_message(resource: ResourceId) -> types.ResourceID:
    return types.ResourceID(
        ClusterName=resource.cluster,
        Kind=resource.kind,
        Name=resource.name,
        SubResourceName=resource.sub_resource,
    )


def access_message(resource: ResourceId) -> types.ResourceAccessID:
    written = types.ResourceAccessID(id=resource_message(resource))
    if (constraints := resource.constraints) is not None:
        written.constraints.version = "v1"
        if constraints.principal == "login":
            written.constraints.ssh.logins.extend(constraints.allowed)
        else:
            written.constraints.aws_console.role_arns.extend(constraints.allowed)
    return written


def review_message(review: Review) -> types.AccessReview:
    return types.AccessReview(
        Author=review.author,
        ProposedState=state_to(review.state),
        Reason=review.reason,
        Created=stamp(review.created),
        ThresholdIndexes=review.threshold_indexes,
        SubmittedBy=review.submitted_by,
        AssumeStartTime=stamp(review.assume_start),
    )


@given(requests())
def test_every_field_of_a_request_is_converted(request: AccessRequest) -> None:
    sent = written(request).SerializeToString()
    assert request_from(types.AccessRequestV3.FromString(sent)) == request


NODE = ResourceId("main", "node", "web-1")
LIMITED = types.ResourceAccessID(
    id=resource_message(NODE),
    constraints=types.ResourceConstraints(
        version="v1", ssh=types.SSHResourceConstraints(logins=["root"])
    ),
)


def test_resource_in_both_lists_is_converted_once() -> None:
    """The older list can name a resource with constraints without them."""
    spec = types.AccessRequestSpecV3(
        RequestedResourceIDs=[resource_message(NODE), resource_message(replace(NODE, name="b"))],
        RequestedResourceAccessIDs=[LIMITED],
    )
    limited = replace(NODE, constraints=Constraints("login", ("root",)))
    read = request_from(types.AccessRequestV3(Spec=spec))
    assert read.resources == (limited, replace(NODE, name="b"))


@pytest.mark.parametrize(
    ("place", "field"),
    [("", 3), ("constraints", 12), ("constraints.ssh", 2), ("id", 9)],
)
def test_unknown_constraints_are_not_ignored(place: str, field: int) -> None:
    """An unknown field can limit access further."""
    message = types.ResourceAccessID.FromString(LIMITED.SerializeToString())
    part = attrgetter(place)(message) if place else message
    part.MergeFromString(bytes([field << 3 | 2, 1]) + b"x")
    read = request_from(
        types.AccessRequestV3(Spec=types.AccessRequestSpecV3(RequestedResourceAccessIDs=[message]))
    )
    (constraints,) = (each.constraints for each in read.resources)
    assert constraints is not None
    assert not constraints.readable


@pytest.mark.parametrize(
    "constraints",
    [
        types.ResourceConstraints(),
        types.ResourceConstraints(version="v1"),
        types.ResourceConstraints(version="v1", ssh=types.SSHResourceConstraints()),
        types.ResourceConstraints(version="v2", ssh=types.SSHResourceConstraints(logins=["root"])),
    ],
)
def test_constraints_of_another_format_are_unreadable(
    constraints: types.ResourceConstraints,
) -> None:
    """Only Teleport can interpret them."""
    limited = types.ResourceAccessID(id=resource_message(NODE), constraints=constraints)
    spec = types.AccessRequestSpecV3(RequestedResourceAccessIDs=[limited])
    (read,) = request_from(types.AccessRequestV3(Spec=spec)).resources
    assert read.constraints is not None
    assert not read.constraints.readable


@given(moments)
def test_time_survives_conversion(moment: datetime) -> None:
    """Python's resolution is a microsecond."""
    assert time_from(time_to(moment)) == moment


@pytest.mark.parametrize("stamp", [Timestamp(), GO_ZERO_TIME, Timestamp(seconds=-1)])
def test_missing_time_is_none(stamp: Timestamp) -> None:
    """Go's zero time and an absent message mean the same."""
    assert time_from(stamp) is None


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1))
def test_any_timestamp_is_converted(seconds: int, nanos: int) -> None:
    """One malformed time must not make a list of all requests fail."""
    moment = time_from(Timestamp(seconds=seconds, nanos=nanos))
    assert moment is None or moment.year < 9999


@pytest.mark.parametrize(
    "last", [datetime(9998, 12, 31, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)]
)
@pytest.mark.parametrize("nanos", [-(2**31), 0, 2**31 - 1])
def test_time_of_a_request_can_be_stored_in_the_ledger(last: datetime, nanos: int) -> None:
    """With an unreadable entry, each start would post a second card."""
    for seconds in (1, *(int(last.timestamp()) + step for step in range(-3, 4))):
        moment = time_from(Timestamp(seconds=seconds, nanos=nanos))
        assert moment is None or in_utc(moment) == moment


@given(names, st.lists(names, max_size=3), texts, maybe_moments, st.booleans())
def test_new_request_omits_absent_values(
    user: str, roles: list[str], reason: str, until: datetime | None, dry_run: bool
) -> None:
    """The name is a UUID, because servers reject other names."""
    new = NewAccessRequest(user, tuple(roles), reason, until)
    message = new_request_to(new, dry_run=dry_run)
    spec = message.Spec
    assert (spec.User, list(spec.Roles), spec.RequestReason) == (user, roles, reason)
    assert spec.DryRun is dry_run
    assert spec.HasField("MaxDuration") is (until is not None)
    assert len(message.Metadata.Name) == len("00000000-0000-0000-0000-000000000000")
    assert not spec.HasField("Expires")


@given(reviews)
def test_review_is_submitted_on_behalf_of_its_author(review: Review) -> None:
    """The message contains the flag and the author. The server adds the submitter."""
    message = review_to(review)
    assert message.Author == review.author
    assert message.submitted_on_behalf_of_author
    assert not message.SubmittedBy
    assert time_from(message.AssumeStartTime) == time_from(stamp(review.assume_start))


def test_dry_run_shows_whether_a_reason_is_required() -> None:
    """The enrichment is optional: older servers omit it."""
    spec = types.AccessRequestSpecV3(
        DryRunEnrichment=types.AccessRequestDryRunEnrichment(
            ReasonMode="required", ReasonPrompts=["ticket?"]
        )
    )
    tried = request_from(types.AccessRequestV3(Spec=spec)).dry_run
    assert tried is not None
    assert (tried.reason_required, tried.reason_prompts) == (True, ("ticket?",))
    assert request_from(types.AccessRequestV3()).dry_run is None


def test_unknown_state_counts_as_pending() -> None:
    """An unknown number must not appear as a resolution."""
    spec = types.AccessRequestSpecV3()
    spec.ParseFromString(b"\x18\x63")  # field 3 = 99
    assert request_from(types.AccessRequestV3(Spec=spec)).state is RequestState.PENDING


def test_users_and_roles_are_converted() -> None:
    user = types.UserV2(
        Metadata=types.Metadata(Name="bob", Labels={"teleport.internal/bot": "x"}),
        Spec=types.UserSpecV2(
            Roles=["dev"],
            Traits=wrappers.LabelValues(Values={"a": wrappers.StringValues(Values=["1", "2"])}),
            Status=types.LoginStatus(IsLocked=True, LockExpires=Timestamp(seconds=10)),
        ),
    )
    assert user_from(user) == User(
        name="bob",
        roles=("dev",),
        traits={"a": ("1", "2")},
        locked=True,
        lock_expires=datetime.fromtimestamp(10, UTC),
        bot=True,
    )
    allow = types.RoleConditions(
        Rules=[types.Rule(Resources=["r"], Verbs=["v"], Where="w")],
        ReviewRequests=types.AccessReviewConditions(
            Roles=["x"],
            ClaimsToRoles=[types.ClaimMapping(Claim="c", Value="v", Roles=["z"])],
            Where="y",
        ),
    )
    role = types.RoleV6(Metadata=types.Metadata(Name="r"), Spec=types.RoleSpecV6(Allow=allow))
    assert role_from(role) == Role(
        "r",
        allow=Conditions(
            rules=(Rule(("r",), ("v",), "w"),),
            review=ReviewConditions(("x",), (ClaimMapping("c", "v", ("z",)),), where="y"),
        ),
    )


def test_login_state_is_converted() -> None:
    """Its traits have a different wire format from a user's."""
    message = login_states.UserLoginState(spec=login_states.Spec(roles=["a"]))
    message.spec.traits.add(key="t", values=["1"])
    assert login_state_from(message) == StaticAccess(("a",), {"t": ("1",)})


def test_only_our_own_plugin_data_is_used() -> None:
    """A server sends the data of all plugins."""
    record = types.PluginDataV3(Metadata=types.Metadata(Name="id-1"))
    record.Spec.Entries["ours"].Data["k"] = "v"
    record.Spec.Entries["slack"].Data["k"] = "theirs"
    other = types.PluginDataV3(Metadata=types.Metadata(Name="id-2"))
    other.Spec.Entries["slack"].Data["k"] = "theirs"
    assert plugin_data_from([record, other], "ours") == {"id-1": {"k": "v"}}


@given(names, names, names, moments)
def test_lease_survives_conversion(kind: str, name: str, lease_id: str, expires: datetime) -> None:
    """The keep-alive call sends the same lease back."""
    lease = Lease(kind, name, lease_id, expires)
    assert lease_from(lease_to(lease), fallback=expires) == lease


@pytest.mark.parametrize(
    ("address", "licensed", "page"),
    [
        ("teleport.example.com:443", True, "https://teleport.example.com/web/requests/"),
        ("teleport.example.com:3080", True, "https://teleport.example.com:3080/web/requests/"),
        ("teleport.example.com:443", False, ""),
        ("", True, ""),
    ],
)
def test_request_has_a_link_when_teleport_has_a_page(
    address: str, licensed: bool, page: str
) -> None:
    """Only clusters licensed for reviews have the page, and only with a public address."""
    response = proto.PingResponse(
        ClusterName="main",
        ProxyPublicAddr=address,
        ServerFeatures=proto.Features(AdvancedAccessWorkflows=licensed),
    )
    assert cluster_from(response).request_url_base == page


def test_suggested_reviewers_are_limited_to_the_first() -> None:
    """Teleport limits neither their number nor their names, and the mirror holds all requests."""
    message = types.AccessRequestV3()
    message.Spec.SuggestedReviewers.extend(["x" * 1000, *(str(n) for n in range(100_000))])
    kept = request_from(message).suggested_reviewers
    assert kept == tuple(str(n) for n in range(99))


def test_many_annotations_are_not_remembered() -> None:
    """Roles set them, and Teleport doesn't limit them."""
    message = types.AccessRequestV3()
    message.Spec.SystemAnnotations.Values["a"].Values.extend(["x"])
    assert request_from(message).annotations == {"a": ("x",)}
    message.Spec.SystemAnnotations.Values["b"].Values.extend(["x" * 100] * 100)
    assert request_from(message).annotations is None


@given(
    lock=st.builds(
        Lock,
        name=names,
        user=names,
        role=names,
        access_request=names,
        message=texts,
        expires=maybe_moments,
    )
)
def test_lock_survives_conversion(lock: Lock) -> None:
    """The server fills in the time of creation: an empty timestamp would be 1970."""
    message = lock_to(lock)
    assert not message.Spec.HasField("CreatedAt")
    assert lock_from(message) == lock


@pytest.mark.parametrize(
    "target", [types.LockTarget(Login="root").SerializeToString(), b"\x7a\x01x"]
)
def test_other_targets_of_a_lock_are_noticed(target: bytes) -> None:
    """Field 15 stands for a target of a newer Teleport."""
    message = lock_to(Lock(user="alice"))
    message.Spec.Target.MergeFromString(target)
    assert lock_from(message) == Lock(user="alice", more_targets=True)
