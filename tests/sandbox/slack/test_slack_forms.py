"""Forms: Slack's own checks, the payload for the app, and the effect of its ack."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.errors import BadRequestError
from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.blocks import modal, option, plain, section, select_input, text_input

ALICE = "U0ALICE001"
REQUIRED = "Please complete this required field."

Json = dict[str, Any]

_HOURS: Json = {
    "type": "number_input",
    "is_decimal_allowed": False,
    "min_value": "1",
    "max_value": "8",
}


class Form:
    """A form that alice has open, and the app's answer to it."""

    def __init__(self, slack: SlackStandIn, client: AsyncWebClient, app: AsyncApp) -> None:
        self.answer: Json = {}
        self.submissions: list[Json] = []
        self._slack, self._client = slack, client
        app.view("form")(self._submitted)

    async def open(self, *blocks: Json, **fields: Any) -> Json:
        trigger = self._slack.triggers.issue(ALICE)
        opened = await self._client.views_open(trigger_id=trigger, view=modal(*blocks, **fields))
        view: Json = opened["view"]
        return view

    async def submit(self, view: Json, **values: Json) -> Json:
        entered = {
            block: {"text": {"type": "plain_text_input", **v}} for block, v in values.items()
        }
        return await self._slack.act(
            {"as": "alice", "do": "submit", "view_id": view["id"], "values": entered}
        )

    async def _submitted(self, ack: AsyncAck, body: Json) -> None:
        await ack(**self.answer)
        self.submissions.append(body)


@pytest.fixture
def form(slack: SlackStandIn, client: AsyncWebClient, bolt: AsyncApp) -> Form:
    return Form(slack, client, bolt)


def _modals(slack: SlackStandIn) -> list[Json]:
    modals: list[Json] = slack.control_api.views("alice")["modals"]
    return modals


async def test_submission_contains_all_values(slack: SlackStandIn, form: Form) -> None:
    """Entered values and the initial values of other inputs arrive; then the form closes."""
    hours = {
        "type": "static_select",
        "action_id": "hours",
        "options": [option("one"), option("two")],
        "initial_option": option("two"),
    }
    people = {"type": "multi_users_select", "action_id": "who", "initial_users": [ALICE]}
    view = await form.open(
        text_input(),
        text_input("note", optional=True),
        select_input("hours", hours),
        select_input("people", people),
        private_metadata="mine",
    )
    outcome = await form.submit(view, reason={"value": "because"})
    (body,) = form.submissions
    values = body["view"]["state"]["values"]
    assert (outcome["acked"], outcome["error"]) == (True, None)
    assert values["reason"]["text"] == {"type": "plain_text_input", "value": "because"}
    assert values["note"]["text"]["value"] is None
    assert values["hours"]["hours"]["selected_option"]["value"] == "two"
    assert values["people"]["who"]["selected_users"] == [ALICE]
    assert body["view"]["private_metadata"] == "mine"
    assert body["response_urls"] == []
    assert "channel" not in body
    assert _modals(slack) == []


@pytest.mark.parametrize(
    ("element", "value", "complaint"),
    [
        ({}, None, REQUIRED),
        ({}, "", REQUIRED),
        ({"min_length": 5}, "four", "Please enter at least 5 characters."),
        ({"max_length": 3}, "four", "Please enter no more than 3 characters."),
        ({"type": "email_text_input"}, "alice", "Please enter a valid email address."),
        ({"type": "url_text_input"}, "example.com", "Please enter a valid URL."),
        (_HOURS, "many", "Please enter a number."),
        (_HOURS, "1.5", "Please enter a whole number."),
        (_HOURS, "0", "Please enter a number of at least 1."),
        (_HOURS, "10", "Please enter a number of at most 8."),
    ],
)
async def test_slack_checks_a_form_before_it_is_sent(
    slack: SlackStandIn, form: Form, element: Json, value: str | None, complaint: str
) -> None:
    """An invalid form stays open, and the app gets no envelope."""
    view = await form.open(text_input(**element))
    outcome = await form.submit(view, reason={"value": value})
    assert (outcome["acked"], outcome["error"]) == (False, complaint)
    assert outcome["errors"] == {"reason": complaint}
    assert form.submissions == []
    assert len(_modals(slack)) == 1


