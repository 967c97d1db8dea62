"""The sandbox's HTTP endpoints for scripts, and the JSON that they return."""

from urllib.request import urlopen

from tests.contracts.sandbox_process import CHANNEL, Sandbox


def test_status_counts_the_sockets(sandbox: Sandbox) -> None:
    status = sandbox.get("/sandbox/status")
    assert (status["ready"], status["sockets"] > 0) == (True, True)


def test_root_is_the_page(sandbox: Sandbox) -> None:
    with urlopen(sandbox.url + "/") as page:  # noqa: S310
        assert page.headers.get_content_type() == "text/html"


def test_people_are_the_cast(sandbox: Sandbox) -> None:
    people = sandbox.get("/sandbox/people")["people"]
    assert {"alice", "bob", "carol", "dana"} <= {each["name"] for each in people}


def test_app_lists_the_installed_features(sandbox: Sandbox) -> None:
    """Those of the bot's own manifest."""
    app = sandbox.get("/sandbox/app")
    assert set(app) == {"commands", "shortcuts", "home", "events"}
    command = next(each for each in app["commands"] if each["name"] == "/teleport-request")
    assert {"name", "description", "usage_hint"} <= set(command)


def test_messages_have_slacks_fields(sandbox: Sandbox) -> None:
    sandbox.command("bob", "/teleport-pending help")
    help_text = sandbox.message("How to use /teleport-pending", ephemeral=True)
    assert {"ts", "user", "text", "blocks", "ephemeral"} <= set(help_text)
    assert help_text not in sandbox.messages(person="carol")
    everyone = [each["ts"] for each in sandbox.messages()]
    assert everyone == sorted(everyone, key=float)


def test_direct_messages_are_there_before_the_first_one(sandbox: Sandbox) -> None:
    assert sandbox.messages("@dana", "dana") == []


def test_views_have_modals_and_home(sandbox: Sandbox) -> None:
    assert set(sandbox.get("/sandbox/people/dana/views")) == {"modals", "home"}


def test_act_returns_the_ack(sandbox: Sandbox) -> None:
    done = sandbox.command("carol", "/teleport-request help")
    assert set(done) == {"acked", "ack_ms", "error", "payload"}
    assert done["ack_ms"] < 3000


def test_act_suggests_options_and_closes_a_form(sandbox: Sandbox) -> None:
    """With the form of `/teleport-request`."""
    sandbox.close_modals("alice")
    sandbox.command("alice", "/teleport-request")
    form = sandbox.modal("alice", "request_form")
    options = sandbox.act("alice", "suggest", view_id=form["id"], action_id="roles", text="stag")[
        "payload"
    ]["options"]
    assert [each["text"]["text"] for each in options] == ["staging"]
    sandbox.post("/sandbox/act", {"as": "alice", "do": "close", "view_id": form["id"]})
    assert sandbox.get("/sandbox/people/alice/views")["modals"] == []


def test_journal_lists_calls_and_envelopes(sandbox: Sandbox) -> None:
    sandbox.command("bob", "/teleport-request help")
    journal = sandbox.get("/sandbox/journal")
    assert {"ms", "method", "args", "status", "answer"} <= set(journal["calls"][0])
    assert {"sent_ms", "acked_ms", "type", "payload"} <= set(journal["envelopes"][0])
    assert journal["envelopes"][-1]["payload"]["command"] == "/teleport-request"


def test_faults_make_calls_fail_until_cleared(sandbox: Sandbox) -> None:
    token = sandbox.bot_token
    for fault in (
        {"method": "bots.info", "error": "fatal_error", "times": 1},
        {"method": "bots.info", "error": "fatal_error"},
        {"method": "bots.info", "status": 503, "times": 1},
        {"method": "bots.info", "retry_after": 1, "times": 1},
        {"method": "bots.info", "delay_ms": 1, "drop_after_commit": True},
        {"sockets": "refuse", "reason": "warning", "times": 1},
    ):
        assert sandbox.post("/sandbox/faults", fault) == {"ok": True}
    for _ in range(2):
        assert sandbox.post("/api/bots.info", {}, token)["error"] == "fatal_error"
    assert sandbox.post("/sandbox/faults", {"clear": True}) == {"ok": True}
    assert sandbox.post("/api/bots.info", {}, token)["ok"] is True


def test_lagging_client_clicks_a_button_that_is_gone(sandbox: Sandbox) -> None:
    """It is delivered from the newest version of the message that had it."""
    label = {"type": "plain_text", "text": "Approve"}
    button = {"type": "button", "action_id": "approve", "value": "gone", "text": label}
    blocks = [{"type": "actions", "elements": [button]}]
    posted = sandbox.api("chat.postMessage", channel="C0ACCESS01", text="Old", blocks=blocks)
    sandbox.api("chat.update", channel="C0ACCESS01", ts=posted["ts"], text="New", blocks=[])
    sandbox.act("bob", "click", channel=CHANNEL, ts=posted["ts"], action_id="approve")
