"""Every trigger in Slack rejects a user without access."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from commands.register import HANDLERS
from sandbox.cast import SLACK_TRAIT
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import rule
from teleport_client._proto.types_pb2 import AccessRequestV3, LockTarget, RequestState, UserV2
from tests.integration.conftest import run_bot_on
from tests.integration.home.home_driver import click_in, opened_home
from tests.integration.log_capture import Log, capture_logs
from tests.integration.request_factory import pending_request, with_state
from tests.integration.slack_driver import Stage, buttons, words

PLAN = "the secret plan"
BOB = "U0BOB00001"
_ACTS = ("CreateAccessRequest", "SubmitAccessReview", "GetAccessCapabilities", "UpsertLock")
Trigger = Callable[[], Awaitable[Any]]


@dataclass
class Scene:
    """Bob with permission to request and review, and a request of alice to review."""

    stage: Stage
    log: Log
    request_id: str
    card: dict[str, Any]

    async def settle(self) -> None:
        """Wait until all interactions are handled, and clear the log."""
        envelopes = self.stage.slack.journal.envelopes
        await self.log.until("interaction_handled", len(envelopes))
        envelopes.clear()
        self.log.entries.clear()

    async def command(self, text: str) -> Trigger:
        return lambda: self.stage.type("bob", f"/teleport-{text}")

    async def click(self, message: dict[str, Any], action: str) -> Trigger:
        return lambda: self.stage.click("bob", message, action)

    async def click_in_response(self, text: str, action: str) -> Trigger:
        await self.stage.type("bob", f"/teleport-{text}")
        return await self.click(await self.response_with(action), action)

    async def response_with(self, action: str) -> dict[str, Any]:
        return await self.stage.slack.message_where(
            "access-requests", "bob", lambda m: m["ephemeral"] and action in buttons(m)
        )

    async def older_page(self) -> Trigger:
        for number in range(10):
            pending_request(self.stage.teleport, reason=f"{PLAN} {number}")
        return await self.click_in_response("pending reviewable", "pending_older")

    async def newer_page(self) -> Trigger:
        await (await self.older_page())()
        return await self.click(await self.response_with("pending_newer"), "pending_newer")

    async def home_more(self) -> Trigger:
        for number in range(30):
            pending_request(self.stage.teleport, reason=f"{PLAN} {number}")
        home = await opened_home(self.stage, "bob", "more")
        return lambda: click_in(self.stage, "bob", home, "home_more")

    async def duplicate(self) -> Trigger:
        await self.stage.create_request("bob", "staging", "redis 1")
        return await self.click_in_response("request staging because redis 2", "ask_anyway")

    async def own_request(self, action: str, state: RequestState.ValueType) -> Trigger:
        """Click a button in the DM about a request of bob's own in this state."""
        request = pending_request(self.stage.teleport, user="bob")
        await self.dm_about(request, "cancel_request")
        if state != RequestState.PENDING:
            self.stage.teleport.cluster.requests.put(with_state(request, state))
        dm = await self.dm_about(request, action)
        return lambda: self.stage.click("bob", dm, action, channel="@bob")

    async def lock_button(self) -> Trigger:
        request = self.stage.request(self.request_id)
        self.stage.teleport.cluster.requests.put(with_state(request, RequestState.APPROVED))
        return await self.click(await self.stage.card_where(self.card["ts"], has_lock), "lock")

    async def dm_about(self, request: AccessRequestV3, action: str) -> dict[str, Any]:
        return await self.stage.slack.message_where(
            "@bob",
            "bob",
            lambda m: buttons(m).get(action, {}).get("value") == request.Metadata.Name,
        )

    async def missing_reason(self) -> Trigger:
        self.stage.slack.faults.inject(
            {"method": "views.open", "error": "expired_trigger_id", "times": 1}
        )
        return await self.click_in_response("request prod", "fill_in_request")

    async def details_page(self, action: str) -> Trigger:
        """Click a paging button in the details of a request whose reason is longer than a page."""
        long = pending_request(self.stage.teleport, reason=f"{PLAN} {'word ' * 3_000}")
        await self.stage.type("bob", f"/teleport-approve {long.Metadata.Name[-8:]}")
        found = await self.stage.slack.message_where(
            "access-requests",
            "bob",
            lambda m: buttons(m).get("details", {}).get("value") == long.Metadata.Name,
        )
        await self.stage.click("bob", found, "details")
        view = await self.stage.view("bob", lambda v: "details_next" in buttons(v))
        if action == "details_back":
            await self.stage.click_in_view("bob", view, "details_next")
            view = await self.stage.view("bob", lambda v: action in buttons(v))
        return lambda: self.stage.click_in_view("bob", view, action)

    async def shortcut(self, callback_id: str, **where: str) -> Trigger:
        use = {"as": "bob", "do": "shortcut", "callback_id": callback_id}
        return lambda: self.stage.slack.act({**use, **where})

    async def options(self, action_id: str) -> Trigger:
        form = await self._form("request", "request_form")
        suggest = {"as": "bob", "do": "suggest", "view_id": form["id"], "action_id": action_id}
        return lambda: self.stage.slack.act({**suggest, "text": "stag"})

    async def request_form(self) -> Trigger:
        form = await self._form("request", "request_form")
        staging = {"text": {"type": "plain_text", "text": "staging"}, "value": "staging"}
        roles = {"type": "multi_external_select", "selected_options": [staging]}
        return lambda: self.stage.submit("bob", form, roles=roles)

    async def review_form(self) -> Trigger:
        form = await self._form(f"deny {self.request_id}", "review_form")
        reason = {"type": "plain_text_input", "value": "no"}
        return lambda: self.stage.submit("bob", form, reason=reason)

    async def bulk_review_form(self) -> Trigger:
        form = await self._form("approve", "bulk_review_form")
        (options,) = (
            block["element"]["options"] for block in form["blocks"] if block["block_id"] == "pick_0"
        )
        picked = {"type": "checkboxes", "selected_options": options}
        return lambda: self.stage.submit("bob", form, pick_0=picked)

    async def _form(self, command: str, callback: str) -> dict[str, Any]:
        await self.stage.type("bob", f"/teleport-{command}")
        return await self.stage.form("bob", callback)


