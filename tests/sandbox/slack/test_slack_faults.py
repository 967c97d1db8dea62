"""Injected faults."""

import asyncio
import time

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.control.faults import MethodFault
from sandbox.slack.errors import BadRequestError
from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.refusals import code, refusal
from tests.sandbox.slack.wire import bare_socket, open_address

ACCESS = "C0ACCESS01"


def _fail(slack: SlackStandIn, **fault: object) -> None:
    slack.control_api.inject({"method": "chat.postMessage", **fault})


async def test_error_is_returned_the_given_number_of_times(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """Two faulty calls, then all is well; other methods never suffered."""
    _fail(slack, error="internal_error", times=2)
    for _ in range(2):
        assert await code(client.chat_postMessage(channel=ACCESS, text="x")) == "internal_error"
        await client.auth_test()
    await client.chat_postMessage(channel=ACCESS, text="arrived")
    texts = [message["text"] for message in slack.control_api.messages("access-requests", "bob")]
    assert texts == ["arrived"]


async def test_without_times_a_fault_lasts_until_cleared(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """A fault of no number of times ends with `clear`."""
    _fail(slack, error="fatal_error")
    for _ in range(3):
        assert await code(client.chat_postMessage(channel=ACCESS, text="x")) == "fatal_error"
    slack.control_api.inject({"clear": True})
    assert (await client.chat_postMessage(channel=ACCESS, text="x"))["ok"]


async def test_faults_wait_in_line(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Faults of one method meet its calls in the order in which they were prepared."""
    _fail(slack, error="first", times=1)
    _fail(slack, error="second", times=1)
    codes = [await code(client.chat_postMessage(channel=ACCESS, text="x")) for _ in range(2)]
    assert codes == ["first", "second"]


async def test_fault_lets_calls_pass_first(slack: SlackStandIn, client: AsyncWebClient) -> None:
    _fail(slack, error="third", times=1, after=2)
    for _ in range(2):
        await client.chat_postMessage(channel=ACCESS, text="x")
    assert await code(client.chat_postMessage(channel=ACCESS, text="x")) == "third"


async def test_gateway_error_is_html(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A server error isn't JSON, as from a proxy in front of Slack."""
    _fail(slack, status=503, times=1)
    answer = await refusal(client.chat_postMessage(channel=ACCESS, text="x"))
    assert (answer.status_code, answer.data) == (503, {})


async def test_rate_limit_has_a_retry_after(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A prepared 429 carries the Retry-After that was asked for."""
    _fail(slack, retry_after=7, times=1)
    answer = await refusal(client.chat_postMessage(channel=ACCESS, text="x"))
    assert (answer.status_code, answer["error"]) == (429, "ratelimited")
    assert answer.headers["Retry-After"] == "7"


async def test_message_exists_although_the_response_is_lost(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """The work is done, the caller only sees its connection break."""
    _fail(slack, drop_after_commit=True, times=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.chat_postMessage(channel=ACCESS, text="once")
    (message,) = slack.control_api.messages("access-requests", "bob")
    (call,) = slack.journal.calls
    assert message["text"] == "once"
    assert call.status is None


async def test_delay_precedes_the_effect(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A slow call that its caller gave up on still takes effect afterwards."""
    _fail(slack, delay_ms=300, times=1)
    started = time.monotonic()
    with pytest.raises(asyncio.TimeoutError):
        async with asyncio.timeout(0.05):
            await client.chat_postMessage(channel=ACCESS, text="late")
    assert slack.control_api.messages("access-requests", "bob") == []
    await slack.message_where("access-requests", "bob", lambda message: message["text"] == "late")
    assert time.monotonic() - started >= 0.3


async def test_fault_can_apply_to_every_method(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A star applies to all methods, and one fault needs no list."""
    slack.faults.on_method(MethodFault("*", error="service_unavailable", times=2))
    assert await code(client.auth_test()) == "service_unavailable"
    assert await code(client.users_info(user="U0ALICE001")) == "service_unavailable"


async def test_sockets_can_be_refused(slack: SlackStandIn) -> None:
    """A refused connection spends its ticket; afterwards a fresh one is good."""
    slack.control_api.inject({"sockets": "refuse", "times": 1})
    address = await open_address(slack)
    for status in (503, 404):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with bare_socket(slack, address):
                pass
        assert refused.value.status == status
    async with bare_socket(slack) as socket:
        assert (await socket.frame())["type"] == "hello"


async def test_disconnect_waits_for_an_open_socket(slack: SlackStandIn) -> None:
    """With more times than open sockets, the fault also hits the next connections."""
    async with bare_socket(slack) as first:
        await first.frame()
        slack.control_api.inject({"sockets": "disconnect", "reason": "warning", "times": 2})
        assert (await _disconnect(first.connection))["reason"] == "warning"
    for expected in (["hello", "disconnect"], ["hello"]):
        async with bare_socket(slack) as later:
            assert [(await later.frame())["type"] for _ in expected] == expected


async def _disconnect(connection: aiohttp.ClientWebSocketResponse) -> dict[str, str]:
    while True:
        message = await connection.receive(timeout=5)
        if message.type is aiohttp.WSMsgType.TEXT:
            frame: dict[str, str] = message.json()
            return frame


@pytest.mark.parametrize(
    "fault", [{}, {"sockets": "explode"}, {"method": "auth.test", "statuz": 500}]
)
async def test_unknown_fault_is_rejected(slack: SlackStandIn, fault: dict[str, object]) -> None:
    """A mistyped fault does not pass for one that never happens."""
    with pytest.raises(BadRequestError):
        slack.control_api.inject(fault)
