"""Creating access requests: permissions, checks, their order and their texts."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from grpc import StatusCode

from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import label_values, role
from sandbox.teleport.timestamps import moment, stamp, utc_now
from teleport_client._proto.types_pb2 import (
    APPROVED,
    PENDING,
    AccessRequestConditions,
    AccessRequestConditionsReason,
    AccessRequestV3,
    AccessReviewThreshold,
    PromotedAccessList,
    ResourceAccessID,
    ResourceConstraints,
    ResourceID,
    RoleConditions,
    RoleOptions,
    SSHResourceConstraints,
)
from tests.sandbox.teleport.standin_client import Auth, Clock, Dial, listed, refused, wanted

INVALID = StatusCode.INVALID_ARGUMENT
HOUR = 3_600_000_000_000  # nanoseconds


async def test_server_names_the_request(alice: Auth, clock: Clock) -> None:
    """The name a client sends is replaced by a UUID of version 7 that carries the time."""
    sent = wanted("alice", "staging")
    made = await alice.CreateAccessRequestV2(sent)
    name = UUID(made.Metadata.Name)
    assert name.version == 7
    assert name.int >> 80 == int(clock().timestamp() * 1000)
    assert made.Metadata.Name != sent.Metadata.Name


async def test_roles_are_sorted_once_each(alice: Auth) -> None:
    """Roles come back sorted and without duplicates, the request pending and of its kind."""
    made = await alice.CreateAccessRequestV2(
        wanted("alice", "staging", "prod", "staging", RequestReason="x")
    )
    assert list(made.Spec.Roles) == ["prod", "staging"]
    assert (made.Kind, made.Version, made.Spec.State) == ("access_request", "v3", PENDING)


async def test_times_follow_the_session_limit(alice: Auth, clock: Clock) -> None:
    """Without wishes access, session and waiting all last the 30 hours of a certificate."""
    spec = (await alice.CreateAccessRequestV2(wanted("alice", "staging"))).Spec
    end = clock() + timedelta(hours=30)
    assert moment(spec.Created) == clock()
    assert [moment(it) for it in (spec.Expires, spec.MaxDuration, spec.SessionTTL)] == [end] * 3
    assert moment(spec.ResourceExpiry) == end


async def test_shorter_wish_wins(alice: Auth, clock: Clock) -> None:
    """A maximal duration below the session limit shortens access, session and waiting."""
    end = clock() + timedelta(hours=2)
    spec = (
        await alice.CreateAccessRequestV2(wanted("alice", "staging", MaxDuration=stamp(end)))
    ).Spec
    assert [moment(it) for it in (spec.Expires, spec.SessionTTL, spec.ResourceExpiry)] == [end] * 3


async def test_role_lets_access_outlast_the_session(
    stand_in: TeleportStandIn, alice: Auth, clock: Clock
) -> None:
    """A role's max_duration may exceed the session, while waiting ends after seven days."""
    dev = stand_in.cluster.roles["dev"]
    dev.Spec.Allow.Request.MaxDuration = 10 * 24 * HOUR
    longest = stamp(clock() + timedelta(days=14))
    request = wanted("alice", "staging", MaxDuration=longest)
    spec = (await alice.CreateAccessRequestV2(request)).Spec
    assert moment(spec.Expires) == clock() + timedelta(days=10)
    assert moment(spec.SessionTTL) == clock() + timedelta(hours=30)
    assert moment(spec.ResourceExpiry) == clock() + timedelta(days=7)


@pytest.mark.parametrize("dry_run", [True, False])
async def test_access_lasts_one_session_unless_a_duration_is_wanted(
    stand_in: TeleportStandIn, alice: Auth, clock: Clock, dry_run: bool
) -> None:
    """Even if a role has a longer max_duration (v17, calculateMaxAccessDuration)."""
    stand_in.cluster.roles["dev"].Spec.Allow.Request.MaxDuration = 10 * 24 * HOUR
    request = wanted("alice", "staging", DryRun=dry_run)
    spec = (await alice.CreateAccessRequestV2(request)).Spec
    assert moment(spec.Expires) == clock() + timedelta(hours=30)


