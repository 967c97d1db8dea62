"""From an envelope to work, under one wrapper.

Bolt sends the ack once a listener returns (`process_before_response`), and an exception would
replace it. So a listener ends with its ack, and all that follows is a task of its own, for events
too: it is timed and logged, and its errors become one private sentence. A form's ack carries an
answer, so its check comes before, within a limit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeAlias

import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.models.views import View

from commands.actions.services import Services
from commands.interactions.interaction import (
    Interaction,
    from_block_suggestion,
    from_view_submission,
)
from commands.interactions.log_fields import bind_interaction
from commands.interactions.outcome import Outcome, failure_response
from commands.interactions.responder import Responder
from commands.interactions.start_queue import StartQueue
from workspace.retry import FORM_SECONDS, interaction_deadline
from workspace.sending.slack_failure import describe
from workspace.views import result
from workspace.views.parts.message import sentence

SUGGEST_SECONDS = 2.0
_CUT_OFF_SECONDS = 1.0
_CUT_OFF = sentence(
    "The bot is restarting, so this may not have finished. Check /teleport-pending before you try"
    " again."
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Handler: TypeAlias = Callable[[Services, Interaction, Responder], Awaitable[None]]
Listener: TypeAlias = Callable[[AsyncAck, dict[str, Any]], Coroutine[Any, Any, None]]
Payload: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FormResult:
    """What a form's check came to: words beside its fields, or the work that follows its ack."""

    errors: Mapping[str, str] = field(default_factory=dict)
    """Block id to sentence. The form stays open."""
    work: Handler | None = None
    channel: str = ""
    """Where to answer."""


@dataclass(frozen=True, slots=True)
class _Ack:
    """An ack's payload, and what follows the ack."""

    then: Coroutine[Any, Any, None]
    payload: Mapping[str, Any] = field(default_factory=dict)


FormValidator: TypeAlias = Callable[[Services, Interaction], Awaitable[FormResult]]
Suggest: TypeAlias = Callable[[Services, Interaction], Awaitable[list[dict[str, Any]]]]
Observe: TypeAlias = Callable[[str, str, float], None]
"""Told the interaction's name, its outcome and how many seconds it took."""


class Listeners:
    """Makes Bolt listeners, and keeps the tasks that they start."""

    def __init__(self, services: Services, observe: Observe) -> None:
        self._services = services
        self.observe = observe
        self._tasks: set[asyncio.Task[None]] = set()
        self._starts = StartQueue()

    @property
    def in_flight(self) -> int:
        return len(self._tasks)

    async def drain(self, seconds: float) -> int:
        """Wait for work that is under way. Gives how much had to be cancelled."""
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)

    def begin(self, interaction: Interaction, work: Handler) -> None:
        """Start work on an interaction that is acked."""
        self._start(self._run(interaction, work, self._reply(interaction)))

    def for_action(self, read: Callable[[Payload], Interaction], work: Handler) -> Listener:
        """For commands, clicks and events: ack, then work."""

        async def ack(body: Payload) -> _Ack:
            return _Ack(self._read_and_run(read, body, work))

        return self._acking(ack)

    def for_submission(self, check: FormValidator, *, on_timeout: Handler) -> Listener:
        """For forms: check, ack with the outcome, then work.

        A check that doesn't end in time leaves a waiting view, and `on_timeout` does all the work.
        """

        async def ack(body: Payload) -> _Ack:
            started, interaction = monotonic(), from_view_submission(body)
            bind_interaction(interaction.name, interaction.slack_user_id)
            try:
                async with asyncio.timeout(FORM_SECONDS):
                    checked = await check(self._services, interaction)
            except TimeoutError:
                waiting = interaction.form.id if interaction.form else ""
                reply = self._reply(interaction, view_id=waiting)
                return _Ack(
                    self._run(interaction, on_timeout, reply), _update(result.waiting_view())
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, the form has to be acked
                ended = failure_response(error)
                return _Ack(
                    self._handled(interaction, ended.outcome, started),
                    _update(result.result_view(ended.message)),
                )
            return self._settled(interaction, checked, started)

        return self._acking(ack)

    def for_options(self, suggest: Suggest) -> Listener:
        """For menus that are typed into: ack with options. No answer in time is an empty menu."""

        async def ack(body: Payload) -> _Ack:
            started, interaction = monotonic(), from_block_suggestion(body)
            bind_interaction(interaction.name, interaction.slack_user_id)
            options: list[dict[str, Any]] = []
            outcome = Outcome.DONE
            try:
                async with asyncio.timeout(SUGGEST_SECONDS):
                    options = await suggest(self._services, interaction)
            except Exception as error:  # noqa: BLE001 - a menu can show no error
                outcome = Outcome.NO_OPTIONS
                log.warning("options_load_failed", error=describe(error))
            return _Ack(self._handled(interaction, outcome, started), {"options": options})

        return self._acking(ack)

    def _acking(self, decide: Callable[[Payload], Awaitable[_Ack]]) -> Listener:
        async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
            decided = await decide(body)
            # It starts once this task waits for something, after the ack is sent.
            self._start(decided.then)
            await ack(**decided.payload)

        return listener

    def _settled(self, interaction: Interaction, checked: FormResult, started: float) -> _Ack:
        if checked.errors:
            return _Ack(
                self._handled(interaction, Outcome.FORM_ERRORS, started),
                {"response_action": "errors", "errors": dict(checked.errors)},
            )
        if checked.work is None:
            return _Ack(self._handled(interaction, Outcome.DONE, started))
        reply = self._reply(interaction, channel=checked.channel)
        return _Ack(self._run(interaction, checked.work, reply))

    def _reply(
        self, interaction: Interaction, *, channel: str = "", view_id: str = ""
    ) -> Responder:
        services = self._services
        return Responder(
            interaction,
            services.slack,
            services.http,
            services.forms,
            channel=channel,
            view_id=view_id,
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("task_failed", exc_info=error)

    async def _read_and_run(
        self, read: Callable[[Payload], Interaction], body: Payload, work: Handler
    ) -> None:
        try:
            interaction = read(body)
        except (KeyError, IndexError, TypeError):
            log.exception("payload_parse_failed", payload_type=body.get("type", "command"))
            return
        await self._run(interaction, work, self._reply(interaction))

    async def _run(self, interaction: Interaction, work: Handler, reply: Responder) -> None:
        started = monotonic()
        bind_interaction(interaction.name, interaction.slack_user_id)
        outcome = Outcome.CANCELLED
        try:
            await self._starts.wait()
            with interaction_deadline():
                await work(self._services, interaction, reply)
            outcome = Outcome.FAILED if reply.content_rejected else Outcome.DONE
        except asyncio.CancelledError:
            await self._cut_off(reply)
            raise
        except Exception as error:  # noqa: BLE001 - the one place where errors become words
            ended = failure_response(error)
            outcome = ended.outcome
            await reply.respond(ended.message)
        finally:
            await self._handled(interaction, outcome, started)

    async def _cut_off(self, reply: Responder) -> None:
        """Tell the user that the bot stops before the work is done."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CUT_OFF_SECONDS):
                await reply.respond(_CUT_OFF)

    async def _handled(self, interaction: Interaction, outcome: Outcome, started: float) -> None:
        seconds = monotonic() - started
        log.info("interaction_handled", outcome=outcome, duration_seconds=round(seconds, 3))
        self.observe(interaction.name, outcome, seconds)


def _update(view: View) -> dict[str, Any]:
    return {"response_action": "update", "view": view}