@pytest.mark.parametrize(
    ("element", "value", "complaint"),
    [
        ({"max_selected_items": 1}, [ALICE, "U0BOB00001"], "Please select no more than 1 items."),
        ({}, ["U0NOBODY01"], "Please select people of this workspace."),
        ({}, [], REQUIRED),
    ],
)
async def test_slack_checks_chosen_users(
    slack: SlackStandIn, form: Form, element: Json, value: list[str], complaint: str
) -> None:
    """A user select accepts users of the workspace, up to its limit."""
    people = {"type": "multi_users_select", "action_id": "who", **element}
    view = await form.open(select_input("people", people))
    values = {"people": {"who": {"type": "multi_users_select", "selected_users": value}}}
    act = {"as": "alice", "do": "submit", "view_id": view["id"], "values": values}
    assert (await slack.act(act))["error"] == complaint


async def test_only_offered_options_can_be_chosen(slack: SlackStandIn, form: Form) -> None:
    """An option is known by its value and arrives as the form spells it; others do not exist."""
    menu = {"type": "radio_buttons", "action_id": "kind", "options": [option("roles")]}
    view = await form.open(select_input("kind", menu))

    def choosing(value: str) -> Json:
        chosen = {"type": "radio_buttons", "selected_option": {"value": value}}
        values = {"kind": {"kind": chosen}}
        return {"as": "alice", "do": "submit", "view_id": view["id"], "values": values}

    with pytest.raises(BadRequestError):
        await slack.act(choosing("resources"))
    assert (await slack.act(choosing("roles")))["acked"]
    state = form.submissions[0]["view"]["state"]["values"]
    assert state["kind"]["kind"]["selected_option"]["text"]["text"] == "Roles"


async def test_unknown_input_is_an_error_of_the_script(form: Form) -> None:
    """Values for inputs that the form does not have are not ignored."""
    view = await form.open(text_input())
    with pytest.raises(BadRequestError):
        await form.submit(view, nowhere={"value": "x"})


async def test_errors_of_the_app_keep_the_form_open(slack: SlackStandIn, form: Form) -> None:
    """`errors` keeps the form with its values, and shows the errors."""
    form.answer = {"response_action": "errors", "errors": {"reason": "too vague"}}
    view = await form.open(text_input())
    outcome = await form.submit(view, reason={"value": "because"})
    assert (outcome["acked"], outcome["error"]) == (True, "too vague")
    assert outcome["payload"]["response_action"] == "errors"
    (still,) = _modals(slack)
    assert still["state"]["values"]["reason"]["text"]["value"] == "because"


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"heading": "x"}},
        {"response_action": "update", "view": {"type": "modal", "blocks": []}},
        {"response_action": "dance"},
    ],
)
async def test_ack_that_slack_rejects_is_an_error(
    slack: SlackStandIn, form: Form, answer: Json
) -> None:
    """The person sees that something went wrong, and the form stays."""
    form.answer = answer
    view = await form.open(section("x", block_id="heading"), text_input())
    outcome = await form.submit(view, reason={"value": "because"})
    assert outcome["acked"]
    assert outcome["error"].startswith("We had some trouble connecting. Try again?")
    assert [one["id"] for one in _modals(slack)] == [view["id"]]


async def test_ack_can_update_push_and_clear_views(slack: SlackStandIn, form: Form) -> None:
    """`update` keeps the view's id, `push` puts one on top, `clear` closes all of them."""
    view = await form.open(text_input(optional=True))
    form.answer = {
        "response_action": "update",
        "view": modal(text_input(optional=True), title=plain("Second")),
    }
    await form.submit(view)
    assert [(one["id"], one["title"]["text"]) for one in _modals(slack)] == [(view["id"], "Second")]
    form.answer = {"response_action": "push", "view": modal(title=plain("Third"))}
    await form.submit(view)
    top = _modals(slack)[-1]
    assert (top["previous_view_id"], top["title"]["text"]) == (view["id"], "Third")
    below = await form.submit(view)
    assert below["error"] == "view_not_in_front"
    form.answer = {"response_action": "clear"}
    await form.submit(top)
    assert _modals(slack) == []


