"""Each listener ends with its ack, because Bolt sends the ack when a listener returns."""

import ast
import asyncio
import inspect
import textwrap
from types import SimpleNamespace
from typing import Any, cast

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest

from commands.interactions.interaction import Interaction
from commands.interactions.listener import Listeners
from commands.interactions.responder import Responder, Responders
from commands.register import HANDLERS
from commands.use_cases.services import Services

EVENT = {
    "type": "event_callback",
    "event": {"type": "app_home_opened", "user": "U0ALICE001"},
}
OPENED = Interaction(name="app_home_opened", slack_user_id="U0ALICE001")


def no_metrics(_name: str, _outcome: str, _seconds: float) -> None:
    raise RuntimeError("metrics are broken")


def listeners() -> Listeners:
    """Yield listeners with handlers without services and with metrics that fail."""
    services, responders = SimpleNamespace(), SimpleNamespace(create=lambda _: None)
    return Listeners(cast(Services, services), cast(Responders, responders), no_metrics)


def app() -> AsyncApp:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0SANDBOX1", bot_token="xoxb-1")

    return AsyncApp(name="test", authorize=authorize, process_before_response=True)


async def test_event_is_acked_before_its_work_ends() -> None:
    """Bolt acks an event when its listener returns."""
    end, made, bolt = asyncio.Event(), listeners(), app()

    async def work(_services: Services, _interaction: Interaction, _reply: Responder) -> None:
        await end.wait()

    bolt.event("app_home_opened")(made.for_action(lambda _: OPENED, work))
    response = await bolt.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=EVENT))
    assert (response.status, made.in_flight) == (200, 1)
    end.set()
    assert await made.drain(5) == 0


async def test_event_is_acked_when_its_work_and_the_metrics_fail() -> None:
    made, bolt = listeners(), app()

    def unreadable(_: Any) -> Interaction:
        raise KeyError("user")

    async def failing(_services: Services, _interaction: Interaction, _reply: Responder) -> None:
        raise asyncio.CancelledError

    for read in (unreadable, lambda _: OPENED):
        bolt = app()
        bolt.event("app_home_opened")(made.for_action(read, failing))
        response = await bolt.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=EVENT))
        assert response.status == 200
    await made.drain(5)


async def test_every_listener_ends_with_its_ack() -> None:
    """All listeners are created the same way, and the ack is their last statement."""
    bolt = app()
    HANDLERS.register(bolt, listeners())
    functions = {listener.ack_function.__code__ for listener in bolt._async_listeners}
    assert len(bolt._async_listeners) == len(HANDLERS.names) + len(
        [*HANDLERS.selections, *HANDLERS.events]
    )
    (code,) = functions
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(code))).body
    assert isinstance(function, ast.AsyncFunctionDef)
    acks = [each for each in ast.walk(function) if _is_ack(each)]
    assert [acks] == [[function.body[-1]]]


def _is_ack(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and ast.unparse(node).startswith("await ack(")
