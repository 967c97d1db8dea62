"""Submitting reviews: required permissions, the text of each check, and the resulting state."""

import pytest
from grpc import StatusCode

from sandbox.cast import BOT_USER
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import label_values, login_state, role
from sandbox.teleport.timestamps import moment, stamp
from teleport_client._proto.types_pb2 import (
    APPROVED,
    DENIED,
    NONE,
    PENDING,
    PROMOTED,
    AccessRequestV3,
    AccessReviewConditions,
    AccessReviewThreshold,
    RequestState,
    RoleConditions,
)
from tests.sandbox.teleport.standin_client import Auth, Clock, Dial, refused, vote, vote_for, wanted

DENIED_CODE = StatusCode.PERMISSION_DENIED


@pytest.fixture
async def staging(alice: Auth) -> AccessRequestV3:
    return await alice.CreateAccessRequestV2(wanted("alice", "staging"))


@pytest.fixture
async def prod(alice: Auth) -> AccessRequestV3:
    return await alice.CreateAccessRequestV2(wanted("alice", "prod", RequestReason="disk full"))


async def test_person_approves(bob: Auth, staging: AccessRequestV3, clock: Clock) -> None:
    """One approval meets the default threshold: state, reason and lifetime change with it."""
    after = await bob.SubmitAccessReview(vote(staging, Reason="go ahead"))
    spec = after.Spec
    assert (spec.State, spec.ResolveReason) == (APPROVED, "go ahead")
    assert spec.ResourceExpiry == spec.Expires
    (review,) = spec.Reviews
    assert (review.Author, review.SubmittedBy, list(review.ThresholdIndexes)) == ("bob", "", [0])
    assert moment(review.Created) == clock()


async def test_bot_approves_for_a_person(bot: Auth, staging: AccessRequestV3) -> None:
    """A review on behalf of a user has this user as author and the bot as submitter."""
    after = await bot.SubmitAccessReview(vote_for(staging, "bob"))
    (review,) = after.Spec.Reviews
    assert (review.Author, review.SubmittedBy) == ("bob", BOT_USER)
    assert review.submitted_on_behalf_of_author
    assert after.Spec.State == APPROVED


async def test_two_approvals(bot: Auth, prod: AccessRequestV3) -> None:
    """A threshold of two stays open after the first approval and closes with the second."""
    first = await bot.SubmitAccessReview(vote_for(prod, "bob"))
    assert first.Spec.State == PENDING
    second = await bot.SubmitAccessReview(vote_for(prod, "carol", Reason="fine"))
    assert (second.Spec.State, second.Spec.ResolveReason) == (APPROVED, "fine")


async def test_one_denial(bot: Auth, prod: AccessRequestV3) -> None:
    """One denial settles it, also after an approval."""
    await bot.SubmitAccessReview(vote_for(prod, "bob"))
    after = await bot.SubmitAccessReview(vote_for(prod, "carol", DENIED, Reason="not now"))
    assert (after.Spec.State, after.Spec.ResolveReason) == (DENIED, "not now")
    assert after.Spec.ResourceExpiry == prod.Spec.ResourceExpiry


async def test_promotion_is_not_a_review(bob: Auth, staging: AccessRequestV3) -> None:
    """Promotion is rejected before all other checks, even for a user without permissions."""
    assert await refused(bob.SubmitAccessReview(vote(staging, "carol", PROMOTED))) == (
        StatusCode.INVALID_ARGUMENT,
        "state promoted can be only set when promoting to access list",
    )


async def test_author_must_be_the_caller(bob: Auth, staging: AccessRequestV3) -> None:
    """Without the flag a user can't review in another user's name."""
    assert await refused(bob.SubmitAccessReview(vote(staging, "carol"))) == (
        DENIED_CODE,
        'user "bob" cannot submit reviews on behalf of "carol"',
    )


