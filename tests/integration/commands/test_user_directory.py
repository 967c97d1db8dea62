"""Links between Slack users and Teleport users."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.cast import BOT_TOKEN, PEOPLE, SLACK_TRAIT, TEAM, AccountType
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import stamp, utc_now
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.transport.dialer import dial
from tests.integration.conftest import run_bot_on
from tests.integration.slack_driver import Stage, selected, words
from workspace.directory.user_directory import UserDirectory, UserMapping
from workspace.requests.user_error import UserError

BY_NAME = {person.name: person for person in PEOPLE}


async def test_unlinked_user_gets_the_link_command(stage: Stage) -> None:
    """The command contains the Slack ID, so that an administrator can run it."""
    await stage.type("nora", "/teleport-request staging because x")
    response = words(await stage.response("nora", "isn't linked to a Teleport user yet"))
    assert (
        "tctl get users/<teleport-user> | teleport-chatops link <teleport-user>"
        " U0NORA0001 | tctl create -f"
    ) in response
    assert "to the trait slack_uid with tctl edit user/<teleport-user>" in response


async def test_link_command_contains_a_custom_trait(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The administrator may not have the bot's settings."""
    async with run_bot_on(
        Stage(slack, teleport), settings_file, lambda text: text.replace(SLACK_TRAIT, "chat id")
    ) as stage:
        await stage.type("nora", "/teleport-request staging because x")
        response = words(await stage.response("nora", "isn't linked"))
        assert "link <teleport-user> U0NORA0001 --trait 'chat id' |" in response


async def test_newly_linked_user_can_act_at_once(stage: Stage) -> None:
    """A failed lookup isn't cached."""
    await stage.type("erin", "/teleport-request staging because x")
    await stage.response("erin", "isn't linked")
    stage.teleport.cluster.add_user("erin", ["dev"], {"slack_uid": ["U0ERIN0001"]})
    await stage.type("erin", "/teleport-request staging because linked 5")
    await stage.card("linked 5")


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("frank", "Your Teleport user frank is locked"),
        ("grace", "Guests can't use Teleport from Slack"),
    ],
)
async def test_restricted_user_cannot_act(stage: Stage, who: str, sentence: str) -> None:
    """Cover commands and clicks."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.click(who, card, "approve")
    await stage.response(who, sentence)
    assert not stage.request(request.Metadata.Name).Spec.Reviews
    await stage.type(who, "/teleport-request staging because x", channel="partners")
    await stage.response(who, sentence, channel="partners")
    assert len(stage.requests) == 1


@pytest.mark.parametrize("error", ["user_not_visible", "user_not_found"])
async def test_hidden_slack_user_belongs_to_another_workspace(stage: Stage, error: str) -> None:
    """Slack returns an error instead of a user. The bot doesn't report a failure."""
    _, card = await stage.create_request("alice", "staging", "redis 1")
    stage.slack.faults.inject({"method": "users.info", "error": error})
    await stage.click("bob", card, "approve")
    await stage.response("bob", "Members of other workspaces can't use Teleport from Slack")
    await stage.type("carol", "/teleport-request")
    await stage.response("carol", "Members of other workspaces can't use Teleport from Slack")


