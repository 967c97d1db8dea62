"""Malformed input: Slack's error codes for all of it, and never a traceback."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from sandbox.cast import APP_TOKEN, BOT_TOKEN
from sandbox.slack.server import SlackStandIn
from sandbox.slack.web_api.methods import METHODS
from tests.sandbox.slack.blocks import actions, button, home, modal, option, text_input
from tests.sandbox.slack.wire import BareSocket, bare_socket

ACCESS, ALICE = "C0ACCESS01", "U0ALICE001"
NESTED = "[" * 50_000
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
STRANGE: tuple[Any, ...] = (
    "", "x", "[", "{}", "[]", "null", NESTED, "\x00", "😀" * 5000,
    0, -1, 1e308, True, False, [], ["x"], [None], {}, {"type": 5}, [[]], [{}], [{"type": []}],
    [{"type": "section"}], {"type": "modal"}, {"type": "home", "blocks": [7]},
)  # fmt: skip
VALID: dict[str, Any] = {
    "channel": ACCESS,
    "user": ALICE,
    "user_id": ALICE,
    "users": ALICE,
    "email": "alice@example.com",
    "text": "x",
    "usergroup": "S1",
}
ARGUMENTS = {
    "chat": ("channel", "user", "text", "ts", "thread_ts", "message_ts", "blocks", "attachments",
             "markdown_text", "metadata"),
    "conversations": ("channel", "users", "ts", "cursor", "limit", "oldest", "latest", "inclusive",
                      "types", "exclude_archived", "return_im", "include_all_metadata"),
    "users": ("user", "email", "cursor", "limit", "types", "exclude_archived"),
    "views": ("user_id", "view", "view_id", "external_id", "trigger_id", "hash"),
    "others": ("bot", "usergroup", "error"),
}  # fmt: skip
"""The arguments that methods read, by the first word of their names."""


MALFORMED = [
    *(b"", b"{", b"[]", b"7", b"null", b"\xff", b"text=hi", b"[" * 9999),
    b'{"text": "\\ud83d"}',
]


@pytest.fixture(autouse=True)
def _prints_nothing(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    assert "Traceback" not in (printed := capfd.readouterr().err)
    assert "sandbox failed" not in printed


@pytest.fixture
async def session(slack: SlackStandIn) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(slack.api_url) as opened:
        yield opened


async def _call(
    session: aiohttp.ClientSession, method: str, token: str = BOT_TOKEN, **request: Any
) -> Any:
    headers = {"Authorization": f"Bearer {token}", **request.pop("headers", {})}
    async with session.post(method, headers=headers, **request) as response:
        assert response.status == 200, await response.text()
        return await response.json()


@pytest.mark.parametrize("content_type", [JSON, f"{JSON}; charset=utf-8", FORM])
async def test_empty_body_means_no_arguments(
    session: aiohttp.ClientSession, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    opened = await _call(session, "apps.connections.open", APP_TOKEN, data=b"", headers=headers)
    assert opened["ok"] is True
    assert opened["url"].startswith("ws://")


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        (JSON, b"{", "invalid_json"),
        (JSON, b"\xff\xfe{}", "invalid_json"),
        (JSON, NESTED.encode(), "invalid_json"),
        (JSON, b"[]", "json_not_object"),
        (JSON, b"7", "json_not_object"),
        (JSON, b"null", "json_not_object"),
        (f"{JSON}; charset=klingon", b"{}", "invalid_charset"),
        ("application/xml", b"<a/>", "invalid_post_type"),
        ("multipart/form-data", b"x", "invalid_form_data"),
        ("multipart/form-data; boundary=x", b"y", "invalid_form_data"),
    ],
)
async def test_malformed_body_gets_the_code_of_slack(
    session: aiohttp.ClientSession, content_type: str, body: bytes, error: str
) -> None:
    headers = {"Content-Type": content_type}
    refused = await _call(session, "chat.postMessage", data=body, headers=headers)
    assert refused["error"] == error


async def test_auth_test_returns_the_app_for_an_app_level_token(
    session: aiohttp.ClientSession,
) -> None:
    known = await _call(session, "auth.test", APP_TOKEN)
    assert known == {"ok": True, "app_name": "Teleport", "app_id": "A0CHATOPS1"}


async def test_api_test_needs_no_token_and_echoes(session: aiohttp.ClientSession) -> None:
    async with session.post("api.test", data={"foo": "bar"}) as response:
        assert await response.json() == {"ok": True, "args": {"foo": "bar"}}
    async with session.post("api.test", data={"error": "my_error"}) as response:
        assert (await response.json())["error"] == "my_error"


@pytest.mark.parametrize("method", METHODS)
async def test_strange_argument_never_breaks_a_method(
    slack: SlackStandIn, session: aiohttp.ClientSession, method: str
) -> None:
    """Its own arguments are strange one by one, those of other methods several at once."""
    slack.workspace.app.scopes |= {"channels:history", "usergroups:read", "im:read"}
    posted = await _call(session, "chat.postMessage", json={"channel": ACCESS, "text": "x"})
    published = await _call(
        session, "views.publish", json={"user_id": ALICE, "view": home(actions(button("b")))}
    )
    valid = {**VALID, "ts": posted["ts"], "view_id": published["view"]["id"]}
    token = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
    family = method.split(".", maxsplit=1)[0]
    own = ARGUMENTS.get(family, ARGUMENTS["others"])
    for names in (*zip(own), *({*each} - {*own} for each in ARGUMENTS.values())):
        for value in STRANGE:
            trigger = slack.triggers.issue(ALICE)
            arguments = {**valid, "view": modal(), "trigger_id": trigger}
            arguments |= dict.fromkeys(names, value)
            response = await _call(session, method, token, json=arguments)
            assert response["ok"] or response["error"] != "internal_error"


@pytest.fixture
async def response_url(slack: SlackStandIn) -> str:
    conversation = slack.workspace.conversations[ACCESS]
    return slack.response_urls.for_command(conversation, ALICE)


async def _respond(url: str, body: bytes, content_type: str = JSON) -> tuple[int, str]:
    headers = {"Content-Type": content_type}
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, data=body, headers=headers) as response,
    ):
        return response.status, await response.text()


@pytest.mark.parametrize("content_type", [JSON, FORM, "multipart/form-data", "text/plain"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b"null", b"\xff", b"text=hi", b"[" * 9999]
)
async def test_response_url_rejects_a_malformed_body(
    response_url: str, body: bytes, content_type: str
) -> None:
    assert await _respond(response_url, body, content_type) == (400, "invalid_payload")


async def test_response_url_rejects_an_unknown_charset(response_url: str) -> None:
    found = await _respond(response_url, b"{}", f"{JSON}; charset=klingon")
    assert found == (400, "invalid_payload")


async def test_response_url_accepts_a_payload_field(slack: SlackStandIn, response_url: str) -> None:
    assert await _respond(response_url, b'payload={"text": "hi"}', FORM) == (200, "ok")
    (seen,) = slack.control_api.messages("access-requests", "alice")
    assert seen["text"] == "hi"


@pytest.mark.parametrize(
    "name", ["text", "blocks", "attachments", "markdown_text", "metadata", "response_type",
             "replace_original", "delete_original", "thread_ts"],
)  # fmt: skip
async def test_strange_field_never_breaks_a_response_url(slack: SlackStandIn, name: str) -> None:
    conversation = slack.workspace.conversations[ACCESS]
    for value in STRANGE:
        url = slack.response_urls.for_command(conversation, ALICE)
        body = json.dumps({"text": "x", "response_type": "in_channel", name: value}).encode()
        status, _ = await _respond(url, body)
        assert status in (200, 400)


_MENU = {"type": "static_select", "action_id": "menu", "options": [option("x")]}
FRAMES = ["nonsense", "", "[]", "7", "null", '"x"', "{", '{"envelope_id": []}', "{}", NESTED]


@pytest.mark.parametrize("frame", FRAMES)
async def test_malformed_frame_is_ignored(slack: SlackStandIn, frame: str) -> None:
    async with bare_socket(slack) as socket:
        await socket.frame()
        await socket.connection.send_str(frame)
        await socket.connection.send_bytes(frame.encode())
        outcome = await _typed(slack, socket, None)
    assert (outcome["acked"], outcome["error"]) == (True, None)


PAYLOADS: tuple[Any, ...] = (
    "x", 7, True, [1], {"text": []}, {"text": 5}, {"blocks": "x"}, {"blocks": [5]},
    {"attachments": 5}, {"response_action": []}, {"response_action": "errors", "errors": 5},
    {"response_action": "errors", "errors": ["x"]}, {"response_action": "update", "view": 5},
    {"response_action": "push"}, {"options": 5}, {"option_groups": [5]}, {"options": [5]},
)  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_strange_ack_never_breaks_a_command(slack: SlackStandIn, payload: Any) -> None:
    async with bare_socket(slack) as socket:
        await socket.frame()
        assert (await _typed(slack, socket, payload))["acked"] is True


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_strange_ack_of_a_form_shows_an_error(slack: SlackStandIn, payload: Any) -> None:
    async with bare_socket(slack) as socket:
        await socket.frame()
        async with aiohttp.ClientSession(slack.api_url) as session:
            view = modal(text_input("reason"))
            trigger = slack.triggers.issue(ALICE)
            opened = await _call(session, "views.open", json={"trigger_id": trigger, "view": view})
        values = {"reason": {"text": {"type": "plain_text_input", "value": "x"}}}
        deed = {"as": "alice", "do": "submit", "view_id": opened["view"]["id"], "values": values}
        outcome = await _acted(slack, socket, deed, payload)
    if isinstance(payload, dict) and "response_action" not in payload:
        assert outcome["error"] is None
    else:
        assert outcome["error"]


async def _typed(slack: SlackStandIn, socket: BareSocket, payload: Any) -> Any:
    deed = {"as": "alice", "do": "command", "channel": "access-requests", "text": "/teleport-help"}
    return await _acted(slack, socket, deed, payload)


async def _acted(slack: SlackStandIn, socket: BareSocket, deed: Any, payload: Any) -> Any:
    acting = asyncio.create_task(slack.act(deed))
    await socket.ack(await socket.envelope(), payload)
    return await acting


@pytest.mark.parametrize("do", ["command", "click", "submit", "close", "suggest", "home"])
async def test_strange_act_gets_an_explanation(slack: SlackStandIn, do: str) -> None:
    async with aiohttp.ClientSession(slack.url) as http:
        published = await _call_api(
            http, "views.publish", user_id=ALICE, view=home(actions(button("b"), _MENU))
        )
        valid = {
            "as": "alice", "do": do, "channel": "@alice", "text": "/teleport-help", "value": "x",
            "view_id": published["view"]["id"], "action_id": "menu", "values": {},
        }  # fmt: skip
        for name in (*valid, "ts", "callback_id"):
            for value in STRANGE:
                async with http.post("/sandbox/act", json={**valid, name: value}) as response:
                    assert response.status in (200, 400)


async def _call_api(http: aiohttp.ClientSession, method: str, **arguments: Any) -> Any:
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
    async with http.post(f"/api/{method}", json=arguments, headers=headers) as response:
        return await response.json()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"7", b"\xff", NESTED.encode(), b'{"as": "alice", "text": "\\ud83d"}'],
)
@pytest.mark.parametrize("path", ["/sandbox/act", "/sandbox/faults"])
async def test_malformed_control_request_gets_an_explanation(
    slack: SlackStandIn, path: str, body: bytes
) -> None:
    async with aiohttp.ClientSession(slack.url) as http, http.post(path, data=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]