async def test_bot_cannot_name_another_submitter(bot: Auth, staging: AccessRequestV3) -> None:
    """SubmittedBy is the caller or left out."""
    review = vote_for(staging, "bob", SubmittedBy="carol")
    assert await refused(bot.SubmitAccessReview(review)) == (
        DENIED_CODE,
        f'user "{BOT_USER}" cannot submit reviews on behalf of "carol"',
    )


async def test_unknown_author(bot: Auth, staging: AccessRequestV3) -> None:
    """An author without a user record is refused as such."""
    assert await refused(bot.SubmitAccessReview(vote_for(staging, "unknown"))) == (
        DENIED_CODE,
        (
            f'user "{BOT_USER}" cannot submit reviews for "unknown", '
            "user could not be fetched from local store"
        ),
    )


async def test_submit_for_users_decides(
    stand_in: TeleportStandIn, bot: Auth, staging: AccessRequestV3
) -> None:
    """The submitter's role names the users it can submit reviews for, and a deny rule wins."""
    spec = stand_in.cluster.roles["teleport-chatops"].Spec
    spec.Deny.ReviewRequests.SubmitForUsers.append("car*")
    assert await refused(bot.SubmitAccessReview(vote_for(staging, "carol"))) == (
        DENIED_CODE,
        f'user "{BOT_USER}" cannot submit reviews for "carol"',
    )
    after = await bot.SubmitAccessReview(vote_for(staging, "bob"))
    assert after.Spec.State == APPROVED


async def test_person_without_the_right_cannot_submit_for_others(
    bob: Auth, staging: AccessRequestV3
) -> None:
    """The flag alone isn't enough: reading users comes first."""
    code, details = await refused(bob.SubmitAccessReview(vote_for(staging, "carol")))
    assert (code, details) == (
        DENIED_CODE,
        'access denied to perform action "read" on "user"',
    )


@pytest.mark.parametrize("author", ["alice", "erin"])
async def test_author_without_review_rules(
    bot: Auth, staging: AccessRequestV3, author: str
) -> None:
    """A user with roles that allow no reviews can't submit any."""
    assert await refused(bot.SubmitAccessReview(vote_for(staging, author))) == (
        DENIED_CODE,
        f'user "{author}" cannot submit reviews',
    )


async def test_missing_request(bot: Auth) -> None:
    """A missing ID and an unknown ID have different errors."""
    assert await refused(bot.SubmitAccessReview(vote_for(AccessRequestV3(), "bob"))) == (
        StatusCode.INVALID_ARGUMENT,
        "missing request ID",
    )
    gone = wanted("alice", "staging", name="0")
    assert await refused(bot.SubmitAccessReview(vote_for(gone, "bob"))) == (
        StatusCode.NOT_FOUND,
        'cannot apply review to access request "0" (not found)',
    )


async def test_own_request(bot: Auth, dial: Dial) -> None:
    """Even a reviewer cannot review an own request."""
    made = await dial("bob").CreateAccessRequestV2(wanted("bob", "staging"))
    assert await refused(bot.SubmitAccessReview(vote_for(made, "bob"))) == (
        DENIED_CODE,
        f'user "bob" cannot review request "{made.Metadata.Name}"',
    )


async def test_every_role_must_be_reviewable(
    stand_in: TeleportStandIn, bot: Auth, alice: Auth
) -> None:
    """Being allowed one of two requested roles is not enough; rules of several roles add up."""
    cluster = stand_in.cluster
    for name in ("staging", "prod"):
        conditions = AccessReviewConditions(Roles=[name])
        cluster.put_role(role(f"{name}-reviewer", RoleConditions(ReviewRequests=conditions)))
    cluster.add_user("half", ["staging-reviewer"])
    cluster.add_user("whole", ["staging-reviewer", "prod-reviewer"])
    both = await alice.CreateAccessRequestV2(wanted("alice", "staging", "prod", RequestReason="x"))
    code, details = await refused(bot.SubmitAccessReview(vote_for(both, "half")))
    assert (code, "cannot review request" in details) == (DENIED_CODE, True)
    after = await bot.SubmitAccessReview(vote_for(both, "whole"))
    assert [it.Author for it in after.Spec.Reviews] == ["whole"]


