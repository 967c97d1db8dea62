"""Creating access requests, by command and by form."""

import asyncio
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from sandbox.cast import BOT_USER
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state import resources
from sandbox.teleport.state.resources import nanoseconds
from teleport_client._proto.types_pb2 import AccessRequestConditions, RoleConditions, RoleV6
from tests.integration.conftest import run_bot_on
from tests.integration.slack_driver import Stage, buttons, selected, words

REASON = {"type": "plain_text_input", "value": "shard 3 is down"}


async def check_no_request(stage: Stage, sentence: str, text: str) -> None:
    """Check that the response is one sentence, and that no request or message exists."""
    await stage.type("alice", f"/teleport-request {text}")
    await stage.response("alice", sentence)
    assert stage.requests == []
    assert stage.messages() == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("staging --reson x", "Did you mean --reason?"),
        ("staging --for 2h", "Unknown flag --for. Available flags"),
        ("staging --request-ttl 2h", "Choose the expiry of the request in the form"),
        ("staging --nowait", "this command never waits"),
        ("--resource web-1", "such as node/web-1"),
        ("staging for 0h", "Use between 1 minute and 14 days"),
        ("staging for -1h", "Use between 1 minute and 14 days"),
        ("staging for 3 years", "“3 years” isn't a duration"),
        ("staging for soon", "“soon” isn't a duration"),
        ("stagign because x", "Did you mean staging?"),
        ("zzz-1 because x", "You can request prod and staging"),
        (f"staging because {'x' * 5000}", "5000 bytes long; Teleport's limit is 4096"),
        (
            f"staging --reviewers {','.join(f'r{n}' for n in range(21))}",
            "You can suggest up to 20 reviewers",
        ),
    ],
)
async def test_mistake_gets_a_response_and_creates_no_request(
    stage: Stage, text: str, sentence: str
) -> None:
    """The response is private, in one sentence with a hint."""
    await check_no_request(stage, sentence, text)


@pytest.mark.parametrize("typed", ["staging and prod", "staging, prod", "staging & prod"])
async def test_several_roles_can_be_requested(stage: Stage, typed: str) -> None:
    request, _ = await stage.create_request("alice", typed, "redis 1")
    assert set(request.Spec.Roles) == {"staging", "prod"}


async def test_role_called_and_can_be_requested(stage: Stage) -> None:
    """If such a role exists, the word is its name."""
    cluster = stage.teleport.cluster
    cluster.put_role(resources.role("and"))
    allow = RoleConditions(Request=AccessRequestConditions(Roles=["and", "staging"]))
    cluster.put_role(resources.role("more", allow=allow))
    cluster.add_user("alice", ["dev", "more"], {"slack_uid": ["U0ALICE001"]})
    request, _ = await stage.create_request("alice", "staging and", "redis 1")
    assert set(request.Spec.Roles) == {"staging", "and"}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("staging please", "“please” isn't a role that you can request, or a word"),
        ("access to staging", "“access” and “to” aren't roles that you can request, or words"),
    ],
)
async def test_english_word_is_not_reported_as_a_forbidden_role(
    stage: Stage, typed: str, sentence: str
) -> None:
    """The response calls it unrecognized and suggests a command to copy."""
    await stage.type("alice", f"/teleport-request {typed} because redis 1")
    response = await stage.response("alice", sentence)
    assert "/teleport-request staging for 2h because" in words(response)
    assert stage.requests == []


async def test_help_is_private(stage: Stage) -> None:
    for command in ("request", "pending", "approve", "deny"):
        await stage.type("alice", f"/teleport-{command} help")
        await stage.response("alice", f"How to use /teleport-{command}")
    assert stage.messages() == []


async def test_duration_limits_the_access(stage: Stage) -> None:
    """The limit is an absolute time, counted from now."""
    await stage.type("alice", "/teleport-request staging for 2h because redis")
    card = await stage.card("redis")
    spec = stage.request(buttons(card)["approve"]["value"]).Spec
    assert 7100 < spec.Expires.seconds - spec.Created.seconds <= 7200


