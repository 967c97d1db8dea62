"""Users, roles, login states, capabilities and nodes."""

from collections.abc import AsyncIterator

import pytest
from grpc import StatusCode

from sandbox.cast import BOT_USER, PEOPLE, SLACK_TRAIT
from sandbox.teleport.profile import TCTL_ADMIN
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import BOT_LABEL, label_values, login_state, plain
from teleport_client._proto.authservice_pb2 import (
    GetRoleRequest,
    GetUserRequest,
    ListRolesRequest,
    ListUnifiedResourcesRequest,
)
from teleport_client._proto.types_pb2 import AccessCapabilitiesRequest, SortBy, UserFilter
from teleport_client._proto.userloginstate_pb2 import GetUserLoginStateRequest
from teleport_client._proto.userloginstate_pb2_grpc import UserLoginStateServiceStub
from teleport_client._proto.users_service_pb2 import GetUserRequest as GetOneUser
from teleport_client._proto.users_service_pb2 import ListUsersRequest
from teleport_client._proto.users_service_pb2_grpc import UsersServiceStub
from tests.sandbox.teleport.standin_client import Auth, Dial, LoginStates, Users, channel, refused

SERVER_NAME = b"main".hex() + ".teleport.cluster.local"
DENIED = StatusCode.PERMISSION_DENIED
BY_NAME = SortBy(Field="name")


@pytest.fixture
async def users(stand_in: TeleportStandIn) -> AsyncIterator[Users]:
    """The users' service, seen by the bot."""
    path = stand_in.identity("bot")
    async with channel(stand_in.address, path, server_name=SERVER_NAME) as opened:
        yield UsersServiceStub(opened)


@pytest.fixture
async def login_states(stand_in: TeleportStandIn) -> AsyncIterator[LoginStates]:
    """The login states' service, seen by the bot."""
    path = stand_in.identity("bot")
    async with channel(stand_in.address, path, server_name=SERVER_NAME) as opened:
        yield UserLoginStateServiceStub(opened)


async def nodes(auth: Auth, **query: object) -> list[str]:
    request = ListUnifiedResourcesRequest(SortBy=BY_NAME, **({"Kinds": ["node"]} | query))  # type: ignore[arg-type]
    answer = await auth.ListUnifiedResources(request)
    return [resource.Node.Spec.Hostname for resource in answer.Resources]


async def test_cast(users: Users) -> None:
    """All users with roles have their Slack ID in a trait, and the bot is a Machine ID user."""
    found = {it.Metadata.Name: it for it in (await users.ListUsers(ListUsersRequest())).users}
    people = {person.name for person in PEOPLE if person.roles is not None}
    assert set(found) == people | {BOT_USER, TCTL_ADMIN}
    assert plain(found["alice"].Spec.Traits)[SLACK_TRAIT] == ("U0ALICE001",)
    assert SLACK_TRAIT not in plain(found["erin"].Spec.Traits)
    assert found["frank"].Spec.Status.IsLocked
    assert found[BOT_USER].Metadata.Labels[BOT_LABEL] == "teleport-chatops"


async def test_pages(users: Users) -> None:
    """Pages follow one another by name."""
    names: list[str] = []
    token = ""
    while True:
        page = await users.ListUsers(ListUsersRequest(page_size=4, page_token=token))
        names += [user.Metadata.Name for user in page.users]
        token = page.next_page_token
        if not token:
            break
    assert names == sorted(names)
    assert len(names) == 10


async def test_filter_by_trait(users: Users) -> None:
    """A new server returns the users with the trait's value."""
    wanted = label_values({SLACK_TRAIT: ["U0BOB00001"]})
    page = await users.ListUsers(ListUsersRequest(filter=UserFilter(Traits=wanted)))
    assert [user.Metadata.Name for user in page.users] == ["bob"]


async def test_other_filters(stand_in: TeleportStandIn, users: Users) -> None:
    """Keywords match names and roles. System users can be omitted. Secrets are never returned."""
    stand_in.cluster.add_user("@sys", [], labels={"teleport.internal/resource-type": "system"})
    query = UserFilter(SkipSystemUsers=True, SearchKeywords=["REV"])
    page = await users.ListUsers(ListUsersRequest(filter=query))
    assert [user.Metadata.Name for user in page.users] == ["bob", "carol", "frank"]
    page = await users.ListUsers(ListUsersRequest(filter=UserFilter(SkipSystemUsers=True)))
    assert "@sys" not in [user.Metadata.Name for user in page.users]
    assert (await refused(users.ListUsers(ListUsersRequest(with_secrets=True))))[0] == DENIED


async def test_get_user(users: Users, bot: Auth, alice: Auth) -> None:
    """The bot reads all users, other users only themselves. Secrets are never returned."""
    answer = await users.GetUser(GetOneUser(name="alice"))
    assert list(answer.user.Spec.Roles) == ["dev", "prod-requester"]
    answer = await users.GetUser(GetOneUser(current_user=True))
    assert answer.user.Metadata.Name == BOT_USER
    assert (
        await bot.GetUser(GetUserRequest(Name="bob"))
        == (await users.GetUser(GetOneUser(name="bob"))).user
    )
    assert (await alice.GetUser(GetUserRequest(Name="alice"))).Metadata.Name == "alice"
    assert (await refused(alice.GetUser(GetUserRequest(Name="bob"))))[0] == DENIED
    assert (await refused(users.GetUser(GetOneUser(name="bob", with_secrets=True))))[0] == DENIED
    assert await refused(users.GetUser(GetOneUser(name="unknown"))) == (
        StatusCode.NOT_FOUND,
        'user "unknown" not found',
    )