async def test_denied_role_blocks(
    stand_in: TeleportStandIn, bot: Auth, staging: AccessRequestV3
) -> None:
    """A deny rule that matches any requested role forbids the review."""
    conditions = AccessReviewConditions(Roles=["stag*"])
    denial = RoleConditions(ReviewRequests=conditions)
    stand_in.cluster.put_role(role("no-staging", deny=denial))
    stand_in.cluster.add_user("mia", ["reviewer", "no-staging"])
    code, details = await refused(bot.SubmitAccessReview(vote_for(staging, "mia")))
    assert (code, "cannot review request" in details) == (DENIED_CODE, True)


async def test_where_limits_a_rule(
    stand_in: TeleportStandIn, bot: Auth, staging: AccessRequestV3, prod: AccessRequestV3
) -> None:
    """A rule with a `where` counts only where it holds, and one that cannot be read is an error."""
    conditions = AccessReviewConditions(Roles=["*"], Where='contains(request.roles, "prod")')
    stand_in.cluster.put_role(role("prod-only", RoleConditions(ReviewRequests=conditions)))
    stand_in.cluster.add_user("mia", ["prod-only"])
    code, _ = await refused(bot.SubmitAccessReview(vote_for(staging, "mia")))
    assert code == DENIED_CODE
    await bot.SubmitAccessReview(vote_for(prod, "mia"))
    conditions.Where = "nonsense("
    stand_in.cluster.put_role(role("prod-only", RoleConditions(ReviewRequests=conditions)))
    code, _ = await refused(bot.SubmitAccessReview(vote_for(staging, "mia")))
    assert code == StatusCode.INVALID_ARGUMENT


async def test_state_must_be_a_decision(bob: Auth, staging: AccessRequestV3) -> None:
    """A review proposes approval or denial and nothing else."""
    for state, name in ((NONE, "NONE"), (PENDING, "PENDING")):
        assert await refused(bob.SubmitAccessReview(vote(staging, "", state))) == (
            StatusCode.INVALID_ARGUMENT,
            f"invalid state proposal: {name} (expected approval/denial)",
        )


async def test_submitter_asked_for_it(stand_in: TeleportStandIn, bot: Auth, admin: Auth) -> None:
    """A bot can't submit a review of a request that it created for itself."""
    stand_in.cluster.roles["teleport-chatops"].Spec.Allow.Request.Roles.append("staging")
    made = await bot.CreateAccessRequestV2(wanted(BOT_USER, "staging"))
    assert await refused(bot.SubmitAccessReview(vote_for(made, "bob"))) == (
        DENIED_CODE,
        f'review submitter "{BOT_USER}" cannot apply a review on their own request',
    )
    after = await admin.SubmitAccessReview(vote(made))
    assert after.Spec.State == APPROVED


async def test_second_review_of_the_same_author(bot: Auth, prod: AccessRequestV3) -> None:
    """A second review has its own error, which precedes that of a resolved request."""
    await bot.SubmitAccessReview(vote_for(prod, "bob"))
    expected = (StatusCode.ALREADY_EXISTS, 'user "bob" has already reviewed this request')
    assert await refused(bot.SubmitAccessReview(vote_for(prod, "bob", DENIED))) == expected
    await bot.SubmitAccessReview(vote_for(prod, "carol"))
    assert await refused(bot.SubmitAccessReview(vote_for(prod, "bob"))) == expected


@pytest.mark.parametrize(("state", "word"), [(APPROVED, "approved"), (DENIED, "denied")])
async def test_too_late(
    bot: Auth, staging: AccessRequestV3, state: RequestState.ValueType, word: str
) -> None:
    """A decided request takes no further review."""
    await bot.SubmitAccessReview(vote_for(staging, "bob", state))
    assert await refused(bot.SubmitAccessReview(vote_for(staging, "carol"))) == (
        DENIED_CODE,
        f"the access request has been already {word}",
    )


