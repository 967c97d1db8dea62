"""Asking for access, and what comes of mistakes."""

import asyncio
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from sandbox.cast import BOT_USER
from sandbox.slack.server import SlackStandIn
from sandbox.teleport import resources
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import AccessRequestConditions, RoleConditions, RoleV6
from tests.integration.conftest import bot_on
from tests.integration.slack_driver import Stage, buttons, words

REASON = {"type": "plain_text_input", "value": "shard 3 is down"}


async def nothing_was_asked(stage: Stage, sentence: str, text: str) -> None:
    """A command is answered with a sentence, and neither Teleport nor a channel has anything."""
    await stage.type("alice", f"/teleport-request {text}")
    await stage.answer("alice", sentence)
    assert stage.requests == []
    assert stage.messages() == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("staging --reson x", "Did you mean --reason?"),
        ("staging for 0h", "Use between 1 minute and 14 days"),
        ("staging for -1h", "Use between 1 minute and 14 days"),
        ("staging for 3 years", "“3 years” isn't a duration"),
        ("staging for soon", "“soon” isn't a duration"),
        ("stagign because x", "Did you mean staging?"),
        ("zzz because x", "You can request prod and staging"),
        (f"staging because {'x' * 5000}", "5000 bytes long; Teleport's limit is 4096"),
    ],
)
async def test_a_mistake_is_answered_and_nothing_is_asked(
    stage: Stage, text: str, sentence: str
) -> None:
    """Privately, in one sentence with the way out."""
    await nothing_was_asked(stage, sentence, text)


@pytest.mark.parametrize("typed", ["staging and prod", "staging, prod", "staging & prod"])
async def test_roles_can_be_joined(stage: Stage, typed: str) -> None:
    """As people write lists."""
    request, _ = await stage.asked("alice", typed, "redis 1")
    assert set(request.Spec.Roles) == {"staging", "prod"}


async def test_role_called_and_can_be_requested(stage: Stage) -> None:
    """Where there is such a role, the word is its name."""
    cluster = stage.teleport.cluster
    cluster.put_role(resources.role("and"))
    allow = RoleConditions(Request=AccessRequestConditions(Roles=["and", "staging"]))
    cluster.put_role(resources.role("more", allow=allow))
    cluster.add_user("alice", ["dev", "more"], {"slack_uid": ["U0ALICE001"]})
    request, _ = await stage.asked("alice", "staging and", "redis 1")
    assert set(request.Spec.Roles) == {"staging", "and"}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("staging please", "understand “please”, so nothing was requested"),
        ("access to staging", "understand “access” and “to”, so nothing was requested"),
    ],
)
async def test_word_of_english_is_no_forbidden_role(
    stage: Stage, typed: str, sentence: str
) -> None:
    """It is named as not understood, with a line to copy."""
    await stage.type("alice", f"/teleport-request {typed} because redis 1")
    answer = await stage.answer("alice", sentence)
    assert "/teleport-request staging for 2h because" in words(answer)
    assert stage.requests == []


async def test_help_is_private(stage: Stage) -> None:
    """Every command explains itself."""
    for command in ("request", "pending", "approve", "deny"):
        await stage.type("alice", f"/teleport-{command} help")
        await stage.answer("alice", f"How to use /teleport-{command}")
    assert stage.messages() == []


async def test_a_duration_limits_the_access(stage: Stage) -> None:
    """It is counted from now on, as an absolute time."""
    await stage.type("alice", "/teleport-request staging for 2h because redis")
    card = await stage.card("redis")
    spec = stage.request(buttons(card)["approve"]["value"]).Spec
    assert 7100 < spec.Expires.seconds - spec.Created.seconds <= 7200


async def test_less_than_was_asked_for_is_said(stage: Stage) -> None:
    """Teleport shortens silently; the bot says so first, and asks only if that is enough."""
    await stage.type("alice", "/teleport-request staging for 10 days because redis")
    warned = await stage.answer("alice", "doesn't allow staging for 10 days")
    assert "This limit comes from your roles" in words(warned)
    assert not stage.requests
    await stage.click("alice", warned, "ask_anyway")
    answer = await stage.answer("alice", "Duration: 10 days.")
    assert "longer than Teleport allows. Access ends " in words(answer)
    assert len(stage.requests) == 1