async def test_get_role(bot: Auth, alice: Auth) -> None:
    """The bot reads any role, a person only those held."""
    role = await bot.GetRole(GetRoleRequest(Name="prod-requester"))
    assert role.Spec.Allow.Request.Reason.Mode == "required"
    assert (await alice.GetRole(GetRoleRequest(Name="dev"))).Metadata.Name == "dev"
    assert (await refused(alice.GetRole(GetRoleRequest(Name="admin"))))[0] == DENIED
    assert await refused(bot.GetRole(GetRoleRequest(Name="ghost"))) == (
        StatusCode.NOT_FOUND,
        "role ghost is not found",
    )


async def test_roles_are_listed_by_name_in_pages(
    stand_in: TeleportStandIn, bot: Auth, alice: Auth
) -> None:
    """The key of a page is the first name of the next one."""
    first = await bot.ListRoles(ListRolesRequest(Limit=2))
    rest = await bot.ListRoles(ListRolesRequest(StartKey=first.NextKey))
    names = [role.Metadata.Name for role in [*first.Roles, *rest.Roles]]
    assert (len(first.Roles), rest.NextKey) == (2, "")
    assert names == sorted(stand_in.cluster.roles)
    assert (await refused(alice.ListRoles(ListRolesRequest())))[0] == DENIED


async def test_login_state(stand_in: TeleportStandIn, login_states: LoginStates) -> None:
    """A user has no login state until one is stored."""
    query = GetUserLoginStateRequest(name="alice")
    assert (await refused(login_states.GetUserLoginState(query)))[0] == StatusCode.NOT_FOUND
    stand_in.cluster.login_states["alice"] = login_state("alice", ["dev"], {"team": ["db"]})
    found = await login_states.GetUserLoginState(query)
    assert list(found.spec.roles) == ["dev"]
    assert [(it.key, list(it.values)) for it in found.spec.traits] == [("team", ["db"])]


async def test_capabilities(stand_in: TeleportStandIn, bot: Auth, alice: Auth) -> None:
    """Alice and the bot can read alice's requestable roles, and other users can't."""
    query = AccessCapabilitiesRequest(User="alice", RequestableRoles=True, SuggestedReviewers=True)
    stand_in.cluster.roles["dev"].Spec.Allow.Request.SuggestedReviewers.append("bob")
    answer = await bot.GetAccessCapabilities(query)
    assert list(answer.RequestableRoles) == ["prod", "staging"]
    assert (answer.RequireReason, list(answer.SuggestedReviewers)) == (True, ["bob"])
    query.User = ""
    assert await alice.GetAccessCapabilities(query) == answer
    code, _ = await refused(alice.GetAccessCapabilities(AccessCapabilitiesRequest(User="bob")))
    assert code == DENIED


async def test_capabilities_for_resources(stand_in: TeleportStandIn, bot: Auth) -> None:
    """The roles that open a resource are those that the user may search as."""
    stand_in.cluster.roles["dev"].Spec.Allow.Request.SearchAsRoles.extend(["staging", "prod"])
    query = AccessCapabilitiesRequest(User="erin")
    for node in stand_in.cluster.nodes:
        if node.Spec.Hostname == "staging-db":
            query.ResourceIDs.add(ClusterName="main", Kind="node", Name=node.Metadata.Name)
    answer = await bot.GetAccessCapabilities(query)
    assert list(answer.ApplicableRolesForResources) == ["staging"]


async def test_nodes(stand_in: TeleportStandIn, alice: Auth, admin: Auth, dial: Dial) -> None:
    """Nodes are those that the roles' labels select; reviewers may preview more."""
    assert await nodes(alice) == ["dev-1", "dev-2"]
    assert len(await nodes(admin)) == 7
    assert await nodes(admin, SearchKeywords=["PROD", "web"]) == ["prod-web"]
    assert await nodes(admin, Labels={"tier": "staging"}) == ["staging-db", "staging-web"]
    ids = [it.Metadata.Name for it in stand_in.cluster.nodes[:2]]
    both = " || ".join(f'resource.metadata.name == "{each}"' for each in ids)
    assert await nodes(admin, PredicateExpression=both) == ["dev-1", "dev-2"]
    unreadable = ListUnifiedResourcesRequest(SortBy=BY_NAME, PredicateExpression='name == "')
    code, _ = await refused(admin.ListUnifiedResources(unreadable))
    assert code == StatusCode.INVALID_ARGUMENT
    assert await refused(admin.ListUnifiedResources(ListUnifiedResourcesRequest())) == (
        StatusCode.UNIMPLEMENTED,
        "getting sort tree\n\tsorting by  is not supporting in unified resources",
    )
    assert await nodes(dial("bob")) == ["dev-1", "dev-2"]
    assert len(await nodes(dial("bob"), UsePreviewAsRoles=True)) == 7
    stand_in.cluster.roles["dev"].Spec.Deny.NodeLabels.CopyFrom(label_values({"tier": ["d*"]}))
    assert await nodes(alice) == []


async def test_pages_of_nodes(admin: Auth) -> None:
    """Nodes come in pages by host name."""
    wanted = ListUnifiedResourcesRequest(SortBy=BY_NAME, Kinds=["node"], Limit=4)
    first = await admin.ListUnifiedResources(wanted)
    rest = await nodes(admin, StartKey=first.NextKey)
    assert len(first.Resources) == 4
    assert rest == ["prod-web", "staging-db", "staging-web"]
