"""Cards and notices through failures, restarts and changes made outside the bot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time

import grpc
import pytest

from bot.process import running
from bot.settings.settings import load_settings
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state import resources
from teleport_client._proto.types_pb2 import (
    RequestState,
    ResourceAccessID,
    ResourceConstraints,
    ResourceID,
    SSHResourceConstraints,
)
from tests.integration.conftest import run_bot_on
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import DECISIONS, Stage, buttons, decisions, words


async def test_request_made_outside_slack_is_announced(stage: Stage) -> None:
    """The card is the same as for a request from Slack."""
    pending_request(stage.teleport, reason="from the shell 815")
    card = await stage.card("from the shell 815")
    assert set(decisions(card)) == DECISIONS
    await stage.dm("alice", "is waiting for approval")


async def test_request_with_constraints_has_buttons_if_shown_fully(
    stage: Stage,
) -> None:
    """The card shows the constraints, or links to Teleport if it can't."""
    logins = ResourceConstraints(version="v1", ssh=SSHResourceConstraints(logins=["root"]))
    leaf = ResourceID(ClusterName="leaf-eu", Kind="node", Name="db-1")
    limited = ResourceAccessID(id=leaf, constraints=logins)
    pending_request(stage.teleport, reason="root 1", resources=[limited])
    card = await stage.card("/leaf-eu/node/db-1 (login: root)")
    assert set(decisions(card)) == DECISIONS
    limited.constraints.version = "v2"
    request = pending_request(stage.teleport, reason="root 2", resources=[limited])
    card = await stage.card("root 2")
    assert "can't show the full request" in words(card)
    assert not decisions(card)
    await stage.type("bob", f"/teleport-approve {request.Metadata.Name}")
    await stage.response("bob", "can't be reviewed from Slack")
    assert not stage.request(request.Metadata.Name).Spec.Reviews


async def test_resolution_outside_slack_updates_the_card(stage: Stage) -> None:
    """Resolutions also come from tctl and the web UI."""
    request = pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    stage.teleport.cluster.requests.put(with_state(request, RequestState.DENIED))
    await stage.card_where(card["ts"], lambda m: "Denied" in words(m) and not decisions(m))
    await stage.dm("alice", "was denied")


