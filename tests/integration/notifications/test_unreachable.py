"""Unreachable recipients are reported, and their requests are still announced."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.slack.control.faults import MethodFault
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from tests.integration.bot_process import run_bot
from tests.integration.conftest import run_bot_on
from tests.integration.log_capture import capture_logs
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import CHANNEL, Stage, words

APIURL = 'apiurl = "'
GENERAL = '"general"'
"""The bot isn't a member."""


def sending(to: str, fallback: str = CHANNEL) -> Callable[[str], str]:
    def change(text: str) -> str:
        table = f"[role_to_recipients]\nstaging = [{to}]"
        set_to = f'fallback_channel = "{fallback}"\n{APIURL}' if fallback else APIURL
        return text.replace("[role_to_recipients]", table).replace(APIURL, set_to)

    return change


def count_warnings(stage: Stage, name: str, channel: str = CHANNEL) -> int:
    needle = f"access requests to {name}"
    return sum(needle in words(m) for m in stage.messages(channel))


@pytest.mark.parametrize(
    ("name", "problem", "cure"),
    [
        ("general", "the bot isn't in a channel with this name", "even if it is public"),
        ("no-such-channel", "the bot isn't in a channel with this name", "or fix role_to_recip"),
        ("C0GENERAL1", "not_in_channel", "Invite the bot to the channel."),
        ("C0NOSUCH01", "channel_not_found", "or fix role_to_recipients"),
        ("U0NOSUCH01", "user_not_found", "Fix the user's ID"),
        ("@nosuch", "no user has this user name", "or use the user's ID"),
        ("nobody@example.com", "users_not_found", "Fix the email address"),
    ],
)
async def test_cards_of_an_unreachable_recipient_go_to_the_fallback(
    slack: SlackStandIn,
    teleport: TeleportStandIn,
    settings_file: Path,
    name: str,
    problem: str,
    cure: str,
) -> None:
    """All cards go there. The reason and the hint are sent once, there and to the log."""
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file, sending(f'"{name}"')) as stage:
            for number in range(3):
                pending_request(teleport, reason=f"redis {number}")
                await stage.card(f"redis {number}")
            line = await stage.card(f"access requests to {name}: {problem}")
            assert cure in words(line)
            assert count_warnings(stage, name) == 1
    (left_out,) = log.all("recipient_unreachable")
    assert left_out["recipient"] == name
    assert problem in left_out["error"]


async def test_one_reachable_recipient_is_enough(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The fallback gets a warning about the other one, but no copies."""
    to = f'{GENERAL}, "no-such-channel", "{CHANNEL}"'
    change = sending(to, fallback="security")
    async with run_bot_on(Stage(slack, teleport), settings_file, change) as stage:
        pending_request(teleport, reason="redis 1")
        await stage.card("redis 1")
        await stage.card("access requests to general", "security")
        await stage.card("access requests to no-such-channel", "security")
        pending_request(teleport, reason="redis 2", user="bob")
        await stage.card("redis 2")
        await stage.dm("bob", "is waiting")
        assert len(stage.messages("security")) == 2


async def test_recovered_recipient_needs_no_fallback(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A later problem of the recipient is reported again."""
    general = slack.workspace.conversation("general")
    assert general is not None
    bot = slack.workspace.app.bot_user
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file, sending(GENERAL)) as stage:
            pending_request(teleport, reason="first 1")
            await stage.card("first 1")
            await stage.card("access requests to general")
            general.members.add(bot)
            pending_request(teleport, reason="second 2", user="bob")
            await stage.card("second 2", "general")
            await log.until("recipient_recovered")
            pending_request(teleport, reason="third 3", user="carol")
            await stage.card("third 3", "general")
            await stage.dm("carol", "is waiting")
            assert not [m for m in stage.messages() if "third 3" in words(m)]
            general.members.discard(bot)
            pending_request(teleport, reason="fourth 4", user="dana")
            await stage.card("fourth 4")
            await log.until("recipient_unreachable", 2)


async def test_unreachable_fallback_blocks_no_other_recipient(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The log reports it like any other recipient."""
    change = sending('"no-such-channel"', fallback="general")
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file, change) as stage:
            pending_request(teleport, reason="lost 1")
            await stage.dm("alice", "is waiting")
            pending_request(teleport, reason="other 2", role="prod", user="bob")
            await stage.card("other 2")
            await log.until("recipient_unreachable", 2)
    assert {each["recipient"] for each in log.all("recipient_unreachable")} == {
        "no-such-channel",
        "general",
    }


async def test_metric_counts_unreachable_recipients_without_a_fallback(
    settings_file: Path, slack: SlackStandIn, teleport: TeleportStandIn
) -> None:
    """It has the current number of unreachable recipients. Readiness isn't affected."""
    text = settings_file.read_text()
    settings_file.write_text(sending('"no-such-channel"', fallback="")(text))
    async with run_bot(settings_file) as (process, health):
        await process.event("recipient_unreachable")
        await process.event("bot_started")
        await slack.socket_count(2)
        _, metrics = await health.page("/metrics")
        assert "teleport_chatops_recipients_unreachable 1.0" in metrics


async def test_failed_lookup_does_not_block_other_recipients(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The recipient gets the card once the lookup succeeds."""
    slack.faults.on_method(MethodFault("users.lookupByEmail", status=500))
    to = sending(f'"carol@example.com", "{CHANNEL}"')
    async with run_bot_on(Stage(slack, teleport), settings_file, to) as stage:
        pending_request(teleport, reason="redis 1")
        await stage.card("redis 1")
        slack.faults.clear()
        await stage.dm("carol", "redis 1")


async def test_requester_learns_that_no_one_got_the_card(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Without a fallback channel, a request can wait unnoticed."""

    def only_general(text: str) -> str:
        return text.replace('"access-requests"', '"general"')

    async with run_bot_on(Stage(slack, teleport), settings_file, only_general) as stage:
        pending_request(teleport, reason="redis 1")
        alone = await stage.dm("alice", "is waiting for approval")
        assert "No channel or reviewer got a message about it" in words(alone)
        pending_request(teleport, user="bob", reason="redis 2", reviewers=["carol"])
        told = await stage.dm("bob", "is waiting for approval")
        assert "No channel" not in words(told)