async def test_callers_certificate_limits_the_session(
    stand_in: TeleportStandIn, dial: Dial, clock: Clock
) -> None:
    """The rest of the caller's certificate limits the session, not the requester's."""
    stand_in.write_identity("bot-teleport-chatops", lifetime=timedelta(hours=1))
    made = await dial("bot").CreateAccessRequestV2(wanted("alice", "staging"))
    a_moment = timedelta(seconds=5)  # the certificate is written after the clock has stopped
    assert moment(made.Spec.Expires) - clock() < timedelta(hours=1) + a_moment


async def test_session_beyond_the_limit(alice: Auth, clock: Clock) -> None:
    """A session wish beyond the limit is refused with both durations, to the nanosecond."""
    wish = stamp(clock() + timedelta(hours=30, microseconds=2))
    code, text = await refused(
        alice.CreateAccessRequestV2(wanted("alice", "staging", Expires=wish))
    )
    assert code == INVALID
    assert re.fullmatch(
        r"invalid session TTL: 30h0m0\.00000\d{1,4}s greater than maximum allowed \(30h0m0s\)", text
    )


@pytest.mark.parametrize(
    ("field", "offset", "text"),
    [
        (
            "MaxDuration",
            timedelta(days=15),
            "max_duration must be less than or equal to 336h0m0s",
        ),
        (
            "MaxDuration",
            timedelta(hours=-1),
            "invalid maxDuration: must be greater than creation time",
        ),
        (
            "ResourceExpiry",
            timedelta(hours=-1),
            "invalid request TTL: Access Request can not be created in the past",
        ),
        (
            "ResourceExpiry",
            timedelta(hours=31, microseconds=-1),  # the server's clock is up to a microsecond ahead
            "invalid request TTL: 30h59m59.99999",
        ),
        ("AssumeStartTime", timedelta(hours=-1), "assume start time has to be after "),
        (
            "AssumeStartTime",
            timedelta(hours=31),
            "assume start time must be prior to access expiry time at ",
        ),
    ],
)
async def test_time_out_of_range(
    alice: Auth, clock: Clock, field: str, offset: timedelta, text: str
) -> None:
    """Every time out of its range is refused in Teleport's words."""
    request = wanted("alice", "staging")
    getattr(request.Spec, field).CopyFrom(stamp(clock() + offset))
    code, details = await refused(alice.CreateAccessRequestV2(request))
    assert (code, details[: len(text)]) == (INVALID, text)


async def test_start_too_far_away(stand_in: TeleportStandIn, alice: Auth, clock: Clock) -> None:
    """Access may begin at most seven days after the request, if it lasts that long."""
    stand_in.cluster.roles["dev"].Spec.Allow.Request.MaxDuration = 10 * 24 * HOUR
    start, end = (stamp(clock() + timedelta(days=days)) for days in (8, 10))
    request = wanted("alice", "staging", AssumeStartTime=start, MaxDuration=end)
    code, details = await refused(alice.CreateAccessRequestV2(request))
    assert code == INVALID
    assert details.startswith("assume start time is too far in the future, latest time allowed is ")


async def test_year_one_means_not_given(alice: Auth, clock: Clock) -> None:
    """Times that a Go client writes as year 1 are read as not given."""
    never = stamp(None)
    request = wanted("alice", "staging", Expires=never, MaxDuration=never, SessionTTL=never)
    made = await alice.CreateAccessRequestV2(request)
    assert moment(made.Spec.Expires) == clock() + timedelta(hours=30)


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (wanted("alice", "staging", name=""), "missing parameter Name"),
        (
            wanted("alice", "staging", ResolveReason="x"),
            "pending requests cannot include resolve reason",
        ),
        (
            wanted("alice", "staging", ResolveAnnotations=label_values({"a": ["b"]})),
            "pending requests cannot include resolve annotations",
        ),
        (wanted("", "staging"), "access request user name not set"),
        (wanted("alice"), "access request does not specify any roles or resources"),
        (wanted("alice", "staging", name="mine"), 'invalid access request ID "mine"'),
        (
            wanted("alice", "staging", RequestReason="ü" * 2049),
            "access request reason is too long, max 4096 bytes",
        ),
    ],
)
async def test_malformed_request(alice: Auth, request_: AccessRequestV3, text: str) -> None:
    """A malformed request is rejected before any check of permissions."""
    assert await refused(alice.CreateAccessRequestV2(request_)) == (INVALID, text)


