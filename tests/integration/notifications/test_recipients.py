"""Channels and users as recipients, with few scopes and few calls."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.process import running
from bot.settings.settings import load_settings
from notifications.routing.slack_directory import SlackDirectory
from sandbox.bot_process import write_settings
from sandbox.cast import BOT_TOKEN, PEOPLE, TEAM, AccountType, Channel
from sandbox.slack.control.faults import MethodFault
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import APPROVED, DENIED
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import CHANNEL, DECISIONS, Stage, decisions, words

OFFICIAL_APP = frozenset({"chat:write", "users:read", "users:read.email"})
"""Scopes of the app of Teleport's own Slack plugin."""
MANY = 25_000


def to(*recipients: str) -> Callable[[str], str]:
    listed = ", ".join(f'"{name}"' for name in recipients)
    return lambda text: text.replace(
        "[role_to_recipients]", f"[role_to_recipients]\nstaging = [{listed}]"
    )


@pytest.fixture
def official_app(slack: SlackStandIn) -> None:
    slack.workspace.app.scopes = set(OFFICIAL_APP)


@asynccontextmanager
async def run_notifier(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, *recipients: str
) -> AsyncIterator[Stage]:
    """Run a bot without an app token, as with the settings of Teleport's own plugin."""
    text = to(*recipients)(settings_file.read_text())
    file = settings_file.with_name("notify.toml")
    lines = text.splitlines()
    file.write_text("\n".join(line for line in lines if not line.startswith("app_token")))
    async with running(load_settings(file)):
        yield Stage(slack, teleport)


def calls(slack: SlackStandIn, method: str) -> int:
    return [call.method for call in slack.journal.calls].count(method)


@pytest.mark.usefixtures("official_app")
@pytest.mark.parametrize("channel", [CHANNEL, "security", "C0ACCESS01"])
async def test_official_apps_scopes_are_enough_for_cards_and_messages(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, channel: str
) -> None:
    """The channel is configured by name or by ID.

    The card is updated, and the requester gets a notice.
    """
    shown = "access-requests" if channel == "C0ACCESS01" else channel
    async with run_notifier(slack, teleport, settings_file, channel, "bob@example.com") as stage:
        request = pending_request(teleport, reason="redis 1")
        card = await stage.card("redis 1", shown)
        second = await stage.dm("bob", "redis 1")
        await stage.dm("alice", "is waiting")
        request.Spec.Reviews.add(Author="dana", ProposedState=DENIED)
        request = teleport.cluster.requests.put(request)
        await stage.card("dana denied", shown)
        teleport.cluster.requests.put(with_state(request, APPROVED))
        await stage.card_where(card["ts"], lambda m: "Approved" in words(m), shown)
        await stage.dm("alice", "was approved")
        await slack.message_where(
            "@bob", "bob", lambda m: m["ts"] == second["ts"] and "Approved" in words(m)
        )
        assert len(stage.cards(shown)) == 1
    for method in ("conversations.list", "users.conversations", "conversations.open"):
        assert calls(slack, method) == 0