async def test_changes_during_downtime_are_shown_once(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Requests were created, resolved and deleted while the bot was down."""
    away = Stage(slack, teleport)
    async with run_bot_on(away, settings_file) as stage:
        kept = pending_request(teleport, reason="kept 1")
        gone = pending_request(teleport, reason="gone 2", user="bob")
        cards = {name: (await stage.card(name))["ts"] for name in ("kept 1", "gone 2")}
        await stage.dm("alice", "is waiting")
        await stage.dm("bob", "is waiting")
    teleport.cluster.requests.put(with_state(kept, RequestState.APPROVED))
    teleport.cluster.delete_request(gone.Metadata.Name)
    pending_request(teleport, reason="made in between 3", user="carol")
    async with run_bot_on(away, settings_file) as stage:
        await stage.card_where(cards["kept 1"], lambda m: "Approved" in words(m))
        await stage.card_where(cards["gone 2"], lambda m: "Deleted before" in words(m))
        await stage.card("made in between 3")
        await stage.dm("alice", "was approved")
        await stage.dm("bob", "was deleted before a decision")
    assert len(away.messages()) == 3


@asynccontextmanager
async def bot_in_five_minutes(slack: SlackStandIn, settings_file: Path) -> AsyncIterator[None]:
    """Run a bot with its clock and Slack's clock five minutes ahead."""
    slack.workspace.now = lambda: time() + 300
    async with running(
        load_settings(settings_file), now=lambda: datetime.now(UTC) + timedelta(minutes=5)
    ):
        yield


async def test_messages_of_the_last_minute_are_updated_at_start(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A call of the previous leader can reach Slack after its lease ended. One update is enough."""
    away = Stage(slack, teleport)
    async with run_bot_on(away, settings_file) as stage:
        pending_request(teleport, reason="kept 1")
        await stage.dm("alice", "is waiting")
    async with run_bot_on(away, settings_file):
        await slack.call_where(lambda call: call.method == "chat.update")
        pending_request(teleport, reason="new 2", user="bob")
        await away.dm("bob", "is waiting")
    edited = [call.args["ts"] for call in slack.journal.calls if call.method == "chat.update"]
    assert len(edited) == len({*edited})


async def test_restart_without_changes_sends_nothing(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The bot also makes no Slack calls for requests."""
    away = Stage(slack, teleport)
    async with run_bot_on(away, settings_file) as stage:
        pending_request(teleport, reason="kept 1")
        await stage.dm("alice", "is waiting")
    before = len(slack.journal.calls)
    async with bot_in_five_minutes(slack, settings_file):
        pending_request(teleport, reason="new 2", user="bob")
        await away.dm("bob", "is waiting")
    methods = [call.method for call in slack.journal.calls][before:]
    assert methods.count("chat.postMessage") == 2
    assert "chat.update" not in methods


async def test_first_start_summarizes_old_requests(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A channel isn't flooded with old requests."""
    pending_request(teleport, reason="fresh 1")
    pending_request(teleport, reason="old 2", age=timedelta(hours=30), user="bob")
    pending_request(teleport, reason="old 3", age=timedelta(hours=40), user="carol")
    old_and_decided = RequestState.DENIED
    pending_request(teleport, reason="over 4", age=timedelta(hours=3), state=old_and_decided)
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        await stage.card("fresh 1")
        await stage.card("2 older access requests are waiting for review")
        pending_request(teleport, reason="last 5", user="dana")
        await stage.card("last 5")
        assert len(stage.messages()) == 3


async def test_expiry_is_shown_when_it_happens(stage: Stage) -> None:
    """Teleport deletes the request minutes later and sends no event at the deadline."""
    pending_request(stage.teleport, reason="short 1", waits=timedelta(seconds=1))
    card = await stage.card("short 1")
    await stage.card_where(card["ts"], lambda m: "Expired" in words(m) and not decisions(m))
    await stage.dm("alice", "expired without a decision")


async def test_roles_have_separate_channels(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A role's own channels come first, the default channels apply to all other roles."""
    slack.workspace.conversation("security")
    table = '[role_to_recipients]\nprod = ["#security", "C0ACCESS01"]'
    async with run_bot_on(
        Stage(slack, teleport), settings_file, lambda t: t.replace("[role_to_recipients]", table)
    ) as stage:
        pending_request(teleport, reason="prod 1", role="prod")
        await stage.card("prod 1")
        await stage.slack.message_where("security", "dana", lambda m: "prod 1" in words(m))
        pending_request(teleport, reason="staging 2")
        await stage.card("staging 2")
        assert not [m for m in stage.messages("security") if "staging 2" in words(m)]


async def test_channel_shared_with_another_company_gets_no_card(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A setting can allow it. Other channels get their cards."""
    table = '[role_to_recipients]\nstaging = ["partners", "access-requests"]'
    allowed = 'apiurl = "'

    def narrow(text: str) -> str:
        return text.replace("[role_to_recipients]", table)

    def wide(text: str) -> str:
        return text.replace(allowed, f"allow_shared_channels = true\n{allowed}")

    async with run_bot_on(Stage(slack, teleport), settings_file, narrow) as stage:
        pending_request(teleport, reason="secret 1")
        await stage.card("secret 1")
        await stage.dm("alice", "is waiting")
        assert stage.messages("partners") == []
    async with run_bot_on(Stage(slack, teleport), settings_file, wide) as stage:
        pending_request(teleport, reason="open 2", user="bob")
        await stage.card("open 2", "partners")


async def test_channel_that_rejects_messages_blocks_no_other(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The bot isn't a member of #general."""
    table = '[role_to_recipients]\nstaging = ["general", "no-such-channel", "access-requests"]'
    async with run_bot_on(
        Stage(slack, teleport), settings_file, lambda t: t.replace("[role_to_recipients]", table)
    ) as stage:
        pending_request(teleport, reason="redis 1")
        await stage.card("redis 1")
        await stage.dm("alice", "is waiting")
        pending_request(teleport, reason="redis 2", user="bob")
        await stage.card("redis 2")


async def test_cards_have_no_buttons_when_reviews_are_disabled(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Some organizations review only in Teleport."""
    async with run_bot_on(
        Stage(slack, teleport),
        settings_file,
        lambda t: t.replace("[review]", "[review]\nenabled = false"),
    ) as stage:
        request = pending_request(teleport, reason="redis 1")
        assert decisions(await stage.card("redis 1")) == {}
        await stage.type("bob", f"/teleport-approve {request.Metadata.Name}")
        await stage.response("bob", "Reviews from Slack are turned off")
        assert load_settings(settings_file).can_decide is False


async def test_cut_watch_loses_nothing(stage: Stage) -> None:
    """The following list contains all changes."""
    pending_request(stage.teleport, reason="before 1")
    await stage.card("before 1")
    stage.teleport.faults.add("WatchEvents", grpc.StatusCode.UNAVAILABLE, times=4)
    stage.teleport.faults.cut_watches(grpc.StatusCode.UNAVAILABLE, "slow watcher")
    pending_request(stage.teleport, reason="meanwhile 2", user="bob")
    await stage.card("meanwhile 2")


async def test_restart_of_teleport_loses_nothing(stage: Stage) -> None:
    """Every connection breaks. Commands and cards then work again without a restart of the bot."""
    request = pending_request(stage.teleport, reason="before 1")
    card = await stage.card("before 1")
    await stage.teleport.pause()
    stage.teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
    await stage.teleport.resume()
    await stage.card_where(card["ts"], lambda m: "Approved" in words(m))


async def test_state_from_a_stale_list_is_not_shown(stage: Stage) -> None:
    """Another Auth Service's cache can be outdated, so the bot reads the request first."""
    request = pending_request(stage.teleport, reason="decided 1")
    card = await stage.card("decided 1")
    stage.teleport.cluster.stale_lists = True
    stage.teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
    await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
    stage.teleport.faults.cut_watches()
    pending_request(stage.teleport, reason="after 2", user="bob")
    await stage.teleport.journal.wait_for_call("WatchEvents", count=4)
    stage.teleport.cluster.stale_lists = False
    await stage.card_where(card["ts"], lambda m: "Approved" in words(m) and not decisions(m))
    assert [m for m in stage.messages() if "decided 1" in words(m)] == [
        await stage.card("decided 1")
    ]


async def test_first_start_retries_its_summary(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A transient error doesn't suppress the summary."""
    pending_request(teleport, reason="old 1", age=timedelta(days=2))
    slack.faults.inject({"method": "conversations.list", "error": "internal_error", "times": 2})
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        await stage.card("1 older access request")


async def test_rate_limited_message_is_sent_once_after_the_limit(stage: Stage) -> None:
    stage.slack.faults.inject({"method": "chat.postMessage", "retry_after": 1, "times": 1})
    pending_request(stage.teleport, reason="redis 1")
    await stage.card("redis 1")
    await stage.dm("alice", "is waiting")
    assert len(stage.messages()) == 1


async def test_lost_response_is_looked_up_with_history_scopes(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The message is found by its key and not posted twice."""
    slack.workspace.app.scopes.update({"channels:history", "im:history"})
    fault = {"method": "chat.postMessage", "drop_after_commit": True, "times": 1}
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        slack.faults.inject(fault)
        request = pending_request(teleport, reason="redis 1")
        await slack.call_where(lambda c: c.method == "conversations.history")
        await stage.dm("alice", "is waiting")
        card = await stage.card("redis 1")
        teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
        await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
        assert len(stage.messages()) == 1


async def test_lost_response_leads_to_a_second_post_without_history(stage: Stage) -> None:
    """A second message is better than none."""
    fault = {"method": "chat.postMessage", "drop_after_commit": True, "times": 1}
    stage.slack.faults.inject(fault)
    request = pending_request(stage.teleport, reason="redis 1")
    await stage.slack.call_where(lambda c: c.method == "chat.postMessage" and c.status == 200)
    await stage.dm("alice", "is waiting")
    stage.teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
    await stage.card("Approved")
    assert len(stage.messages()) == 2


@pytest.mark.parametrize(
    "scribbled",
    [{"entry": "{not json"}, {"rev": "0"}, {"rev": "9" * 5000}, {"rev": "x", "entry": "1"}],
)
async def test_corrupted_ledger_does_not_stop_the_bot(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path, scribbled: dict[str, str]
) -> None:
    """Any Teleport user with `update` on plugin data can write there."""
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        request = pending_request(teleport, reason="redis 1")
        await stage.dm("alice", "is waiting")
    record = teleport.cluster.plugin_data["access_request", request.Metadata.Name]
    record.Spec.Entries["teleport-chatops/T0SANDBOX1"].Data.update(scribbled)
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
        await stage.dm("alice", "was approved")


async def test_one_of_two_replicas_notifies(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Both handle commands. The leader posts the card once."""
    settings = load_settings(settings_file)
    async with running(settings), running(settings):
        stage = Stage(slack, teleport)
        await slack.socket_count(3)
        for number in range(4):
            await stage.type("alice", f"/teleport-request staging --reason r{number}x")
            card = await stage.card(f"r{number}x")
            await stage.click("bob", card, "approve")
            await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
        assert len(stage.cards()) == 4


async def test_bot_without_lease_permission_works_standalone(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """It must be the only replica then."""
    role = teleport.cluster.roles["teleport-chatops"]
    kept = [rule for rule in role.Spec.Allow.Rules if "semaphore" not in rule.Resources]
    del role.Spec.Allow.Rules[:]
    role.Spec.Allow.Rules.extend(kept)
    teleport.cluster.put_role(role)
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        pending_request(teleport, reason="redis 1")
        await stage.card("redis 1")


async def test_login_state_overrides_the_user_record(stage: Stage) -> None:
    """Erin can review because of an access list, which only her login state contains."""
    stage.teleport.cluster.add_user("erin", ["dev"], {"slack_uid": ["U0ERIN0001"]})
    state = resources.login_state("erin", ["dev", "reviewer"])
    stage.teleport.cluster.login_states["erin"] = state
    await stage.create_request("alice", "staging", "redis 1")
    await stage.type("erin", "/teleport-pending reviewable")
    await stage.response("erin", "redis 1")


async def test_transient_failure_of_slack_loses_no_card(stage: Stage) -> None:
    """A failed listing of channels is retried."""
    fault = {"method": "conversations.list", "error": "internal_error", "times": 2}
    stage.slack.faults.inject(fault)
    pending_request(stage.teleport, reason="redis 1")
    await stage.card("redis 1")


async def test_unreachable_requester_does_not_block_the_card(stage: Stage) -> None:
    """A token without `im:write` doesn't block it either."""
    stage.slack.workspace.app.scopes.discard("im:write")
    pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    request = stage.request(buttons(card)["approve"]["value"])
    stage.teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
    await stage.card_where(card["ts"], lambda m: "Approved" in words(m))


async def test_first_start_continues_when_its_summary_is_rejected(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """A failed summary must not end the process."""
    for number in range(3):
        pending_request(teleport, reason=f"old {number}", age=timedelta(hours=30))
    table = '[role_to_recipients]\nstaging = ["general", "access-requests"]'
    async with run_bot_on(
        Stage(slack, teleport), settings_file, lambda t: t.replace("[role_to_recipients]", table)
    ) as stage:
        await stage.card("3 older access requests are waiting")
        pending_request(teleport, reason="new 9", user="bob")
        await stage.card("new 9")


async def test_channel_that_invites_the_bot_later_gets_pending_cards(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The card is retried, not dropped."""
    table = '[role_to_recipients]\nstaging = "general"'

    def only_general(text: str) -> str:
        return text.replace("[role_to_recipients]", table)

    async with run_bot_on(Stage(slack, teleport), settings_file, only_general) as stage:
        pending_request(teleport, reason="waits 1")
        await slack.call_where(
            lambda c: c.method == "chat.postMessage" and "not_in_channel" in str(c.answer)
        )
        await stage.dm("alice", "is waiting")
    general = slack.workspace.conversation("general")
    assert general is not None
    general.members.add(slack.workspace.app.bot_user)
    async with bot_in_five_minutes(slack, settings_file):
        await stage.card("waits 1", "general")


async def test_message_in_flight_when_the_lease_ends_is_recorded(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Slack accepts it later, and the next leader finds it in the ledger."""
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        slack.faults.inject({"method": "chat.postMessage", "delay_ms": 1500, "times": 2})
        pending_request(teleport, reason="slow 1")
        await teleport.journal.wait_for_call("UpdatePluginData", count=1, ended=True)
        teleport.cluster.semaphores.clear()
        await teleport.journal.wait_for_call("AcquireSemaphore", count=2, ended=True)
        await stage.card("slow 1")
        await stage.dm("alice", "is waiting")
        pending_request(teleport, reason="next 2", user="bob")
        await stage.card("next 2")
    assert len([m for m in stage.messages() if "slow 1" in words(m)]) == 1


async def test_message_in_flight_at_a_stop_is_recorded(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The next start doesn't post it again."""
    async with run_bot_on(Stage(slack, teleport), settings_file):
        slack.faults.inject({"method": "chat.postMessage", "delay_ms": 1500, "times": 2})
        pending_request(teleport, reason="slow 1")
        await slack.call_where(lambda c: c.method == "conversations.open")
        await teleport.journal.wait_for_call("UpdatePluginData", count=1, ended=True)
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        pending_request(teleport, reason="next 2", user="bob")
        await stage.card("next 2")
        await stage.dm("bob", "is waiting")
    assert len([m for m in stage.messages() if "slow 1" in words(m)]) == 1


async def test_lease_is_released_at_a_stop(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """The next replica doesn't wait for its expiry."""
    async with run_bot_on(Stage(slack, teleport), settings_file):
        await teleport.journal.wait_for_call("KeepAliveSemaphoreLease", ended=True)
        assert any(each.leases for each in teleport.cluster.semaphores.values())
    assert not any(each.leases for each in teleport.cluster.semaphores.values())


async def test_unreadable_plugin_data_causes_no_busy_loop(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    for _ in range(20):
        teleport.faults.add("GetPluginData", grpc.StatusCode.PERMISSION_DENIED)
    async with run_bot_on(Stage(slack, teleport), settings_file):
        await teleport.journal.wait_for_call("AcquireSemaphore", count=3, ended=True)
        takeovers = teleport.journal.of("AcquireSemaphore")
        assert takeovers[2].started - takeovers[0].started > 0.7


async def test_promoted_request_is_not_shown_as_denied(stage: Stage) -> None:
    """An access list granted the access, and the reviews show this."""
    request = pending_request(stage.teleport, reason="redis 1")
    card = await stage.card("redis 1")
    promoted = with_state(request, RequestState.PROMOTED)
    promoted.Spec.accessList.Title = "Staging people"
    promoted.Spec.Reviews.add(Author="dana", ProposedState=RequestState.PROMOTED)
    stage.teleport.cluster.requests.put(promoted)
    shown = await stage.card_where(card["ts"], lambda m: "Staging people" in words(m))
    assert "denied" not in words(shown)
    await stage.dm("alice", "through access list Staging people")


async def test_requester_linked_to_another_workspace_gets_no_message(stage: Stage) -> None:
    """The trait contains an external account's ID.

    If two users have the ID, its owner gets the message.
    """
    stage.teleport.cluster.add_user("zoe", ["dev"], {"slack_uid": ["U0IVAN0001"]})
    stage.teleport.cluster.add_user("alice-2", ["dev"], {"slack_uid": ["U0ALICE001"]})
    for user in ("zoe", "alice-2"):
        pending_request(stage.teleport, reason=f"of {user}", user=user)
        await stage.card(f"of {user}")
    await stage.dm("alice", "is waiting")
    assert stage.slack.control_api.messages("@ivan", "ivan") == []