@pytest.mark.parametrize(("longest", "access"), [(None, 1), (timedelta(days=2), 48)])
async def test_session_ttl_limits_single_sessions(
    stage: Stage, longest: timedelta | None, access: int
) -> None:
    """Access lasts longer only if the requester's role has a `max_duration`."""
    if longest is not None:
        request = stage.teleport.cluster.roles["dev"].Spec.Allow.Request
        request.MaxDuration = nanoseconds(longest)
    typed = f"staging for {access}h --session-ttl 1h because redis"
    await stage.type("alice", f"/teleport-request {typed}")
    await stage.response("alice", "Longest session: 1 hour.")
    (stored,) = stage.requests
    spec = stored.Spec
    ends = (spec.SessionTTL.seconds, spec.Expires.seconds)
    hours = [(end - spec.Created.seconds) / 3600 for end in ends]
    assert hours == pytest.approx([1, access], abs=0.01)


async def test_session_longer_than_the_role_allows_gets_a_sentence(stage: Stage) -> None:
    options = stage.teleport.cluster.roles["staging"].Spec.Options
    options.MaxSessionTTL = nanoseconds(timedelta(hours=1))
    await stage.type("alice", "/teleport-request staging --session-ttl 2h because redis")
    await stage.response("alice", "Choose a shorter --session-ttl, or leave it out.")
    assert stage.requests == []


async def test_shorter_access_needs_confirmation(stage: Stage) -> None:
    """Teleport shortens access silently.

    The bot shows it first and creates the request on confirmation.
    """
    await stage.type("alice", "/teleport-request staging for 10 days because redis")
    warned = await stage.response("alice", "doesn't allow staging for 10 days")
    assert "This limit comes from your roles" in words(warned)
    assert not stage.requests
    await stage.click("alice", warned, "ask_anyway")
    response = await stage.response("alice", "You asked for access for 10 days, which is longer")
    assert "Access ends " in response["text"]
    assert len(stage.requests) == 1