async def test_hidden_reviewer_is_named_beside_the_field(stage: Stage) -> None:
    """The message contains the Slack ID, because the bot can't read the name."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    staging = {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"}
    earlier = len(stage.teleport.journal.of("GetLocks"))
    stage.teleport.faults.add("GetLocks", delay=0.3)
    submitting = asyncio.create_task(
        stage.submit(
            "alice",
            form,
            roles={"type": "multi_external_select", "selected_options": [staging]},
            reviewers=selected("U0CAROL001"),
        )
    )
    # The bot has looked up alice by then, and looks up carol next.
    await stage.teleport.journal.wait_for_call("GetLocks", count=earlier + 1)
    stage.slack.faults.inject({"method": "users.info", "error": "user_not_visible"})
    done = await submitting
    assert "U0CAROL001" in done["payload"]["errors"]["reviewers"]


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("frank", "user_locked"),
        ("grace", "account_guest"),
        ("henry", "account_deactivated"),
        ("ivan", "account_stranger"),
        ("jenkins", "account_bot"),
        ("nora", "unmapped"),
    ],
)
async def test_restricted_user_has_no_link(
    slack: SlackStandIn, teleport: TeleportStandIn, who: str, reason: str
) -> None:
    """Slack rejects commands of some of these users, but their clicks can arrive late."""
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    web = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url)
    async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
        matching = UserMapping(team=TEAM, trait=SLACK_TRAIT)
        people = UserDirectory(web, client, matching, now=utc_now)
        with pytest.raises(UserError) as refused:
            await people.linked_user(BY_NAME[who].slack_user_id)
    assert refused.value.reason == reason


async def test_external_user_in_a_shared_channel_cannot_act(stage: Stage) -> None:
    """Members of another organization can only read the channel."""
    await stage.type("ivan", "/teleport-request staging because x", channel="partners")
    await stage.response("ivan", "Members of other workspaces can't use", channel="partners")


async def test_slack_id_shared_by_two_users_does_not_link(stage: Stage) -> None:
    """The bot must not choose one of them."""
    stage.teleport.cluster.add_user("alice-2", ["dev"], {"slack_uid": ["U0ALICE001"]})
    await stage.type("alice", "/teleport-request staging because x")
    await stage.response("alice", "is linked to 2 Teleport users")
    assert stage.requests == []


async def test_bot_user_is_not_linked(stage: Stage) -> None:
    """A bot's user can have the trait by mistake."""
    stage.teleport.cluster.add_user(
        "bot-x", ["dev"], {"slack_uid": ["U0NORA0001"]}, labels={"teleport.internal/bot": "x"}
    )
    await stage.type("nora", "/teleport-request staging because x")
    await stage.response("nora", "is linked to the bot user bot-x")


async def test_review_rereads_the_user(stage: Stage) -> None:
    """Bob was locked a moment ago, after the bot had cached him as unlocked."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.type("bob", "/teleport-pending")
    await stage.response("bob", "redis 1")
    stage.teleport.cluster.add_user(
        "bob", ["dev", "reviewer"], {"slack_uid": ["U0BOB00001"]}, locked=True
    )
    await stage.click("bob", card, "approve")
    await stage.response("bob", "Your Teleport user bob is locked")
    assert not stage.request(request.Metadata.Name).Spec.Reviews


async def test_user_is_looked_up_once_for_several_lists(stage: Stage) -> None:
    """Lists within a minute need one lookup in Slack and one in Teleport."""
    for _ in range(3):
        await stage.type("bob", "/teleport-pending mine")
    await stage.response("bob", "You have no pending request")
    assert [c.method for c in stage.slack.journal.calls].count("users.info") == 1
    # The check of the names in the settings lists users without a filter by trait.
    listed = [call for call in stage.teleport.journal.of("ListUsers") if SLACK_TRAIT in str(call)]
    assert len(listed) == 1


def by_email(text: str) -> str:
    return text.replace("[review]", "[review]\nallow_email_username_match = true")


@pytest.fixture
async def email_stage(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> AsyncIterator[Stage]:
    """Run a bot that also matches users by email address."""
    async with run_bot_on(Stage(slack, teleport), settings_file, by_email) as stage:
        yield stage


async def test_email_links_a_user_only_if_enabled(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """If enabled, a confirmed address links to the Teleport user of that name."""
    teleport.cluster.add_user("nora@example.com", ["dev"])
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        await stage.type("nora", "/teleport-request staging because x")
        await stage.response("nora", "isn't linked")
    async with run_bot_on(Stage(slack, teleport), settings_file, by_email) as stage:
        await stage.type("nora", "/teleport-request staging because email 6")
        await stage.card("email 6")
        await stage.dm("nora", "is waiting for approval")


async def test_explicit_link_of_the_user_overrides_an_email_match(email_stage: Stage) -> None:
    """The owner of the address neither requests nor reviews as that user."""
    request, card = await email_stage.create_request("alice", "staging", "redis 1")
    email_stage.teleport.cluster.add_user(
        "nora@example.com", ["dev", "reviewer"], {"slack_uid": ["U0OTHER001"]}
    )
    refused = "nora@example.com, which is linked to another Slack account"
    await email_stage.type("nora", "/teleport-request staging because x")
    await email_stage.response("nora", refused)
    await email_stage.click("nora", card, "approve")
    await email_stage.type("nora", "/teleport-pending")
    await email_stage.response("nora", refused)
    await email_stage.teleport.journal.wait_for_call("GetUser", count=3, ended=True)
    assert len(email_stage.requests) == 1
    assert not email_stage.request(request.Metadata.Name).Spec.Reviews


async def test_explicit_link_of_a_slack_user_overrides_an_email_match(
    email_stage: Stage,
) -> None:
    """Alice stays linked to alice, although her address is another user's name."""
    email_stage.teleport.cluster.add_user("alice@example.com", ["dev", "reviewer"])
    request, _ = await email_stage.create_request("alice", "staging", "redis 1")
    assert request.Spec.User == "alice"