async def test_reason_of_exactly_the_limit(alice: Auth) -> None:
    """A reason of 4096 bytes is accepted."""
    made = await alice.CreateAccessRequestV2(wanted("alice", "staging", RequestReason="x" * 4096))
    assert len(made.Spec.RequestReason) == 4096


async def test_create_for_another_user_needs_the_verb(bob: Auth, bot: Auth) -> None:
    """The bot may create for others, a person without the verb may not."""
    assert await refused(bob.CreateAccessRequestV2(wanted("alice", "staging"))) == (
        StatusCode.PERMISSION_DENIED,
        'access denied to perform action "create" on "access_request"',
    )
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    assert made.Spec.User == "alice"


async def test_unknown_requester(bot: Auth) -> None:
    """A request for a user that does not exist is not found."""
    assert await refused(bot.CreateAccessRequestV2(wanted("unknown", "staging"))) == (
        StatusCode.NOT_FOUND,
        'user "unknown" not found',
    )


async def test_own_request_cannot_be_born_approved(alice: Auth, admin: Auth) -> None:
    """A resolved request needs the verb, and even then a user can't create their own."""
    code, _ = await refused(alice.CreateAccessRequestV2(wanted("alice", "staging", State=APPROVED)))
    assert code == StatusCode.PERMISSION_DENIED
    assert await refused(admin.CreateAccessRequestV2(wanted("dana", "prod", State=APPROVED))) == (
        StatusCode.PERMISSION_DENIED,
        "cannot create access request for self in non-pending state",
    )


async def test_resolved_request_for_another_user(
    stand_in: TeleportStandIn, admin: Auth, dial: Dial
) -> None:
    """With the verb a request may be born decided, unless an access request lent the verb."""
    made = await admin.CreateAccessRequestV2(wanted("alice", "staging", State=APPROVED))
    assert made.Spec.State == APPROVED
    now = utc_now()
    identity = Identity("dana", ("admin",), "main", now + timedelta(days=1), ("some-request",))
    stand_in.authority.identity_file(identity, now).write(stand_in.identity("dana"))
    request = wanted("alice", "staging", State=APPROVED)
    assert await refused(dial("dana").CreateAccessRequestV2(request)) == (
        StatusCode.PERMISSION_DENIED,
        "cannot create access requests in non-pending state while using an access request",
    )


async def test_wildcard_is_for_pending_requests(admin: Auth) -> None:
    """A decided request names its roles, and an access list has its title by promotion only."""
    assert await refused(admin.CreateAccessRequestV2(wanted("alice", "*", State=APPROVED))) == (
        INVALID,
        "wildcard requests are not permitted in state APPROVED",
    )
    titled = wanted("alice", "staging", accessList=PromotedAccessList(Title="On call"))
    assert await refused(admin.CreateAccessRequestV2(titled)) == (
        INVALID,
        "only promoted requests can set the promoted access list title",
    )


async def test_missing_reason_comes_before_forbidden_role(alice: Auth) -> None:
    """Of two mistakes the missing reason is reported, not the role out of reach."""
    assert await refused(alice.CreateAccessRequestV2(wanted("alice", "admin", "prod"))) == (
        INVALID,
        'request reason must be specified (required for role "prod")',
    )


async def test_blank_reason_is_none(alice: Auth) -> None:
    """White space does not count as a reason."""
    code, details = await refused(
        alice.CreateAccessRequestV2(wanted("alice", "prod", RequestReason=" \n\t"))
    )
    assert code == INVALID
    assert details.startswith("request reason must be specified")


async def test_role_demands_a_reason_for_everything(stand_in: TeleportStandIn, alice: Auth) -> None:
    """request_access: reason requires one for every request, and shows the prompts."""
    options = RoleOptions(RequestAccess="reason", RequestPrompt="Which ticket?")
    stand_in.cluster.roles["dev"].Spec.Options.MergeFrom(options)
    assert await refused(alice.CreateAccessRequestV2(wanted("alice", "staging"))) == (
        INVALID,
        (
            "request reason must be specified (required request_access option in one of the roles)"
            "\nWhich ticket?"
        ),
    )