async def test_short_access_due_to_the_bots_certificate_is_explained(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Access that the bot creates never outlives the bot's own certificate."""
    teleport.write_identity(BOT_USER, lifetime=timedelta(hours=1))
    async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
        await stage.type("alice", "/teleport-request staging for 4h because redis")
        warned = await stage.response("alice", "doesn't allow staging for 4 hours")
        assert "The bot's certificate expires then" in words(warned)
        assert not stage.requests


async def test_requests_can_be_disabled(
    slack: SlackStandIn, teleport: TeleportStandIn, settings_file: Path
) -> None:
    """Commands and forms are disabled, all other functions stay enabled."""

    def disable_requests(text: str) -> str:
        return f"{text}\n[request]\nenabled = false\n"

    async with run_bot_on(Stage(slack, teleport), settings_file, disable_requests) as stage:
        for typed in ("staging because redis", ""):
            await stage.type("alice", f"/teleport-request {typed}")
            await stage.response("alice", "Access requests from Slack are turned off")
        assert not stage.requests
        await stage.type("alice", "/teleport-pending mine")
        await stage.response("alice", "You have no pending request")


async def test_expiring_user_is_asked_to_log_in(stage: Stage) -> None:
    """Single sign-on users expire, and their link expires with them."""
    await stage.type("alice", "/teleport-pending mine")
    await stage.response("alice", "You have no pending request")
    del stage.teleport.cluster.users["alice"]
    await stage.type("alice", "/teleport-request staging because redis")
    await stage.response("alice", "then log in to Teleport")


async def test_user_expiring_during_a_request_is_asked_to_log_in(stage: Stage) -> None:
    stage.teleport.faults.add("CreateAccessRequestV2", delay=0.3)
    await stage.type("alice", "/teleport-request staging because redis")
    await stage.teleport.journal.wait_for_call("CreateAccessRequestV2")
    del stage.teleport.cluster.users["alice"]
    await stage.response("alice", "log in to Teleport with tsh or the web UI")


async def test_reviewers_are_stored_as_teleport_user_names(stage: Stage) -> None:
    await stage.type("alice", "/teleport-request staging --reviewers @bob,carol --reason redis")
    card = await stage.card("redis")
    spec = stage.request(buttons(card)["approve"]["value"]).Spec
    assert list(spec.SuggestedReviewers) == ["bob", "carol"]


async def test_reason_of_4000_bytes_is_stored_and_shown_truncated(stage: Stage) -> None:
    """Teleport accepts 4096 bytes. On a card, such a text would displace all other content."""
    reason = f"start {'é' * 1990} end"
    await stage.type("alice", f"/teleport-request staging because {reason}")
    card = await stage.card("start éé")
    request = stage.request(buttons(card)["approve"]["value"])
    assert request.Spec.RequestReason == reason
    assert "é end" not in words(card)


async def test_hostile_text_is_literal_on_the_card(stage: Stage) -> None:
    """It causes no mentions or links and breaks no markup."""
    hostile = "<!channel> `x` <https://evil.example|click> \u202egnp.exe \u200b*bold* end42"
    await stage.type("alice", f"/teleport-request staging because {hostile}")
    card = await stage.card("end42")
    literal = [block for block in card["blocks"] if "end42" in words(block)]
    assert [block["type"] for block in literal] == ["rich_text"]
    assert not {"<", ">"} & set(card["text"])
    assert "\u202e" not in words(card)
    assert "\u200b" not in words(card)


async def test_missing_reason_opens_the_prefilled_form(stage: Stage) -> None:
    """The form contains the typed role, and the reason is now required."""
    await stage.type("alice", "/teleport-request prod for 2h")
    form = await stage.form("alice", "request_form")
    assert "This request needs a reason" in words(form)
    done = await stage.submit("alice", form, reason=REASON)
    assert (done["acked"], done["error"], done["payload"]) == (True, None, None)
    card = await stage.card("shard 3 is down")
    assert list(stage.request(buttons(card)["approve"]["value"]).Spec.Roles) == ["prod"]
    await stage.response("alice", "You requested prod")


async def test_reason_required_only_at_creation_opens_the_form(stage: Stage) -> None:
    """A role can change between the dry run and the creation."""
    error = "request reason must be specified\nName a ticket."
    faults = stage.teleport.faults
    faults.add("CreateAccessRequestV2")
    faults.add("CreateAccessRequestV2", grpc.StatusCode.INVALID_ARGUMENT, details=error)
    await stage.type("alice", "/teleport-request staging")
    form = await stage.form("alice", "request_form")
    assert "Name a ticket." in words(form)
    assert stage.requests == []


async def test_empty_reason_counts_as_missing(stage: Stage) -> None:
    """White space counts as empty."""
    await stage.type("alice", '/teleport-request prod --reason="   "')
    await stage.form("alice", "request_form")
    assert stage.requests == []


async def test_expired_trigger_leads_to_a_button(stage: Stage) -> None:
    """If Teleport took too long for a form to open, the user opens it with the button."""
    stage.slack.faults.inject({"method": "views.open", "error": "expired_trigger_id", "times": 1})
    await stage.type("alice", "/teleport-request prod")
    response = await stage.response("alice", "Add a reason to request prod")
    await stage.click("alice", response, "fill_in_request")
    form = await stage.form("alice", "request_form")
    await stage.submit("alice", form, reason=REASON)
    await stage.card("shard 3 is down")


async def test_bare_command_opens_a_form(stage: Stage) -> None:
    """The options are the roles that this user can request."""
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


async def test_form_without_a_required_reason_shows_an_error(stage: Stage) -> None:
    """The form stays open and keeps its values."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    prod = {"text": {"type": "plain_text", "text": "prod"}, "value": "prod"}
    done = await stage.submit(
        "alice", form, roles={"type": "multi_external_select", "selected_options": [prod]}
    )
    assert done["payload"]["response_action"] == "errors"
    assert "reason" in done["payload"]["errors"]
    assert stage.requests == []


async def test_forbidden_role_in_the_form_shows_an_error(stage: Stage) -> None:
    """The role can come from the typed command."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    other = {"text": {"type": "plain_text", "text": "stagng"}, "value": "stagng"}
    done = await stage.submit(
        "alice", form, roles={"type": "multi_external_select", "selected_options": [other]}
    )
    assert "Did you mean staging?" in done["payload"]["errors"]["roles"]


async def test_reviewers_in_the_form_are_stored_as_teleport_users(stage: Stage) -> None:
    """Slack users without a Teleport user are rejected."""
    await stage.type("alice", "/teleport-request staging")
    card_by_command = await stage.card("staging")
    await stage.click("bob", card_by_command, "approve")
    await stage.card_where(card_by_command["ts"], lambda m: "Approved" in words(m))
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    staging = {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"}
    roles = {"type": "multi_external_select", "selected_options": [staging]}
    nora = selected("U0NORA0001")
    refused = await stage.submit("alice", form, roles=roles, reviewers=nora)
    assert "isn't linked" in refused["payload"]["errors"]["reviewers"]
    carol = selected("U0CAROL001")
    why = {"type": "plain_text_input", "value": "picked 31"}
    await stage.submit("alice", form, roles=roles, reviewers=carol, reason=why)
    card = await stage.card("picked 31")
    spec = stage.request(buttons(card)["approve"]["value"]).Spec
    assert list(spec.SuggestedReviewers) == ["carol"]


async def test_duplicate_request_needs_confirmation(stage: Stage) -> None:
    await stage.create_request("alice", "staging", "first 1")
    await stage.type("alice", "/teleport-request staging because second 2")
    response = await stage.response("alice", "You've already requested staging")
    assert len(stage.requests) == 1
    await stage.click("alice", response, "ask_anyway")
    await stage.card("second 2")
    assert len(stage.requests) == 2


async def test_request_for_other_roles_is_not_a_duplicate(stage: Stage) -> None:
    """A request of another user isn't one either."""
    await stage.create_request("alice", "staging", "first 1")
    await stage.create_request("alice", "prod", "second 2")
    await stage.create_request("bob", "staging", "third 3")


async def test_options_of_120_roles_can_be_searched(stage: Stage) -> None:
    """Slack shows at most a hundred. Typing finds the others, including long names."""
    cluster = stage.teleport.cluster
    names = [f"team-{number:03}" for number in range(119)] + ["z" * 90]
    for name in names:
        cluster.put_role(resources.role(name))
    many = RoleConditions(Request=AccessRequestConditions(Roles=names))
    cluster.put_role(resources.role("many", allow=many))
    cluster.add_user("dana", ["admin", "many"], {"slack_uid": ["U0DANA0001"]})
    await stage.type("dana", "/teleport-request")
    form = await stage.form("dana", "request_form")

    async def search_roles(text: str) -> list[dict[str, str]]:
        act = {"as": "dana", "do": "suggest", "view_id": form["id"], "action_id": "roles"}
        found = await stage.slack.act(act | {"text": text})
        assert found["acked"], found
        payload = found["payload"]
        options: list[dict[str, str]] = (
            payload.get("options") or payload["option_groups"][0]["options"]
        )
        return options

    assert len(await search_roles("")) == 100
    assert (await search_roles("team-117"))[0]["value"] == "team-117"
    (longest,) = await search_roles("zzzzzz")
    done = await stage.submit(
        "dana",
        form,
        roles={"type": "multi_external_select", "selected_options": [longest]},
        reason={"type": "plain_text_input", "value": "long 90"},
    )
    assert done["acked"]
    await stage.card("long 90")
    assert list(stage.requests[0].Spec.Roles) == ["z" * 90]


async def test_short_outage_of_teleport_is_retried(stage: Stage) -> None:
    """A call that didn't arrive is sent again."""
    stage.teleport.faults.add(
        "CreateAccessRequestV2", grpc.StatusCode.UNAVAILABLE, times=3, details="Socket closed"
    )
    await stage.type("alice", "/teleport-request staging because redis 8")
    await stage.card("redis 8")
    assert len(stage.requests) == 1


async def test_long_outage_of_teleport_gets_a_response(stage: Stage) -> None:
    """Cover a command that creates a request and one that lists requests."""
    await stage.type("alice", "/teleport-pending mine")
    await stage.response("alice", "You have no pending request")
    await stage.teleport.pause()
    for who, command in (
        ("alice", "/teleport-request staging because x"),
        ("bob", "/teleport-pending"),
    ):
        await stage.type(who, command)
    for who in "alice", "bob":
        await stage.slack.message_where(
            "access-requests", who, lambda m: "Nothing changed. Try again" in words(m), 15
        )
    await stage.teleport.resume()
    assert stage.requests == []


async def test_lost_response_does_not_lead_to_a_second_request(stage: Stage) -> None:
    """Teleport stored the request. The bot finds it before it retries."""
    await stage.type("alice", "/teleport-request help")
    stage.teleport.faults.add("CreateAccessRequestV2", delay=0)  # The dry run.
    stage.teleport.faults.add(
        "CreateAccessRequestV2", grpc.StatusCode.UNAVAILABLE, after_commit=True,
        details="Socket closed",
    )  # fmt: skip
    await stage.type("alice", "/teleport-request staging because redis 9")
    await stage.response("alice", "You requested staging")
    assert len(stage.requests) == 1


async def test_slow_teleport_leaves_an_open_form(stage: Stage) -> None:
    """Slack allows three seconds for a form. The response then replaces its content."""
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


async def test_reason_missing_in_a_slow_form_is_requested_in_its_place(stage: Stage) -> None:
    """After the ack, Slack shows no errors at inputs."""
    await stage.type("alice", "/teleport-request")
    form = await stage.form("alice", "request_form")
    stage.teleport.faults.add("CreateAccessRequestV2", delay=2.0)
    await stage.submit(
        "alice", form, roles={"type": "multi_external_select", "selected_options": [option("prod")]}
    )
    prompt = await stage.slack.view_where(
        "alice", lambda v: "Add a reason to request prod" in words(v)
    )
    assert "fill_in_request" in buttons(prompt)
    assert stage.requests == []


async def test_missing_permission_to_create_is_named(stage: Stage) -> None:
    """No preset role grants the verb."""
    role = RoleV6()
    role.CopyFrom(stage.teleport.cluster.roles["teleport-chatops"])
    for rule in role.Spec.Allow.Rules:
        if "create" in rule.Verbs and "access_request" in rule.Resources:
            rule.Verbs.remove("create")
    stage.teleport.cluster.put_role(role)
    await check_no_request(stage, "the verb create on access_request", "staging because x")


async def test_double_click_creates_one_request(stage: Stage) -> None:
    """The same holds for two equal commands. The second response shows the first request."""
    await stage.create_request("alice", "staging", "first 1")
    await stage.type("alice", "/teleport-request staging because second 2")
    response = await stage.response("alice", "You've already requested staging")
    await asyncio.gather(
        stage.click("alice", response, "ask_anyway"), stage.click("alice", response, "ask_anyway")
    )
    await stage.card("second 2")
    twice = "/teleport-request prod because twice 3"
    await asyncio.gather(stage.type("alice", twice), stage.type("alice", twice))
    await stage.response("alice", "You've already requested prod")
    await stage.card("twice 3")
    assert [r.Spec.RequestReason for r in stage.requests] == ["first 1", "second 2", "twice 3"]


async def test_reason_too_long_for_a_button_is_completed_in_the_form(stage: Stage) -> None:
    """A truncated reason is never stored unseen."""
    await stage.create_request("alice", "staging", "first 1")
    reason = '"\\' * 1200
    await stage.type("alice", f"/teleport-request staging because {reason}")
    response = await stage.response("alice", "You've already requested staging")
    await stage.click("alice", response, "fill_in_request")
    form = await stage.form("alice", "request_form")
    assert "Some of your text didn't fit" in words(form)
    (field,) = [block for block in form["blocks"] if block.get("block_id") == "reason"]
    assert len(field["element"]["initial_value"]) > 300
    assert len(stage.requests) == 1


async def test_response_to_a_closed_form_is_an_ephemeral_message(stage: Stage) -> None:
    """The user closed the form before the response."""
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
    await stage.dm("alice", "You requested staging")


async def test_confirmation_in_a_form_gets_its_response_there(stage: Stage) -> None:
    """The response replaces the button, so a second click is impossible."""
    await stage.create_request("alice", "staging", "first 1")
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


async def test_invisible_reason_counts_as_missing(stage: Stage) -> None:
    """Zero-width characters count as empty."""
    await stage.type("alice", "/teleport-request prod because \u200b\u2060")
    await stage.form("alice", "request_form")
    assert stage.requests == []


async def test_card_shows_suggested_reviewers(stage: Stage) -> None:
    await stage.type("alice", "/teleport-request staging --reviewers bob,carol --reason redis 9")
    assert "bob and carol" in words(await stage.card("redis 9"))


async def test_uncertain_outcome_is_reported_as_uncertain(stage: Stage) -> None:
    """Teleport may have stored the request before it failed."""
    stage.teleport.faults.add("CreateAccessRequestV2", delay=0)  # The dry run.
    stage.teleport.faults.add(
        "CreateAccessRequestV2", grpc.StatusCode.INTERNAL, after_commit=True, details="panic"
    )
    await stage.type("alice", "/teleport-request staging because redis 10")
    await stage.response("alice", "It may have worked, so check before you retry")


def option(value: str) -> dict[str, object]:
    return {"text": {"type": "plain_text", "text": value}, "value": value}
