"""Deciding and deleting directly, as an administrator does with tctl."""

from datetime import timedelta

import pytest
from grpc import StatusCode

from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import label_values, rule
from sandbox.teleport.timestamps import utc_now
from teleport_client._proto.authservice_pb2 import RequestID, RequestStateSetter
from teleport_client._proto.types_pb2 import (
    APPROVED,
    DENIED,
    NONE,
    PROMOTED,
    AccessRequestV3,
    RequestState,
)
from tests.sandbox.teleport.standin_client import Auth, Dial, refused, wanted

DENIED_CODE = StatusCode.PERMISSION_DENIED
INVALID = StatusCode.INVALID_ARGUMENT


@pytest.fixture
async def made(alice: Auth) -> AccessRequestV3:
    return await alice.CreateAccessRequestV2(wanted("alice", "prod", "staging", RequestReason="x"))


def setter(
    request: AccessRequestV3, state: RequestState.ValueType, **fields: object
) -> RequestStateSetter:
    return RequestStateSetter(ID=request.Metadata.Name, State=state, **fields)  # type: ignore[arg-type]


async def test_approval_bypasses_thresholds(
    stand_in: TeleportStandIn, admin: Auth, made: AccessRequestV3
) -> None:
    """An administrator's word is enough where two approvals are asked for."""
    annotations = label_values({"ticket": ["1"]})
    await admin.SetAccessRequestState(
        setter(made, APPROVED, Reason="now", Delegator="bob", Annotations=annotations)
    )
    spec = stand_in.cluster.requests[made.Metadata.Name].Spec
    assert (spec.State, spec.ResolveReason) == (APPROVED, "now")
    assert spec.ResolveAnnotations == annotations
    assert spec.ResourceExpiry == spec.Expires
    assert list(spec.Reviews) == []


async def test_verb_update_is_needed(bot: Auth, made: AccessRequestV3) -> None:
    """The bot of an Enterprise cluster has no update, so it cannot decide directly."""
    assert await refused(bot.SetAccessRequestState(setter(made, APPROVED))) == (
        DENIED_CODE,
        'access denied to perform action "update" on "access_request"',
    )


async def test_order_and_words_of_the_checks(admin: Auth, made: AccessRequestV3) -> None:
    """Promotion, absence and a missing state each have their own answer."""
    assert await refused(admin.SetAccessRequestState(setter(made, PROMOTED))) == (
        INVALID,
        "state promoted can be only set when promoting to access list",
    )
    gone = RequestStateSetter(ID="gone", State=NONE)
    assert await refused(admin.SetAccessRequestState(gone)) == (
        StatusCode.NOT_FOUND,
        'cannot set state of access request "gone" (not found)',
    )
    assert await refused(admin.SetAccessRequestState(setter(made, NONE))) == (
        INVALID,
        "missing request state",
    )


async def test_own_request(stand_in: TeleportStandIn, admin: Auth) -> None:
    """A user can't resolve their own request."""
    stand_in.cluster.roles["admin"].Spec.Allow.Request.Roles.append("prod")
    made = await admin.CreateAccessRequestV2(wanted("dana", "prod"))
    assert await refused(admin.SetAccessRequestState(setter(made, APPROVED))) == (
        DENIED_CODE,
        "directly updating the state of your own access requests is not permitted",
    )


async def test_invisible_request_is_not_found(
    stand_in: TeleportStandIn, bob: Auth, admin: Auth
) -> None:
    """A user with update but without visibility gets NotFound."""
    stand_in.cluster.roles["dev"].Spec.Allow.Rules.append(rule("access_request", "update"))
    made = await admin.CreateAccessRequestV2(wanted("bob", "staging"))
    stand_in.cluster.add_user("mia", ["dev"])
    code, _ = await refused(bob.SetAccessRequestState(setter(made, APPROVED)))
    assert code == DENIED_CODE  # bob's own
    stand_in.cluster.users["bob"].Spec.Roles[:] = ["dev"]
    other = await admin.CreateAccessRequestV2(wanted("mia", "staging"))
    code, _ = await refused(bob.SetAccessRequestState(setter(other, APPROVED)))
    assert code == StatusCode.NOT_FOUND


async def test_narrower_roles(
    stand_in: TeleportStandIn, admin: Auth, made: AccessRequestV3
) -> None:
    """An approval may leave out requested roles, a denial may not, and none may be added."""
    assert await refused(admin.SetAccessRequestState(setter(made, DENIED, Roles=["prod"]))) == (
        INVALID,
        "cannot override roles when setting state: DENIED",
    )
    assert await refused(admin.SetAccessRequestState(setter(made, APPROVED, Roles=["dev"]))) == (
        INVALID,
        'role "dev" not in original request, overrides must be a subset of original role list',
    )
    await admin.SetAccessRequestState(setter(made, APPROVED, Roles=["staging"]))
    assert list(stand_in.cluster.requests[made.Metadata.Name].Spec.Roles) == ["staging"]
    code, _ = await refused(admin.SetAccessRequestState(setter(made, APPROVED, Roles=["prod"])))
    assert code == INVALID  # a left-out role stays out


async def test_denial_is_final_and_approval_is_not(
    stand_in: TeleportStandIn, admin: Auth, made: AccessRequestV3
) -> None:
    """An approval can be taken back; after a denial only another denial is accepted."""
    await admin.SetAccessRequestState(setter(made, APPROVED))
    await admin.SetAccessRequestState(setter(made, DENIED))
    assert stand_in.cluster.requests[made.Metadata.Name].Spec.State == DENIED
    await admin.SetAccessRequestState(setter(made, DENIED))
    assert await refused(admin.SetAccessRequestState(setter(made, APPROVED))) == (
        INVALID,
        'cannot set request-state "APPROVED" (already denied)',
    )


async def test_identity_with_active_requests(
    stand_in: TeleportStandIn, dial: Dial, made: AccessRequestV3
) -> None:
    """A user of an access request can't resolve others directly."""
    now = utc_now()
    identity = Identity("dana", ("admin",), "main", now + timedelta(days=1), ("some-request",))
    stand_in.authority.identity_file(identity, now).write(stand_in.identity("dana"))
    assert await refused(dial("dana").SetAccessRequestState(setter(made, APPROVED))) == (
        DENIED_CODE,
        "cannot directly update the state of an access request while using an access request",
    )


async def test_delete(
    stand_in: TeleportStandIn, admin: Auth, alice: Auth, made: AccessRequestV3
) -> None:
    """Deleting needs its verb, and a second time there is nothing to delete."""
    request_id = RequestID(ID=made.Metadata.Name)
    assert await refused(alice.DeleteAccessRequest(request_id)) == (
        DENIED_CODE,
        'access denied to perform action "delete" on "access_request"',
    )
    await admin.DeleteAccessRequest(request_id)
    assert made.Metadata.Name not in stand_in.cluster.requests
    assert await refused(admin.DeleteAccessRequest(request_id)) == (
        StatusCode.NOT_FOUND,
        f'cannot delete access request "{made.Metadata.Name}" (not found)',
    )