async def test_pattern_demands_no_reason(stand_in: TeleportStandIn, dial: Dial) -> None:
    """reason.mode compares names as they are spelled: a pattern asks no reason for its matches."""
    conditions = AccessRequestConditions(
        Roles=["st*"], Reason=AccessRequestConditionsReason(Mode="required")
    )
    stand_in.cluster.put_role(role("picky", RoleConditions(Request=conditions)))
    stand_in.cluster.add_user("mia", ["picky"])
    made = await dial("mia").CreateAccessRequestV2(wanted("mia", "staging"))
    assert made.Spec.State == PENDING


async def test_forbidden_role(alice: Auth) -> None:
    """A role that no rule offers cannot be requested."""
    assert await refused(alice.CreateAccessRequestV2(wanted("alice", "admin"))) == (
        INVALID,
        'user "alice" can not request role "admin"',
    )


async def test_denied_role(stand_in: TeleportStandIn, alice: Auth) -> None:
    """A denial wins over an offer, for names and for resources."""
    dev = stand_in.cluster.roles["dev"].Spec
    dev.Deny.Request.Roles.append("stag*")
    dev.Allow.Request.SearchAsRoles.append("staging")
    text = 'user "alice" can not request role "staging"'
    assert await refused(alice.CreateAccessRequestV2(wanted("alice", "staging"))) == (INVALID, text)
    node = ResourceID(ClusterName="main", Kind="node", Name="n")
    request = wanted("alice", "staging", RequestedResourceIDs=[node])
    assert await refused(alice.CreateAccessRequestV2(request)) == (INVALID, text)


async def test_role_that_only_a_pattern_knows(stand_in: TeleportStandIn, alice: Auth) -> None:
    """A role that a pattern allows but that does not exist fails at the computation of times."""
    stand_in.cluster.roles["dev"].Spec.Allow.Request.Roles.append("ghost-*")
    assert await refused(alice.CreateAccessRequestV2(wanted("alice", "ghost-1"))) == (
        INVALID,
        "invalid session TTL: role ghost-1 is not found",
    )


async def test_wildcard(stand_in: TeleportStandIn, alice: Auth, dial: Dial) -> None:
    """A lone asterisk asks for every role that can be requested and is not held."""
    made = await alice.CreateAccessRequestV2(wanted("alice", "*", RequestReason="all"))
    assert list(made.Spec.Roles) == ["prod", "staging"]
    stand_in.cluster.add_user("mia", ["staging"])
    assert await refused(dial("mia").CreateAccessRequestV2(wanted("mia", "*"))) == (
        INVALID,
        "no requestable roles, please verify static RBAC configuration",
    )


async def test_thresholds_of_every_offering_role(alice: Auth) -> None:
    """Each requested role maps to the thresholds of the roles that offer it."""
    spec = (
        await alice.CreateAccessRequestV2(wanted("alice", "prod", "staging", RequestReason="x"))
    ).Spec
    assert list(spec.Thresholds) == [
        AccessReviewThreshold(Approve=2, Deny=1),
        AccessReviewThreshold(Name="default", Approve=1, Deny=1),
    ]
    assert {
        name: [list(it.Indexes) for it in sets.Sets]
        for name, sets in spec.RoleThresholdMapping.items()
    } == {"prod": [[0]], "staging": [[1]]}


async def test_suggestions_and_annotations(stand_in: TeleportStandIn, alice: Auth) -> None:
    """Roles supply suggested reviewers when the client names none, and annotations always."""
    conditions = stand_in.cluster.roles["dev"].Spec.Allow.Request
    conditions.SuggestedReviewers.extend(["carol", "bob"])
    conditions.Annotations.CopyFrom(label_values({"service": ["db"]}))
    made = await alice.CreateAccessRequestV2(wanted("alice", "staging"))
    assert list(made.Spec.SuggestedReviewers) == ["bob", "carol"]
    assert made.Spec.SystemAnnotations == label_values({"service": ["db"]})
    made = await alice.CreateAccessRequestV2(
        wanted("alice", "staging", SuggestedReviewers=["dana"])
    )
    assert list(made.Spec.SuggestedReviewers) == ["dana"]


async def test_dry_run(alice: Auth, clock: Clock) -> None:
    """A dry run accepts a missing reason, reports that one is needed, and stores nothing."""
    made = await alice.CreateAccessRequestV2(wanted("alice", "prod", DryRun=True))
    assert made.Spec.DryRunEnrichment.ReasonMode == "required"
    assert moment(made.Spec.MaxDuration) == clock() + timedelta(hours=30)
    assert await listed(alice) == []


