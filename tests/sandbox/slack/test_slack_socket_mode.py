"""Sockets: how they open and end, and their frames."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.cast import APP_TOKEN
from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.clock import Clock
from tests.sandbox.slack.wire import bare_socket, open_address

COMMAND = {
    "as": "alice",
    "do": "command",
    "channel": "access-requests",
    "text": "/teleport-request staging",
}


async def _upgrade_status(address: str) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with aiohttp.ClientSession() as session, session.ws_connect(address):
            pass
    return refused.value.status


async def test_first_frame_is_a_hello(slack: SlackStandIn) -> None:
    """The first frame contains the app's ID, the number of sockets, and this one's lifetime."""
    async with bare_socket(slack) as one, bare_socket(slack) as two:
        first, second = await one.frame(), await two.frame()
    assert (first["type"], first["connection_info"]["app_id"]) == ("hello", "A0CHATOPS1")
    assert (first["num_connections"], second["num_connections"]) == (1, 2)
    assert first["debug_info"]["approximate_connection_time"] > 3600


async def test_debug_reconnects_shorten_a_socket(slack: SlackStandIn) -> None:
    """An app that asks for it gets a socket of 360 seconds."""
    address = await open_address(slack) + "&debug_reconnects=true"
    async with bare_socket(slack, address) as socket:
        assert (await socket.frame())["debug_info"]["approximate_connection_time"] == 360


async def test_ticket_works_once(slack: SlackStandIn) -> None:
    """The same address does not open a second socket."""
    address = await open_address(slack)
    async with bare_socket(slack, address) as socket:
        await socket.frame()
    assert await _upgrade_status(address) == 404


async def test_ticket_expires(slack: SlackStandIn, clock: Clock) -> None:
    """An address that waited too long opens nothing."""
    address = await open_address(slack)
    clock.forward(31)
    assert await _upgrade_status(address) == 404


async def test_eleventh_socket_is_rejected(slack: SlackStandIn) -> None:
    """At most ten sockets are open. The next one gets an error and closes."""
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(bare_socket(slack))
        late = await stack.enter_async_context(bare_socket(slack))
        turned_away = await late.frame()
        end = await late.connection.receive(timeout=5)
        assert (turned_away["type"], turned_away["reason"]) == (
            "disconnect",
            "too_many_websockets",
        )
        assert end.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert slack.control_api.status() == {"ready": True, "sockets": 10}


async def test_pings_and_echoes_pings(slack: SlackStandIn) -> None:
    """Slack pings with a text, and answers a ping with its own payload."""
    async with bare_socket(slack) as socket:
        await socket.frame()
        ping = await socket.connection.receive(timeout=5)
        assert (ping.type, ping.data[:9]) == (aiohttp.WSMsgType.PING, b"Ping from")
        await socket.connection.ping(b"sdk-ping-pong:1.5")
        pong = await socket.connection.receive(timeout=5)
        assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1.5")


async def test_envelope_is_sent_to_one_socket(slack: SlackStandIn) -> None:
    """Of several sockets exactly one gets the envelope, not always the same one."""
    slack.delivery.ack_within = 2.0
    got: list[int] = []
    async with bare_socket(slack) as one, bare_socket(slack) as two:

        async def serve(number: int) -> None:
            socket = (one, two)[number]
            while True:
                message = await socket.connection.receive()
                if message.type is aiohttp.WSMsgType.TEXT and "envelope_id" in message.json():
                    got.append(number)
                    await socket.ack(message.json())

        serving = [asyncio.create_task(serve(number)) for number in (0, 1)]
        await slack.socket_count(2)
        outcomes = [await slack.act(COMMAND) for _ in range(20)]
        for task in serving:
            task.cancel()
    assert all(outcome["acked"] for outcome in outcomes)
    assert len(got) == 20
    assert set(got) == {0, 1}


async def test_without_a_socket_nothing_is_dispatched(slack: SlackStandIn) -> None:
    """An act while the app is away fails at once."""
    outcome = await slack.act(COMMAND)
    assert (outcome["acked"], outcome["error"]) == (False, "dispatch_failed")


async def test_missing_ack_times_out(slack: SlackStandIn) -> None:
    """After three seconds the person sees a time-out; the envelope stays unacked."""
    assert slack.delivery.ack_within == 3.0
    slack.delivery.ack_within = 0.05
    async with bare_socket(slack) as socket:
        await socket.frame()
        outcome = await slack.act(COMMAND)
    assert (outcome["acked"], outcome["error"]) == (False, "operation_timeout")
    assert outcome["ack_ms"] >= 50
    assert slack.journal.envelopes[0].acked_ms is None


async def _next_envelope(socket: Any) -> dict[str, Any]:
    while True:
        message = await socket.connection.receive(timeout=5)
        if message.type is aiohttp.WSMsgType.TEXT and "envelope_id" in message.json():
            frame: dict[str, Any] = message.json()
            return frame


async def test_ack_can_arrive_over_another_socket(slack: SlackStandIn) -> None:
    """By default an ack counts wherever it arrives; bound to its socket it does not."""
    async with bare_socket(slack) as one:
        await one.frame()
        acting = asyncio.create_task(slack.act(COMMAND))
        envelope = await _next_envelope(one)
        async with bare_socket(slack) as two:
            await two.ack(envelope)
            assert (await acting)["acked"]
    slack.acks.bound_to_socket = True
    slack.delivery.ack_within = 0.1
    async with bare_socket(slack) as one:
        await one.frame()
        acting = asyncio.create_task(slack.act(COMMAND))
        envelope = await _next_envelope(one)
        async with bare_socket(slack) as two:
            await two.ack(envelope)
            assert (await acting)["error"] == "operation_timeout"


async def test_events_come_again_until_they_are_acked(slack: SlackStandIn) -> None:
    """An unacked event is repeated up to three times with a retry number and the same event ID."""
    slack.delivery.ack_within = 0.05
    slack.delivery.event_retries = (0.0, 0.0, 0.0)
    async with bare_socket(slack) as socket:
        outcome = await slack.act({"as": "alice", "do": "home"})
        frames = [await _next_envelope(socket) for _ in range(3)]
        await socket.ack(frames[-1])
        await slack.workspace.changes.until(
            lambda: slack.journal.envelopes[-1].acked_ms, seconds=10
        )
    assert outcome["error"] == "operation_timeout"
    assert [frame["retry_attempt"] for frame in frames] == [0, 1, 2]
    assert [frame["retry_reason"] for frame in frames] == ["", "timeout", "timeout"]
    assert len({frame["payload"]["event_id"] for frame in frames}) == 1
    assert len(slack.journal.envelopes) == 3


async def test_commands_do_not_come_again(slack: SlackStandIn) -> None:
    """Only events are repeated."""
    slack.delivery.ack_within = 0.05
    async with bare_socket(slack) as socket:
        await socket.frame()
        await slack.act(COMMAND)
        await slack.act({**COMMAND, "text": "/teleport-request other"})
        texts = [(await _next_envelope(socket))["payload"]["text"] for _ in range(2)]
    assert texts == ["staging", "other"]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
async def test_bolt_app_reconnects_after_a_disconnect(
    slack: SlackStandIn, bolt: AsyncApp, reason: str
) -> None:
    """Asked to leave, the real client opens a new socket and goes on."""
    acked = _acks_commands(bolt)
    slack.faults.inject({"sockets": "disconnect", "reason": reason})
    await slack.workspace.changes.until(lambda: len(_openings(slack)) == 2 or None, seconds=10)
    await slack.socket_count(1)
    outcome = await slack.act(COMMAND)
    assert outcome["acked"]
    assert acked == ["staging"]


async def test_bolt_app_reconnects_after_a_broken_connection(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """A line that goes dead without a word is replaced by the real client."""
    app = AsyncApp(client=client)
    acked = _acks_commands(app)
    handler = AsyncSocketModeHandler(app, APP_TOKEN, ping_interval=1)
    await handler.connect_async()  # type: ignore[no-untyped-call] # of slack_bolt
    await slack.socket_count(1)
    slack.faults.inject({"sockets": "cut"})
    await slack.socket_count(0)
    await slack.socket_count(1)
    assert (await slack.act(COMMAND))["acked"]
    await handler.close_async()  # type: ignore[no-untyped-call] # of slack_bolt
    assert acked == ["staging"]


async def test_slack_sdk_client_receives_its_pong(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    """The echo of a ping shows the real client that its connection is alive."""
    handler = AsyncSocketModeHandler(AsyncApp(client=client), APP_TOKEN, ping_interval=1)
    await handler.connect_async()  # type: ignore[no-untyped-call] # of slack_bolt
    await slack.socket_count(1)
    async with asyncio.timeout(5):
        # The client keeps the time of its newest pong and offers nothing to wait on.
        while handler.client.last_ping_pong_time is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert await handler.client.is_connected()
    await handler.close_async()  # type: ignore[no-untyped-call] # of slack_bolt


def _acks_commands(app: AsyncApp) -> list[str]:
    acked: list[str] = []

    @app.command("/teleport-request")
    async def request(ack: AsyncAck, command: dict[str, str]) -> None:
        await ack()
        acked.append(command["text"])

    return acked


def _openings(slack: SlackStandIn) -> list[object]:
    return [call for call in slack.journal.calls if call.method == "apps.connections.open"]