def has_lock(message: dict[str, Any]) -> bool:
    return "lock" in buttons(message)


Prepare = Callable[[Scene], Awaitable[Trigger]]
CASES: list[tuple[str, Prepare]] = [
    ("/teleport-request", lambda s: s.command("request staging because x")),
    ("/teleport-request", lambda s: s.command("request")),
    ("/teleport-pending", lambda s: s.command("pending")),
    ("/teleport-pending", lambda s: s.command("pending mine")),
    ("/teleport-pending", lambda s: s.command("pending all")),
    ("/teleport-pending", lambda s: s.command("pending active")),
    ("/teleport-pending", lambda s: s.command("pending suggested plan")),
    ("/teleport-approve", lambda s: s.command("approve")),
    ("/teleport-approve", lambda s: s.command(f"approve {s.request_id}")),
    ("/teleport-approve", lambda s: s.command(f"approve {s.request_id[-8:]}")),
    ("/teleport-deny", lambda s: s.command(f"deny {s.request_id}")),
    ("/teleport-deny", lambda s: s.command(f"deny {s.request_id} no")),
    ("approve", lambda s: s.click(s.card, "approve")),
    ("deny", lambda s: s.click(s.card, "deny")),
    ("approve_with", lambda s: s.click(s.card, "approve_with")),
    ("details", lambda s: s.click(s.card, "details")),
    ("details_next", lambda s: s.details_page("details_next")),
    ("details_back", lambda s: s.details_page("details_back")),
    ("pending_older", lambda s: s.older_page()),
    ("pending_newer", lambda s: s.newer_page()),
    ("home_more", lambda s: s.home_more()),
    ("ask_anyway", lambda s: s.duplicate()),
    ("fill_in_request", lambda s: s.missing_reason()),
    ("cancel_request", lambda s: s.own_request("cancel_request", RequestState.PENDING)),
    ("request_again", lambda s: s.own_request("request_again", RequestState.DENIED)),
    ("extend_access", lambda s: s.own_request("extend_access", RequestState.APPROVED)),
    ("done", lambda s: s.own_request("done", RequestState.APPROVED)),
    ("lock", lambda s: s.lock_button()),
    ("request_access", lambda s: s.shortcut("request_access")),
    (
        "request_access_for_message",
        lambda s: s.shortcut(
            "request_access_for_message", channel="access-requests", ts=s.card["ts"]
        ),
    ),
    ("roles", lambda s: s.options("roles")),
    ("resources", lambda s: s.options("resources")),
    ("reviewers", lambda s: s.options("reviewers")),
    ("request_form", lambda s: s.request_form()),
    ("review_form", lambda s: s.review_form()),
    ("bulk_review_form", lambda s: s.bulk_review_form()),
]