async def test_deny_rule_forbids_even_ones_own(stand_in: TeleportStandIn, alice: Auth) -> None:
    """A role that denies create on access_request stops requests for oneself too."""
    rule = stand_in.cluster.roles["dev"].Spec.Deny.Rules.add()
    rule.Resources.append("access_request")
    rule.Verbs.append("create")
    code, _ = await refused(alice.CreateAccessRequestV2(wanted("alice", "staging")))
    assert code == StatusCode.PERMISSION_DENIED


async def test_admin_action_needs_a_second_factor(
    stand_in: TeleportStandIn, admin: Auth, bot: Auth
) -> None:
    """Where admin actions ask for MFA, a person cannot create for others and a bot still can."""
    stand_in.cluster.admin_actions_need_mfa = True
    assert await refused(admin.CreateAccessRequestV2(wanted("alice", "staging"))) == (
        StatusCode.PERMISSION_DENIED,
        "admin-level API request requires MFA verification",
    )
    await bot.CreateAccessRequestV2(wanted("alice", "staging"))


async def test_request_for_resources(stand_in: TeleportStandIn, alice: Auth) -> None:
    """Roles for requested nodes are chosen among those one may search as."""
    stand_in.cluster.roles["dev"].Spec.Allow.Request.SearchAsRoles.extend(["staging", "prod"])
    node = next(it for it in stand_in.cluster.nodes if it.Spec.Hostname == "prod-db")
    resource = ResourceID(ClusterName="main", Kind="node", Name=node.Metadata.Name)
    made = await alice.CreateAccessRequestV2(
        wanted("alice", RequestedResourceIDs=[resource, resource])
    )
    assert list(made.Spec.Roles) == ["prod"]
    assert list(made.Spec.RequestedResourceIDs) == [resource]


async def test_resources_with_constraints(stand_in: TeleportStandIn, alice: Auth) -> None:
    """They are kept as they are, where the kind of the resource has constraints."""
    stand_in.cluster.roles["dev"].Spec.Allow.Request.SearchAsRoles.append("staging")
    node = next(it for it in stand_in.cluster.nodes if it.Metadata.Labels["tier"] == "staging")
    limited = ResourceAccessID(
        id=ResourceID(ClusterName="main", Kind="node", Name=node.Metadata.Name),
        constraints=ResourceConstraints(version="v1", ssh=SSHResourceConstraints(logins=["root"])),
    )
    made = await alice.CreateAccessRequestV2(wanted("alice", RequestedResourceAccessIDs=[limited]))
    assert list(made.Spec.Roles) == ["staging"]
    assert list(made.Spec.RequestedResourceAccessIDs) == [limited]
    limited.id.Kind = "db"
    request = wanted("alice", RequestedResourceAccessIDs=[limited])
    assert await refused(alice.CreateAccessRequestV2(request)) == (
        INVALID,
        'resource kind "db" does not support resource constraints',
    )


@pytest.mark.parametrize(
    ("resources", "code", "text"),
    [
        (
            [ResourceID(ClusterName="main", Kind="node", Name="n")],
            INVALID,
            (
                'no roles configured in the "search_as_roles" for this user allow access to any '
                "requested resources. The user may already have access to all requested resources "
                'with their existing roles. resources: ["/main/node/n"] roles: [prod staging] '
                'login: ""'
            ),
        ),
        (
            [ResourceID(ClusterName="leaf", Kind="node", Name="n")],
            StatusCode.NOT_FOUND,
            "access request contains invalid or unknown cluster names: leaf",
        ),
        (
            [ResourceID(ClusterName="main", Kind="node", Name=str(n)) for n in range(301)],
            INVALID,
            "access request contains too many resources (301), max 300",
        ),
        (
            [ResourceID(ClusterName="main", Kind="node", Name="n" * 2048)],
            INVALID,
            (
                "access request exceeds maximum length: "
                "try reducing the number of resources in the request"
            ),
        ),
    ],
)
async def test_unusable_resources(
    alice: Auth, resources: list[ResourceID], code: StatusCode, text: str
) -> None:
    """Resources out of reach, unknown or too many are refused, each with its own code."""
    request = wanted("alice", RequestedResourceIDs=resources)
    assert await refused(alice.CreateAccessRequestV2(request)) == (code, text)
