"""Community Edition and older servers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from grpc import StatusCode

from sandbox.cast import BOT_USER, SLACK_TRAIT
from sandbox.teleport.editions import Features
from sandbox.teleport.errors import AccessDenied
from sandbox.teleport.server import Edition, TeleportStandIn
from sandbox.teleport.state.resources import label_values, role
from teleport_client._proto.authservice_pb2 import PingRequest, RequestStateSetter
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from teleport_client._proto.types_pb2 import (
    APPROVED,
    AccessRequestConditions,
    AccessReviewConditions,
    AccessReviewThreshold,
    RoleConditions,
    RoleOptions,
    UserFilter,
)
from teleport_client._proto.users_service_pb2 import ListUsersRequest
from teleport_client._proto.users_service_pb2_grpc import UsersServiceStub
from tests.sandbox.teleport.standin_client import Auth, channel, refused, vote, vote_for, wanted

SERVER_NAME = b"main".hex() + ".teleport.cluster.local"


@asynccontextmanager
async def cluster(
    data: Path, *, edition: Edition = Edition.ENTERPRISE, version: str = "19.1.0"
) -> AsyncIterator[TeleportStandIn]:
    stand_in = await TeleportStandIn.start(data, edition=edition, server_version=version)
    yield stand_in
    await stand_in.stop()


@asynccontextmanager
async def connected(stand_in: TeleportStandIn, name: str) -> AsyncIterator[Auth]:
    path = stand_in.identity(name)
    async with channel(stand_in.address, path, server_name=SERVER_NAME) as opened:
        yield AuthServiceStub(opened)


async def test_community(tmp_path: Path) -> None:
    """Users can't review, thresholds are the default ones, and the bot can resolve directly."""
    async with (
        cluster(tmp_path, edition=Edition.COMMUNITY) as stand_in,
        connected(stand_in, "bot") as bot,
        connected(stand_in, "bob") as bob,
    ):
        ping = await bot.Ping(PingRequest())
        assert not ping.ServerFeatures.AdvancedAccessWorkflows
        made = await bot.CreateAccessRequestV2(wanted("alice", "prod", RequestReason="x"))
        default = AccessReviewThreshold(Name="default", Approve=1, Deny=1)
        assert list(made.Spec.Thresholds) == [default]
        assert await refused(bob.SubmitAccessReview(vote(made))) == (
            StatusCode.PERMISSION_DENIED,
            'user "bob" cannot submit reviews',
        )
        await bot.SetAccessRequestState(
            RequestStateSetter(ID=made.Metadata.Name, State=APPROVED, Delegator="bob")
        )
        assert stand_in.cluster.requests[made.Metadata.Name].Spec.State == APPROVED


async def test_server_without_reviews_on_behalf(tmp_path: Path) -> None:
    """It skips the fields it does not know, so the author is not the caller; update is granted."""
    async with (
        cluster(tmp_path, version="18.10.3") as stand_in,
        connected(stand_in, "bot") as bot,
        connected(stand_in, "bob") as bob,
    ):
        made = await bot.CreateAccessRequestV2(wanted("alice", "prod", RequestReason="x"))
        assert await refused(bot.SubmitAccessReview(vote_for(made, "bob"))) == (
            StatusCode.PERMISSION_DENIED,
            f'user "{BOT_USER}" cannot submit reviews on behalf of "bob"',
        )
        await bob.SubmitAccessReview(vote(made))
        assert await refused(bob.SubmitAccessReview(vote(made))) == (
            StatusCode.PERMISSION_DENIED,
            'user "bob" has already reviewed this request',
        )
        await bot.SetAccessRequestState(
            RequestStateSetter(ID=made.Metadata.Name, State=APPROVED, Delegator="bob")
        )


async def test_server_without_trait_filter(tmp_path: Path) -> None:
    """The server ignores the filter and lists all users."""
    async with cluster(tmp_path, version="17.2.0") as stand_in:
        path = stand_in.identity("bot")
        async with channel(stand_in.address, path, server_name=SERVER_NAME) as opened:
            traits = label_values({SLACK_TRAIT: ["U0BOB00001"]})
            query = ListUsersRequest(filter=UserFilter(Traits=traits))
            page = await UsersServiceStub(opened).ListUsers(query)
    assert len(page.users) == 10


async def test_server_without_enrichment(tmp_path: Path) -> None:
    """Its dry run contains nothing about reasons."""
    async with (
        cluster(tmp_path, version="17.2.0") as stand_in,
        connected(stand_in, "alice") as alice,
    ):
        made = await alice.CreateAccessRequestV2(wanted("alice", "prod", DryRun=True))
    assert not made.Spec.HasField("DryRunEnrichment")


@pytest.mark.parametrize(
    ("version", "on_behalf"),
    [("18.10.9", False), ("18.11.0", True), ("v18.11.0", True), ("19.0.0-dev.1", True)],
)
def test_reviews_on_behalf_by_version(version: str, *, on_behalf: bool) -> None:
    """Reviews on behalf of others begin with 18.11."""
    assert Features.of(Edition.ENTERPRISE, version).on_behalf_reviews is on_behalf


def test_features_of_an_unknown_version_are_an_error() -> None:
    with pytest.raises(ValueError, match="isn't a Teleport version"):
        Features.of(Edition.ENTERPRISE, "latest")


def with_threshold() -> RoleConditions:
    threshold = AccessReviewThreshold(Approve=2)
    return RoleConditions(Request=AccessRequestConditions(Thresholds=[threshold]))


def with_review_rule() -> RoleConditions:
    return RoleConditions(ReviewRequests=AccessReviewConditions(Roles=["*"]))


@pytest.mark.parametrize("conditions", [with_threshold, with_review_rule])
async def test_community_refuses_enterprise_roles(
    tmp_path: Path, conditions: Callable[[], RoleConditions]
) -> None:
    """A role with thresholds or review rules cannot be stored."""
    async with cluster(tmp_path, edition=Edition.COMMUNITY) as stand_in:
        with pytest.raises(AccessDenied, match="only available in enterprise subscriptions"):
            stand_in.cluster.put_role(role("new", conditions()))


async def test_community_refuses_forced_reasons(tmp_path: Path) -> None:
    """request_access: reason is a feature of Enterprise, too."""
    forced = role("new")
    forced.Spec.Options.MergeFrom(RoleOptions(RequestAccess="reason"))
    async with cluster(tmp_path, edition=Edition.COMMUNITY) as stand_in:
        with pytest.raises(AccessDenied, match="only available in enterprise subscriptions"):
            stand_in.cluster.put_role(forced)