MENUS = {"roles", "resources", "reviewers"}


def test_cases_cover_every_trigger() -> None:
    """A new command needs a case here."""
    assert {name for name, _ in CASES} == HANDLERS.names


def lock(teleport: TeleportStandIn, _: UserV2) -> None:
    teleport.cluster.lock(LockTarget(User="bob"))


def deny(teleport: TeleportStandIn, _: UserV2) -> None:
    teleport.cluster.roles["reviewer"].Spec.Deny.Rules.append(rule("access_request", "*"))


def unlink(_: TeleportStandIn, bob: UserV2) -> None:
    del bob.Spec.Traits.Values[SLACK_TRAIT]


REFUSALS: list[tuple[Callable[[TeleportStandIn, UserV2], None], str]] = [
    (lock, "locked"),
    (deny, "denied"),
    (unlink, "unmapped"),
]


@pytest.fixture
async def scene(
    slack: SlackStandIn,
    teleport: TeleportStandIn,
    settings_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Scene]:
    """Yield a bot without a user cache, so that changes in Teleport count at once."""
    monkeypatch.setattr("workspace.directory.user_directory.ACTING_SECONDS", 0)
    monkeypatch.setattr("commands.use_cases.acting_user.authorization.CACHE_SECONDS", 0)
    teleport.cluster.users["bob"].Spec.Roles.append("prod-requester")
    with capture_logs() as log:
        async with run_bot_on(Stage(slack, teleport), settings_file) as stage:
            request = pending_request(teleport, reason=f"{PLAN} 1")
            yield Scene(stage, log, request.Metadata.Name, await stage.card(PLAN))


@pytest.mark.parametrize(("name", "prepare"), CASES)
async def test_trigger_rejects_a_user_without_access(
    scene: Scene, name: str, prepare: Prepare
) -> None:
    """The response is private. The bot reads, stores and reviews nothing."""
    teleport, slack = scene.stage.teleport, scene.stage.slack
    for refuse, reason in REFUSALS:
        slack.workspace.screens[BOB].modals.clear()
        trigger = await prepare(scene)
        await scene.settle()
        seen, calls = len(private_responses(slack)), len(teleport.journal.calls)
        with apply_change(teleport, refuse):
            done = await trigger()
            outcome = "no_options" if name in MENUS else "refused"
            await scene.log.first("interaction_handled", interaction=name, outcome=outcome)
        if name in MENUS:
            assert done["payload"]["options"] == []
        else:
            assert [entry["reason"] for entry in scene.log.all("interaction_rejected")] == [reason]
        assert not [c for c in teleport.journal.calls[calls:] if c.method.startswith(_ACTS)]
        await scene.settle()
        assert PLAN not in words(private_responses(slack)[seen:])


def private_responses(slack: SlackStandIn) -> list[dict[str, Any]]:
    messages = slack.control_api.messages("access-requests", "bob")
    return [*(m for m in messages if m["ephemeral"]), *slack.control_api.views("bob")["modals"]]


@contextmanager
def apply_change(
    teleport: TeleportStandIn, change: Callable[[TeleportStandIn, UserV2], None]
) -> Iterator[None]:
    """Change bob or a resource that applies to him, and undo the change afterwards."""
    bob, role = teleport.cluster.users["bob"], teleport.cluster.roles["reviewer"]
    user_before, role_before = UserV2(), type(role)()
    user_before.CopyFrom(bob)
    role_before.CopyFrom(role)
    change(teleport, bob)
    yield
    bob.CopyFrom(user_before)
    role.CopyFrom(role_before)
    teleport.cluster.locks.clear()
