"""Users and channels in the Web API."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.cast import Channel
from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.refusals import code


@pytest.mark.parametrize(
    ("user", "flag"),
    [
        ("U0GRACE001", "is_restricted"),
        ("U0HENRY001", "deleted"),
        ("U0JENKINS1", "is_bot"),
    ],
)
async def test_flags_describe_a_user(client: AsyncWebClient, user: str, flag: str) -> None:
    """Guest, deactivated and bot have one flag each that members do not have."""
    odd = (await client.users_info(user=user))["user"]
    member = (await client.users_info(user="U0ALICE001"))["user"]
    flags = ("is_restricted", "deleted", "is_stranger", "is_bot")
    assert [name for name in flags if odd[name]] == [flag]
    assert [name for name in flags if member[name]] == []


async def test_stranger_belongs_to_another_team(client: AsyncWebClient) -> None:
    """An external user of a shared channel belongs to another team."""
    ivan = (await client.users_info(user="U0IVAN0001"))["user"]
    alice = (await client.users_info(user="U0ALICE001"))["user"]
    assert ivan["team_id"] != alice["team_id"] == "T0SANDBOX1"


async def test_stranger_has_the_flag_only_without_a_channel_that_the_bot_is_in(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    async def flag() -> bool:
        return bool((await client.users_info(user="U0IVAN0001"))["user"]["is_stranger"])

    assert not await flag()
    slack.workspace.conversations["C0PARTNER1"].members.remove("U0IVAN0001")
    assert await flag()


async def test_addresses_need_their_scope(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Without users:read.email a profile has no address, and a lookup by address fails."""
    alice = (await client.users_info(user="U0ALICE001"))["user"]
    assert alice["profile"]["email"] == "alice@example.com"
    assert alice["tz"] == "Europe/Berlin"
    slack.workspace.app.scopes.remove("users:read.email")
    alice = (await client.users_info(user="U0ALICE001"))["user"]
    assert "email" not in alice["profile"]
    lookup = client.users_lookupByEmail(email="alice@example.com")
    assert await code(lookup) == "missing_scope"


async def test_finds_users_by_address(client: AsyncWebClient) -> None:
    """The case of the address doesn't matter. Deactivated users aren't found."""
    found = await client.users_lookupByEmail(email="Alice@Example.com")
    assert found["user"]["id"] == "U0ALICE001"
    gone = client.users_lookupByEmail(email="henry@example.com")
    assert await code(gone) == "users_not_found"


async def test_lists_all_users_page_by_page(client: AsyncWebClient) -> None:
    """The pages of users.list together are the whole workspace, the app's bot included."""
    ids = [
        member["id"]
        async for page in await client.users_list(limit=5)
        for member in page["members"]
    ]
    assert len(ids) == len(set(ids)) == 12
    assert "U0CHATOPS1" in ids


@pytest.mark.parametrize(
    ("users", "error"),
    [
        ("U0HENRY001", "user_disabled"),
        ("U0JENKINS1", "cannot_dm_bot"),
        ("U0NOBODY01", "user_not_found"),
        ("", "users_list_not_supplied"),
        ("U0ALICE001,U0BOB00001", "missing_scope"),
        (",".join(f"U{i}" for i in range(9)), "too_many_users"),
    ],
)
async def test_opens_no_conversation_with(client: AsyncWebClient, users: str, error: str) -> None:
    """Some users can't get DMs, each with its own error."""
    assert await code(client.conversations_open(users=users)) == error


async def test_opening_again_returns_the_same_conversation(client: AsyncWebClient) -> None:
    """conversations.open may be repeated."""
    first = await client.conversations_open(users="U0ALICE001")
    second = await client.conversations_open(users="U0ALICE001", return_im=True)
    assert first["channel"]["id"] == second["channel"]["id"]
    assert second["channel"]["user"] == "U0ALICE001"