async def test_a_bot_whose_certificate_ends_soon_says_that_it_is_why(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Nothing that it creates for others outlives its own certificate."""
    teleport.write_identity(BOT_USER, lifetime=timedelta(hours=1))
    async with bot_on(Stage(slack, teleport), settings_file) as stage:
        await stage.type("alice", "/teleport-request staging for 4h because redis")
        warned = await stage.answer("alice", "doesn't allow staging for 4 hours")
        assert "The bot's certificate expires then" in words(warned)
        assert not stage.requests


async def test_asking_can_be_switched_off(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Typed or by a form; everything else goes on."""

    def off(text: str) -> str:
        return f"{text}\n[request]\nenabled = false\n"

    async with bot_on(Stage(slack, teleport), settings_file, off) as stage:
        for typed in ("staging because redis", ""):
            await stage.type("alice", f"/teleport-request {typed}")
            await stage.answer("alice", "Asking from Slack is switched off here")
        assert not stage.requests
        await stage.type("alice", "/teleport-pending mine")
        await stage.answer("alice", "You have no pending request")


async def test_user_who_expires_is_told_to_log_in(stage: Stage) -> None:
    """As single sign-on users do; their link expires with them."""
    await stage.type("alice", "/teleport-pending mine")
    await stage.answer("alice", "You have no pending request")
    del stage.teleport.cluster.users["alice"]
    await stage.type("alice", "/teleport-request staging because redis")
    await stage.answer("alice", "then log in to Teleport")


async def test_user_who_expires_meanwhile_is_told_to_log_in(stage: Stage) -> None:
    stage.teleport.faults.add("CreateAccessRequestV2", delay=0.3)
    await stage.type("alice", "/teleport-request staging because redis")
    await stage.teleport.journal.wait_for_call("CreateAccessRequestV2")
    del stage.teleport.cluster.users["alice"]
    await stage.answer("alice", "Log in to Teleport once")


async def test_reviewers_are_suggested_to_teleport(stage: Stage) -> None:
    """As Teleport user names."""
    await stage.type("alice", "/teleport-request staging --reviewers @bob,carol --reason redis")
    card = await stage.card("redis")
    spec = stage.request(buttons(card)["approve"]["value"]).Spec
    assert list(spec.SuggestedReviewers) == ["bob", "carol"]


async def test_a_reason_of_4000_bytes_is_kept_whole_and_shown_short(stage: Stage) -> None:
    """Teleport takes 4096 bytes; a card that long would push all else away."""
    reason = f"start {'é' * 1990} end"
    await stage.type("alice", f"/teleport-request staging because {reason}")
    card = await stage.card("start éé")
    request = stage.request(buttons(card)["approve"]["value"])
    assert request.Spec.RequestReason == reason
    assert "é end" not in words(card["blocks"][1])


async def test_hostile_text_is_dead_on_the_card(stage: Stage) -> None:
    """It pings nobody, links nowhere and breaks nothing."""
    hostile = "<!channel> `x` <https://evil.example|click> \u202egnp.exe \u200b*bold* end42"
    await stage.type("alice", f"/teleport-request staging because {hostile}")
    card = await stage.card("end42")
    assert all(block["type"] in {"header", "rich_text", "actions"} for block in card["blocks"])
    assert not {"<", ">"} & set(card["text"])
    assert "\u202e" not in words(card)
    assert "\u200b" not in words(card)


async def test_a_missing_reason_opens_the_form_prefilled(stage: Stage) -> None:
    """With the role that was typed, and the reason now required."""
    await stage.type("alice", "/teleport-request prod for 2h")
    form = await stage.form("alice", "request_form")
    assert "asks for a reason" in words(form)
    done = await stage.submit("alice", form, reason=REASON)
    assert (done["acked"], done["error"], done["payload"]) == (True, None, None)
    card = await stage.card("shard 3 is down")
    assert list(stage.request(buttons(card)["approve"]["value"]).Spec.Roles) == ["prod"]
    await stage.answer("alice", "You requested prod")


async def test_an_empty_reason_is_a_missing_one(stage: Stage) -> None:
    """White space says nothing."""
    await stage.type("alice", '/teleport-request prod --reason "x" --reason="   "')
    await stage.form("alice", "request_form")
    assert stage.requests == []


async def test_a_spent_trigger_leaves_a_button(stage: Stage) -> None:
    """When Teleport took too long for a form to open, the person opens it."""
    stage.slack.faults.inject({"method": "views.open", "error": "expired_trigger_id", "times": 1})
    await stage.type("alice", "/teleport-request prod")
    answer = await stage.answer("alice", "Add a reason to request prod")
    await stage.click("alice", answer, "fill_in_request")
    form = await stage.form("alice", "request_form")
    await stage.submit("alice", form, reason=REASON)
    await stage.card("shard 3 is down")


async def test_the_bare_command_opens_a_form(stage: Stage) -> None:
    """Its menu offers the roles that this person may ask for."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    found = await stage.slack.act(
        {"as": "alice", "do": "suggest", "view_id": form["id"], "action_id": "roles", "text": ""}
    )
    options = found["payload"]["options"]
    assert [option["value"] for option in options] == ["prod", "staging"]
    typed = await stage.slack.act(
        {"as": "alice", "do": "suggest", "view_id": form["id"], "action_id": "roles", "text": "stg"}
    )
    assert typed["payload"]["options"][0]["value"] == "staging"
    done = await stage.submit(
        "alice",
        form,
        roles={"type": "multi_external_select", "selected_options": [options[1]]},
        reason={"type": "plain_text_input", "value": "by form 77"},
    )
    assert done["acked"]
    await stage.card("by form 77")


async def test_a_form_without_a_needed_reason_says_so_beside_the_field(stage: Stage) -> None:
    """It stays open, with everything that was filled in."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    prod = {"text": {"type": "plain_text", "text": "prod"}, "value": "prod"}
    done = await stage.submit(
        "alice", form, roles={"type": "multi_external_select", "selected_options": [prod]}
    )
    assert done["payload"]["response_action"] == "errors"
    assert "reason" in done["payload"]["errors"]
    assert stage.requests == []


async def test_a_role_that_is_not_allowed_is_said_beside_the_field(stage: Stage) -> None:
    """Somebody may have prefilled it by typing."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    other = {"text": {"type": "plain_text", "text": "stagng"}, "value": "stagng"}
    done = await stage.submit(
        "alice", form, roles={"type": "multi_external_select", "selected_options": [other]}
    )
    assert "Did you mean staging?" in done["payload"]["errors"]["roles"]


async def test_reviewers_picked_in_the_form_become_teleport_users(stage: Stage) -> None:
    """Slack people are turned into the users that they stand for; others are refused."""
    await stage.type("alice", "/teleport-request staging")
    card_by_command = await stage.card("staging")
    await stage.click("bob", card_by_command, "approve")
    await stage.card_where(card_by_command["ts"], lambda m: "Approved" in words(m))
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    staging = {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"}
    roles = {"type": "multi_external_select", "selected_options": [staging]}
    nora = {"type": "multi_users_select", "selected_users": ["U0NORA0001"]}
    refused = await stage.submit("alice", form, roles=roles, reviewers=nora)
    assert "isn't linked" in refused["payload"]["errors"]["reviewers"]
    carol = {"type": "multi_users_select", "selected_users": ["U0CAROL001"]}
    why = {"type": "plain_text_input", "value": "picked 31"}
    await stage.submit("alice", form, roles=roles, reviewers=carol, reason=why)
    card = await stage.card("picked 31")
    spec = stage.request(buttons(card)["approve"]["value"]).Spec
    assert list(spec.SuggestedReviewers) == ["carol"]


async def test_the_same_request_again_is_pointed_out(stage: Stage) -> None:
    """Nothing is asked for unless the person says so."""
    await stage.asked("alice", "staging", "first 1")
    await stage.type("alice", "/teleport-request staging because second 2")
    answer = await stage.answer("alice", "You've already requested staging")
    assert len(stage.requests) == 1
    await stage.click("alice", answer, "ask_anyway")
    await stage.card("second 2")
    assert len(stage.requests) == 2


async def test_other_roles_are_not_the_same_request(stage: Stage) -> None:
    """Nor are other people's."""
    await stage.asked("alice", "staging", "first 1")
    await stage.asked("alice", "prod", "second 2")
    await stage.asked("bob", "staging", "third 3")


async def test_a_menu_of_120_roles_can_be_searched(stage: Stage) -> None:
    """Slack shows a hundred at most; typing finds the rest, long names included."""
    cluster = stage.teleport.cluster
    names = [f"team-{number:03}" for number in range(119)] + ["z" * 90]
    for name in names:
        cluster.put_role(resources.role(name))
    many = RoleConditions(Request=AccessRequestConditions(Roles=names))
    cluster.put_role(resources.role("many", allow=many))
    cluster.add_user("dana", ["admin", "many"], {"slack_uid": ["U0DANA0001"]})
    await stage.type("dana", "/teleport-request")
    form = await stage.form("dana", "request_form")

    async def suggested(text: str) -> list[dict[str, str]]:
        act = {"as": "dana", "do": "suggest", "view_id": form["id"], "action_id": "roles"}
        found = await stage.slack.act(act | {"text": text})
        assert found["acked"], found
        options: list[dict[str, str]] = found["payload"]["options"]
        return options

    assert len(await suggested("")) == 100
    assert (await suggested("team-117"))[0]["value"] == "team-117"
    (longest,) = await suggested("zzzzzz")
    done = await stage.submit(
        "dana",
        form,
        roles={"type": "multi_external_select", "selected_options": [longest]},
        reason={"type": "plain_text_input", "value": "long 90"},
    )
    assert done["acked"]
    await stage.card("long 90")
    assert list(stage.requests[0].Spec.Roles) == ["z" * 90]


async def test_teleport_down_for_a_moment_is_not_noticed(stage: Stage) -> None:
    """A call that did not arrive is made again."""
    stage.teleport.faults.add(
        "CreateAccessRequestV2", grpc.StatusCode.UNAVAILABLE, times=3, details="Socket closed"
    )
    await stage.type("alice", "/teleport-request staging because redis 8")
    await stage.card("redis 8")
    assert len(stage.requests) == 1


@pytest.mark.timeout(40)
async def test_teleport_gone_for_longer_is_said_and_nothing_was_asked(stage: Stage) -> None:
    """By a command that asks and by one that lists."""
    await stage.type("alice", "/teleport-pending mine")
    await stage.answer("alice", "You have no pending request")
    await stage.teleport.pause()
    for who, command in (
        ("alice", "/teleport-request staging because x"),
        ("bob", "/teleport-pending"),
    ):
        await stage.type(who, command)
    for who in "alice", "bob":
        await stage.slack.message_where(
            "access-requests", who, lambda m: "Nothing was done; try again" in words(m), 15
        )
    await stage.teleport.resume()
    assert stage.requests == []


async def test_a_lost_answer_does_not_make_a_second_request(stage: Stage) -> None:
    """Teleport had stored it; that is found out before it is sent again."""
    await stage.type("alice", "/teleport-request help")
    stage.teleport.faults.add("CreateAccessRequestV2", delay=0)  # the dry run
    stage.teleport.faults.add(
        "CreateAccessRequestV2", grpc.StatusCode.UNAVAILABLE, after_commit=True,
        details="Socket closed",
    )  # fmt: skip
    await stage.type("alice", "/teleport-request staging because redis 9")
    await stage.answer("alice", "You requested staging")
    assert len(stage.requests) == 1


async def test_a_slow_teleport_leaves_a_form_that_waits(stage: Stage) -> None:
    """Slack gives a form three seconds; the answer appears in its place."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    staging = {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"}
    stage.teleport.faults.add("CreateAccessRequestV2", delay=2.0)
    done = await stage.submit(
        "alice",
        form,
        roles={"type": "multi_external_select", "selected_options": [staging]},
        reason={"type": "plain_text_input", "value": "slow 55"},
    )
    assert done["payload"]["response_action"] == "update"
    assert "taking a while" in words(done["payload"])
    await stage.slack.view_where("alice", lambda v: "You requested staging" in words(v), 5)
    await stage.card("slow 55")
    assert len(stage.requests) == 1


async def test_a_bot_that_may_not_create_says_what_is_missing(stage: Stage) -> None:
    """The verb that no preset grants."""
    role = RoleV6()
    role.CopyFrom(stage.teleport.cluster.roles["teleport-chatops"])
    for rule in role.Spec.Allow.Rules:
        if "create" in rule.Verbs and "access_request" in rule.Resources:
            rule.Verbs.remove("create")
    stage.teleport.cluster.put_role(role)
    await nothing_was_asked(stage, "the verb create on access_request", "staging because x")


async def test_a_double_click_asks_once(stage: Stage) -> None:
    """And so does the same command sent twice at once: the second is pointed to the first."""
    await stage.asked("alice", "staging", "first 1")
    await stage.type("alice", "/teleport-request staging because second 2")
    answer = await stage.answer("alice", "You've already requested staging")
    await asyncio.gather(
        stage.click("alice", answer, "ask_anyway"), stage.click("alice", answer, "ask_anyway")
    )
    await stage.card("second 2")
    twice = "/teleport-request prod because twice 3"
    await asyncio.gather(stage.type("alice", twice), stage.type("alice", twice))
    await stage.answer("alice", "You've already requested prod")
    await stage.card("twice 3")
    assert [r.Spec.RequestReason for r in stage.requests] == ["first 1", "second 2", "twice 3"]


async def test_a_reason_too_long_for_a_button_is_completed_in_the_form(stage: Stage) -> None:
    """Nothing is stored in part without the person seeing it."""
    await stage.asked("alice", "staging", "first 1")
    reason = '"\\' * 1200
    await stage.type("alice", f"/teleport-request staging because {reason}")
    answer = await stage.answer("alice", "You've already requested staging")
    await stage.click("alice", answer, "fill_in_request")
    form = await stage.form("alice", "request_form")
    assert "Some of your text didn't fit" in words(form)
    (field,) = [block for block in form["blocks"] if block.get("block_id") == "reason"]
    assert len(field["element"]["initial_value"]) > 300
    assert len(stage.requests) == 1


async def test_an_answer_in_a_form_that_was_closed_comes_another_way(stage: Stage) -> None:
    """The person did not wait for it."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    stage.teleport.faults.add("CreateAccessRequestV2", delay=2.0)
    await stage.submit(
        "alice",
        form,
        roles={"type": "multi_external_select", "selected_options": [option("staging")]},
        reason={"type": "plain_text_input", "value": "closed 66"},
    )
    await stage.slack.act({"as": "alice", "do": "close", "view_id": form["id"]})
    await stage.told("alice", "You requested staging")


async def test_asking_anyway_in_a_form_is_answered_there(stage: Stage) -> None:
    """In the place of the button, so that nobody clicks it again."""
    await stage.asked("alice", "staging", "first 1")
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    stage.teleport.faults.add("CreateAccessRequestV2", delay=2.0)
    await stage.submit(
        "alice",
        form,
        roles={"type": "multi_external_select", "selected_options": [option("staging")]},
        reason={"type": "plain_text_input", "value": "again 67"},
    )
    waiting = await stage.slack.view_where("alice", lambda v: "already requested" in words(v), 5)
    button = buttons(waiting)["ask_anyway"]
    click = {"as": "alice", "do": "click", "view_id": waiting["id"], "action_id": "ask_anyway"}
    await stage.slack.act(click | {"value": button["value"]})
    await stage.slack.view_where("alice", lambda v: "You requested staging" in words(v), 5)
    await stage.card("again 67")


async def test_a_reason_that_nobody_can_see_is_none(stage: Stage) -> None:
    """Zero-width characters say nothing."""
    await stage.type("alice", "/teleport-request prod because \u200b\u2060")
    await stage.form("alice", "request_form")
    assert stage.requests == []


async def test_suggested_reviewers_stand_on_the_card(stage: Stage) -> None:
    """So that everyone sees who is meant."""
    await stage.type("alice", "/teleport-request staging --reviewers bob,carol --reason redis 9")
    assert "bob and carol" in words(await stage.card("redis 9"))


async def test_an_unsure_outcome_is_said_to_be_unsure(stage: Stage) -> None:
    """Teleport may have done it before it failed."""
    stage.teleport.faults.add("CreateAccessRequestV2", delay=0)  # the dry run
    stage.teleport.faults.add(
        "CreateAccessRequestV2", grpc.StatusCode.INTERNAL, after_commit=True, details="panic"
    )
    await stage.type("alice", "/teleport-request staging because redis 10")
    await stage.answer("alice", "It may have been done, so look again")


def option(value: str) -> dict[str, object]:
    return {"text": {"type": "plain_text", "text": value}, "value": value}