@pytest.mark.usefixtures("official_app")
async def test_card_addressed_by_name_is_not_reposted_after_a_restart(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Cover restarts with the same scopes and with new scopes that reveal the channel's ID."""
    async with run_notifier(slack, teleport, settings_file, CHANNEL, "@bob") as stage:
        request = pending_request(teleport, reason="redis 1")
        card = await stage.card("redis 1")
        await stage.dm("bob", "redis 1")
    for number, scopes in enumerate((set[str](), {"channels:read", "groups:read", "im:write"})):
        slack.workspace.app.scopes |= scopes
        async with run_notifier(slack, teleport, settings_file, CHANNEL, "@bob") as stage:
            user = f"user-{number}"
            pending_request(teleport, reason=f"next {number}", user=user)
            await stage.card(f"next {number}")
            await stage.dm("bob", f"next {number}")
            request.Spec.Reviews.add(Author=user, ProposedState=DENIED)
            request = teleport.cluster.requests.put(request)
            await stage.card_where(card["ts"], lambda m, user=user: user in words(m))  # type: ignore[misc]
    assert len([m for m in stage.cards() if "redis 1" in words(m)]) == 1
    assert len([m for m in stage.cards("@bob", "bob") if "redis 1" in words(m)]) == 1


@pytest.mark.usefixtures("official_app")
async def test_card_addressed_by_name_is_reposted_if_not_updatable(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The address stays the same, and the entry is readable after a restart."""
    with capture_logs() as log:
        async with run_notifier(slack, teleport, settings_file, CHANNEL) as stage:
            request = pending_request(teleport, reason="redis 1")
            await stage.card("redis 1")
            await stage.dm("alice", "is waiting")
            slack.faults.inject({"method": "chat.update", "error": "edit_window_closed"})
            slack.faults.inject({"method": "chat.postMessage", "status": 503})
            teleport.cluster.requests.put(with_state(request, APPROVED))
            await slack.call_where(lambda c: c.method == "chat.postMessage" and c.status == 503)
        slack.faults.clear()
        async with run_notifier(slack, teleport, settings_file, CHANNEL) as stage:
            await stage.card("Approved")
    assert not log.all("ledger_entry_invalid")
    assert len(stage.cards()) == 2


async def test_channel_is_found_among_thousands_within_rate_limits(
    teleport: TeleportStandIn, tmp_path: Path
) -> None:
    """A large workspace has tens of thousands of channels, and the bot is a member of few."""
    slack = await SlackStandIn.start()
    for number in range(MANY):
        slack.workspace.set_up(
            Channel(f"team-{number}", f"C1M{number:07}", (), bot_is_member=False)
        )
    slack.workspace.set_up(Channel("zz-last", "C1ZZLAST01", ("dana",)))
    file = write_settings(
        tmp_path, teleport=teleport.address, identity=teleport.identity("bot"),
        slack_api=slack.api_url,
    )  # fmt: skip
    async with run_bot_on(Stage(slack, teleport), file, to("zz-last")) as stage:
        pending_request(teleport, reason="redis 1")
        await stage.card("redis 1", "zz-last")
    assert calls(slack, "users.conversations") == 1
    await slack.stop()


async def test_rate_limited_listing_of_channels_loses_no_pages(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The listing continues at the rejected page."""
    for number in range(5_000):
        slack.workspace.set_up(Channel(f"team-{number}", f"C1M{number:07}", ()))
    slack.workspace.set_up(Channel("zz-last", "C1ZZLAST01", ("dana",)))
    for _ in range(3):
        fault = MethodFault("users.conversations", retry_after=1, times=1, after=1)
        slack.faults.on_method(fault)
    async with run_bot_on(Stage(slack, teleport), settings_file, to("zz-last")) as stage:
        pending_request(teleport, reason="redis 1")
        await slack.message_where("zz-last", "dana", lambda m: "redis 1" in words(m), 30)
        assert stage.messages("zz-last")
    answered = [call.status for call in slack.journal.calls if call.method == "users.conversations"]
    assert answered == [200, 429, 200, 429, 200, 429, 200, 200, 200]


@pytest.mark.parametrize(
    "recipient",
    [
        "bob@example.com",
        "U0BOB00001",
        "@bob",
        "D0BOB00001",
        "<@U0BOB00001|bob>",
        "https://sandbox.slack.com/team/U0BOB00001",
    ],
)
async def test_user_gets_the_card_for_each_notation_in_the_settings(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, recipient: str
) -> None:
    async with run_bot_on(Stage(slack, teleport), settings_file, to(recipient)) as stage:
        pending_request(teleport, reason="redis 1")
        card = await stage.dm("bob", "redis 1")
        await stage.click("bob", card, "approve", channel="@bob")
        await stage.dm("bob", "Approved")
        assert len(stage.cards("@bob", "bob")) == 1


@pytest.mark.parametrize(
    "recipient",
    [
        "#security",
        "G0SECURE01",
        "https://sandbox.slack.com/archives/G0SECURE01",
        "<#G0SECURE01|security>",
    ],
)
async def test_channel_gets_the_card_for_each_notation_in_the_settings(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, recipient: str
) -> None:
    async with run_bot_on(Stage(slack, teleport), settings_file, to(recipient)) as stage:
        pending_request(teleport, reason="redis 1")
        assert set(decisions(await stage.card("redis 1", "security"))) == DECISIONS


async def test_private_channel_gets_cards_without_the_scope_to_list_it(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The public channel is still found by its ID."""
    slack.workspace.app.scopes.discard("groups:read")
    change = to("security", CHANNEL)
    async with run_bot_on(Stage(slack, teleport), settings_file, change) as stage:
        pending_request(teleport, reason="redis 1")
        await stage.card("redis 1", "security")
        await stage.card("redis 1")
    addressed = {c.args["channel"] for c in slack.journal.calls if c.method == "chat.postMessage"}
    assert {"#security", "C0ACCESS01"} <= addressed


async def test_channel_that_the_bot_joins_later_gets_each_card_once(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It is addressed by name before the bot joins, and by ID afterwards."""
    monkeypatch.setattr("notifications.routing.slack_directory._MISS_FRESH_SECONDS", 0)
    general = slack.workspace.conversations["C0GENERAL1"]
    async with run_bot_on(Stage(slack, teleport), settings_file, to("general")) as stage:
        first = pending_request(teleport, reason="waits 1")
        await slack.call_where(lambda c: c.args.get("channel") == "#general")
        await stage.dm("alice", "is waiting")
        general.members.add(slack.workspace.app.bot_user)
        first.Spec.Reviews.add(Author="dana", ProposedState=DENIED)
        first = teleport.cluster.requests.put(first)
        card = await stage.card("waits 1", "general")
        teleport.cluster.delete_request(first.Metadata.Name)
        await stage.card_where(card["ts"], lambda m: "Deleted" in words(m), "general")
        pending_request(teleport, reason="next 2", user="bob")
        await stage.card("next 2", "general")
        assert len([m for m in stage.cards("general") if "waits 1" in words(m)]) == 1
    assert any(c.args.get("channel") == "C0GENERAL1" for c in slack.journal.calls)


async def test_shared_channel_gets_no_more_cards_after_the_bot_joins(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Members of another organization could read the requests."""
    with capture_logs() as log:
        async with run_bot_on(
            Stage(slack, teleport), settings_file, to("partners", CHANNEL)
        ) as stage:
            pending_request(teleport, reason="redis 1")
            await stage.card("redis 1")
            assert stage.messages("partners") == []
    (left_out,) = log.all("recipient_unreachable")
    assert "shared with another organization" in left_out["error"]


async def test_shared_channel_without_the_bot_gets_no_card(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """With `chat:write.public` the bot could post there without seeing the channel's members."""
    slack.workspace.set_up(
        Channel("abroad", "C0ABROAD01", ("dana", "ivan"), bot_is_member=False, shared=True)
    )
    slack.workspace.app.scopes.add("chat:write.public")
    with capture_logs() as log:
        async with run_bot_on(
            Stage(slack, teleport), settings_file, to("abroad", CHANNEL)
        ) as stage:
            pending_request(teleport, reason="redis 1")
            await stage.card("redis 1")
            assert stage.messages("abroad") == []
    (left_out,) = log.all("recipient_unreachable")
    assert "whether another organization shares it" in left_out["error"]


async def test_missing_scopes_to_check_shared_channels_are_logged(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    slack.workspace.app.scopes.difference_update({"channels:read", "groups:read"})
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file, to(CHANNEL)):
            warnings = {
                entry["feature"]: entry["reason"]
                for entry in log.all("feature_disabled")
                if entry["log_level"] == "warning"
            }
            assert warnings == {
                "public_channel_checks": "the bot token lacks channels:read",
                "private_channel_checks": "the bot token lacks groups:read",
            }


IMPOSTORS = {
    "user name at another company": {"account_type": AccountType.STRANGER},
    "display name that begins with @": {"name": "@bob"},
}


@pytest.mark.parametrize("changes", IMPOSTORS.values(), ids=IMPOSTORS)
async def test_user_name_of_a_recipient_belongs_to_the_workspace(
    slack: SlackStandIn, changes: dict[str, Any]
) -> None:
    """The stand-in uses the display name as the user name."""
    bob = next(person for person in PEOPLE if person.name == "bob")
    slack.workspace.add_person(replace(bob, slack_user_id="U0BAD00001", roles=None, **changes))
    slack.workspace.conversations["C0PARTNER1"].members.add("U0BAD00001")
    web = AsyncWebClient(BOT_TOKEN, base_url=slack.api_url)
    assert await SlackDirectory(web, frozenset(), TEAM).user_ids("bob") == [bob.slack_user_id]