async def test_unsupported_parts(bob: Auth, prod: AccessRequestV3, alice: Auth) -> None:
    """Approving a part of the roles, or annotating, is not implemented in Teleport either."""
    both = await alice.CreateAccessRequestV2(wanted("alice", "staging", "prod", RequestReason="x"))
    assert await refused(bob.SubmitAccessReview(vote(both, Roles=["prod"]))) == (
        StatusCode.UNIMPLEMENTED,
        "role subselection is not yet supported in reviews, try omitting role list",
    )
    noted = vote(prod, Annotations=label_values({"a": ["b"]}))
    assert await refused(bob.SubmitAccessReview(noted)) == (
        StatusCode.UNIMPLEMENTED,
        "annotations are not yet supported in reviews, try omitting annotations field",
    )


async def test_reviewer_delays_the_start(bob: Auth, staging: AccessRequestV3, clock: Clock) -> None:
    """A start time in the deciding review becomes the request's."""
    start = stamp(clock())
    after = await bob.SubmitAccessReview(vote(staging, AssumeStartTime=start))
    assert after.Spec.AssumeStartTime == start


async def test_start_counts_while_the_request_is_pending(
    bot: Auth, prod: AccessRequestV3, clock: Clock
) -> None:
    """A later review without a start keeps it (ApplyAccessReview in access_request.go)."""
    start = stamp(clock())
    after = await bot.SubmitAccessReview(vote_for(prod, "bob", AssumeStartTime=start))
    assert (after.Spec.State, after.Spec.AssumeStartTime) == (PENDING, start)
    after = await bot.SubmitAccessReview(vote_for(prod, "carol"))
    assert (after.Spec.State, after.Spec.AssumeStartTime) == (APPROVED, start)


async def test_filter_without_a_match(stand_in: TeleportStandIn, bot: Auth, alice: Auth) -> None:
    """A review that no threshold's filter matches is stored and settles nothing."""
    threshold = AccessReviewThreshold(Filter='contains(reviewer.roles, "admin")', Approve=1, Deny=1)
    stand_in.cluster.roles["dev"].Spec.Allow.Request.Thresholds.append(threshold)
    made = await alice.CreateAccessRequestV2(wanted("alice", "staging"))
    after = await bot.SubmitAccessReview(vote_for(made, "bob"))
    assert (after.Spec.State, list(after.Spec.Reviews[0].ThresholdIndexes)) == (PENDING, [])
    after = await bot.SubmitAccessReview(vote_for(made, "dana"))
    assert after.Spec.State == APPROVED


async def test_roles_of_the_last_login(
    stand_in: TeleportStandIn, bot: Auth, staging: AccessRequestV3
) -> None:
    """A login state replaces the user record: roles from access lists count."""
    stand_in.cluster.login_states["erin"] = login_state("erin", ["dev", "reviewer"])
    after = await bot.SubmitAccessReview(vote_for(staging, "erin"))
    assert after.Spec.State == APPROVED


async def test_bot_cannot_be_the_author(bot: Auth, staging: AccessRequestV3) -> None:
    """A bot user cannot be the author of a review on behalf of others."""
    assert await refused(bot.SubmitAccessReview(vote_for(staging, BOT_USER))) == (
        StatusCode.INVALID_ARGUMENT,
        "bot user provided but identity parameter is nil",
    )


async def test_admin_action(
    stand_in: TeleportStandIn, bob: Auth, bot: Auth, staging: AccessRequestV3
) -> None:
    """Where admin actions ask for MFA, a person's review is refused and the bot's is not."""
    stand_in.cluster.admin_actions_need_mfa = True
    assert await refused(bob.SubmitAccessReview(vote(staging))) == (
        DENIED_CODE,
        "admin-level API request requires MFA verification",
    )
    await bot.SubmitAccessReview(vote_for(staging, "bob"))