async def test_channels_show_their_type(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Membership and sharing can be read off; a private channel without the app is not there."""
    access = (await client.conversations_info(channel="C0ACCESS01"))["channel"]
    general = (await client.conversations_info(channel="C0GENERAL1"))["channel"]
    partners = (await client.conversations_info(channel="C0PARTNER1"))["channel"]
    assert (access["is_member"], general["is_member"]) == (True, False)
    assert (access["is_ext_shared"], partners["is_ext_shared"]) == (False, True)
    slack.workspace.conversations["G0SECURE01"].members.remove("U0CHATOPS1")
    hidden = client.conversations_info(channel="G0SECURE01")
    assert await code(hidden) == "channel_not_found"


async def test_lists_the_channels_of_a_type(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """The list depends on types, archived channels and the app's membership."""
    public = await client.conversations_list()
    assert {one["name"] for one in public["channels"]} == {"access-requests", "general", "partners"}
    slack.workspace.conversations["C0GENERAL1"].archived = True
    types = "public_channel,private_channel"
    both = await client.conversations_list(types=types, exclude_archived=True)
    names = {one["name"] for one in both["channels"]}
    assert names == {"access-requests", "partners", "security"}
    assert await code(client.conversations_list(types="im")) == "missing_scope"


async def test_members_are_listed(client: AsyncWebClient) -> None:
    """The app is among the members of the channels it is in."""
    members = (await client.conversations_members(channel="C0ACCESS01"))["members"]
    assert {"U0ALICE001", "U0BOB00001", "U0CHATOPS1"} <= set(members)
    assert "U0IVAN0001" not in members


async def test_other_lookups(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """The app's own bot is known, other bots are not, and user groups are empty."""
    assert (await client.bots_info(bot="B0CHATOPS1"))["bot"]["user_id"] == "U0CHATOPS1"
    assert await code(client.bots_info(bot="B0OTHER")) == "bot_not_found"
    slack.workspace.app.scopes.add("usergroups:read")
    assert (await client.usergroups_users_list(usergroup="S1"))["users"] == []


async def test_joined_channels_are_listed_by_kind(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """Each kind needs its own scope, and only channels with the app are there."""
    public = await client.users_conversations()
    assert {one["name"] for one in public["channels"]} == {"access-requests", "partners"}
    assert all("is_member" not in one for one in public["channels"])
    assert {one["name"]: one["is_ext_shared"] for one in public["channels"]}["partners"] is True
    both = await client.users_conversations(types="public_channel,private_channel", limit=999)
    assert "security" in {one["name"] for one in both["channels"]}
    slack.workspace.app.scopes.remove("groups:read")
    refused = client.users_conversations(types="public_channel,private_channel")
    assert await code(refused) == "missing_scope"
    assert (await client.users_conversations(types="public_channel"))["channels"]


async def test_joined_channels_are_paged(slack: SlackStandIn, client: AsyncWebClient) -> None:
    bot = slack.workspace.app.bot_user
    for number in range(2_500):
        channel = Channel(f"team-{number}", f"C0MANY{number:04}", ())
        slack.workspace.set_up(channel)
    request_url_base = [
        page["channels"] async for page in await client.users_conversations(limit=5_000)
    ]
    assert [len(page) for page in request_url_base] == [999, 999, 504]
    assert bot in slack.workspace.conversations["C0MANY0000"].members


@pytest.mark.parametrize(
    ("address", "channel"),
    [
        ("access-requests", "C0ACCESS01"),
        ("#access-requests", "C0ACCESS01"),
        ("security", "G0SECURE01"),
        ("U0BOB00001", "D0BOB00001"),
    ],
)
async def test_chat_write_is_enough_to_post_by_name_or_to_a_person(
    slack: SlackStandIn, client: AsyncWebClient, address: str, channel: str
) -> None:
    """The answer carries the id."""
    slack.workspace.app.scopes = {"chat:write"}
    posted = await client.chat_postMessage(channel=address, text="hello")
    assert posted["channel"] == channel


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("general", "not_in_channel"),
        ("nosuch", "channel_not_found"),
        ("@bob", "channel_not_found"),
        ("U0HENRY001", "user_disabled"),
    ],
)
async def test_posting_is_refused_for(client: AsyncWebClient, address: str, error: str) -> None:
    assert await code(client.chat_postMessage(channel=address, text="hello")) == error


PAIR = Channel("alice-bob", "D0PAIR0001", ("alice", "bob"), bot_is_member=False, direct=True)
GROUP = Channel(
    "mpdm-alice--bob--dana-1", "G0GROUP001", ("alice", "bob", "dana"), bot_is_member=False,
    direct=True,
)  # fmt: skip


@pytest.mark.parametrize("dm", [PAIR, GROUP])
async def test_dm_of_other_people_is_closed_to_the_app(
    slack: SlackStandIn, client: AsyncWebClient, dm: Channel
) -> None:
    """Its members see it, and the app can neither find it nor write there."""
    slack.workspace.set_up(dm)
    slack.workspace.app.scopes.update({"im:read", "mpim:read", "chat:write.public"})
    assert await code(client.conversations_info(channel=dm.id)) == "channel_not_found"
    assert await code(client.chat_postMessage(channel=dm.id, text="hi")) == "channel_not_found"
    ephemeral = client.chat_postEphemeral(channel=dm.id, user="U0ALICE001", text="hi")
    assert await code(ephemeral) == "channel_not_found"
    listed = await client.conversations_list(types="im,mpim")
    assert dm.id not in {one["id"] for one in listed["channels"]}
    seen = {
        name: dm.name in {one["name"] for one in slack.control_api.channels(name)}
        for name in ("alice", "bob", "carol")
    }
    assert seen == {"alice": True, "bob": True, "carol": False}