async def test_view_without_a_submit_button_cannot_be_submitted(form: Form) -> None:
    """A view without a submit button can't be submitted."""
    view = await form.open(section("read only"), submit=None)
    assert (await form.submit(view))["error"] == "the view has no submit button"


async def test_close_is_reported_only_on_request(
    slack: SlackStandIn, form: Form, bolt: AsyncApp
) -> None:
    """Without `notify_on_close` the app gets no envelope; with it, the envelope has no values."""
    heard: list[Json] = []

    @bolt.view_closed("form")
    async def closed(ack: AsyncAck, body: Json) -> None:
        await ack()
        heard.append(body)

    for notify in (False, True):
        view = await form.open(text_input(initial_value="x"), notify_on_close=notify)
        outcome = await slack.act({"as": "alice", "do": "close", "view_id": view["id"]})
        assert (outcome["acked"], outcome["error"]) == (notify, None)
        assert _modals(slack) == []
    (body,) = heard
    assert (body["is_cleared"], body["view"]["state"]["values"]) == (False, {})


async def test_closing_may_clear_the_whole_stack(
    slack: SlackStandIn, client: AsyncWebClient, form: Form
) -> None:
    """One modal is closed at a time, unless the view or the person clears them all."""
    first = await form.open()
    trigger = slack.triggers.issue(ALICE)
    await client.views_push(trigger_id=trigger, view=modal(clear_on_close=True))
    lower = await slack.act({"as": "alice", "do": "close", "view_id": first["id"]})
    assert lower["error"] == "view_not_in_front"
    top = _modals(slack)[-1]
    await slack.act({"as": "alice", "do": "close", "view_id": top["id"]})
    assert _modals(slack) == []


@pytest.fixture
async def roles(form: Form) -> Json:
    """A form with a select that loads its options from the app."""
    menu = {"type": "external_select", "action_id": "role", "min_query_length": 2}
    return await form.open(select_input("role", menu))


def _suggest(view: Json, text: str) -> Json:
    where = {"view_id": view["id"], "action_id": "role"}
    return {"as": "alice", "do": "suggest", **where, "text": text}


async def test_app_returns_options_while_a_user_types(
    slack: SlackStandIn, form: Form, bolt: AsyncApp, roles: Json
) -> None:
    """The typed text reaches the app, its options come back, and one of them can be submitted."""
    heard: list[Json] = []

    @bolt.options("role")
    async def suggest(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack(options=[option("prod")])

    too_short = await slack.act(_suggest(roles, "p"))
    outcome = await slack.act(_suggest(roles, "pr"))
    (chosen,) = outcome["payload"]["options"]
    assert (too_short["acked"], too_short["error"]) == (False, "Keep typing to find options")
    assert [(body["value"], body["block_id"]) for body in heard] == [("pr", "role")]
    assert heard[0]["view"]["id"] == roles["id"]
    values = {"role": {"role": {"type": "external_select", "selected_option": chosen}}}
    submit = {"as": "alice", "do": "submit", "view_id": roles["id"], "values": values}
    assert (await slack.act(submit))["acked"]
    state = form.submissions[0]["view"]["state"]["values"]
    assert state["role"]["role"]["selected_option"]["value"] == "prod"


@pytest.mark.parametrize("count", [0, 100, 101])
async def test_suggestions_have_their_limit(
    slack: SlackStandIn, bolt: AsyncApp, roles: Json, count: int
) -> None:
    """No options and a hundred are fine; one more is an error."""

    @bolt.options("role")
    async def suggest(ack: AsyncAck) -> None:
        await ack(options=[option(str(number)) for number in range(count)])

    outcome = await slack.act(_suggest(roles, "pr"))
    assert outcome["acked"]
    assert (outcome["error"] is None) == (count <= 100)