async def test_empty_trait_does_not_link(email_stage: Stage) -> None:
    """Identity providers send attributes without a value."""
    email_stage.teleport.cluster.add_user("nora@example.com", ["dev"], {"slack_uid": [""]})
    request, _ = await email_stage.create_request("nora", "staging", "redis 1")
    assert request.Spec.User == "nora@example.com"


@pytest.mark.parametrize(
    ("users", "chosen"),
    [
        (["Nora@Example.com"], "Nora@Example.com"),
        (["NORA@example.com", "nora@example.com"], "nora@example.com"),
        (["nora@example.com.au", "nora@EXAMPLE.com"], "nora@EXAMPLE.com"),
    ],
)
async def test_email_is_matched_exactly_first_then_ignoring_case(
    email_stage: Stage, users: list[str], chosen: str
) -> None:
    for name in users:
        email_stage.teleport.cluster.add_user(name, ["dev"])
    request, _ = await email_stage.create_request("nora", "staging", "redis 1")
    assert request.Spec.User == chosen


async def test_email_with_capitals_matches_a_user_with_capitals(email_stage: Stage) -> None:
    nora = replace(BY_NAME["nora"], name="Nora")
    email_stage.slack.workspace.add_person(nora)
    email_stage.teleport.cluster.add_user("Nora@example.com", ["dev"])
    await email_stage.type("Nora", "/teleport-request staging because redis 1")
    assert (await email_stage.teleport.cluster.request_where(lambda _: True)).Spec.User == (
        "Nora@example.com"
    )


async def test_email_that_matches_two_users_ignoring_case_is_rejected(email_stage: Stage) -> None:
    for name in ("Nora@example.com", "nora@Example.com"):
        email_stage.teleport.cluster.add_user(name, ["dev"])
    await email_stage.type("nora", "/teleport-request staging because x")
    await email_stage.response("nora", "matches 2 Teleport users whose names differ only in case")
    assert email_stage.requests == []


async def test_expired_suspension_does_not_count(stage: Stage) -> None:
    """Teleport clears the flag at the user's next login."""
    user = stage.teleport.cluster.users["frank"]
    user.Spec.Status.LockExpires.CopyFrom(stamp(utc_now() - timedelta(seconds=1)))
    request, _ = await stage.create_request("frank", "staging", "redis 1")
    assert request.Spec.User == "frank"


async def test_review_rereads_the_slack_user(stage: Stage) -> None:
    """A user can become a guest between two clicks."""
    request, card = await stage.create_request("alice", "staging", "redis 1")
    await stage.type("carol", "/teleport-pending")
    await stage.response("carol", "redis 1")
    stage.slack.workspace.add_person(replace(BY_NAME["carol"], account_type=AccountType.GUEST))
    await stage.click("carol", card, "approve")
    await stage.response("carol", "can't use Teleport from Slack")
    assert not stage.request(request.Metadata.Name).Spec.Reviews


async def test_users_matched_by_address_are_offered_as_reviewers(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The addresses come from the list of members, without a call for each user."""
    teleport.cluster.add_user("Nora@example.com", ["dev", "reviewer"], {})

    def by_address(text: str) -> str:
        return text.replace("[review]\n", "[review]\nallow_email_username_match = true\n")

    async with run_bot_on(Stage(slack, teleport), settings_file, by_address) as stage:
        await stage.type("alice", "/teleport-request")
        form = await stage.form("alice", "request_form")
        act = {"as": "alice", "do": "suggest", "view_id": form["id"], "action_id": "reviewers"}
        done = await stage.slack.act(act | {"text": "nora"})
        (found,) = done["payload"]["options"]
        assert (found["text"]["text"], found["value"]) == (
            "Nora Novak (Nora@example.com)",
            BY_NAME["nora"].slack_user_id,
        )
        methods = [call.method for call in stage.slack.journal.calls]
        assert methods.count("users.list") == 1
        assert "users.lookupByEmail" not in methods
